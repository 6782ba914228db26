import type { Kysely, Selectable } from 'kysely';
import type { CallbackKind } from '../apps/callback-settings.ts';
import type { Tables } from '../base/db/tables.ts';
import type { CallbackAttempt, CallbackRecord } from './callback-record.ts';

/** Which records are wanted; what is left out does not narrow. */
export type CallbackLogQuery = {
  sdkAppId?: number;
  kind?: CallbackKind;
  state?: CallbackRecord['state'];
  orderKey?: string;
  /** 1 to 100. */
  limit: number;
  /** Those before this one, from the answer before. */
  before?: number;
};

/** The newest records first, each with its number in the order of writing. */
export async function selectRecords(
  db: Kysely<Tables>,
  { sdkAppId, kind, state, orderKey, limit, before }: CallbackLogQuery,
): Promise<{ number: number; record: CallbackRecord }[]> {
  let query = records(db).orderBy('event_number', 'desc').limit(limit);
  if (sdkAppId !== undefined) query = query.where('callback_events.sdk_app_id', '=', sdkAppId);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (state !== undefined) query = query.where('state', '=', state);
  if (orderKey !== undefined) query = query.where('callback_events.order_key', '=', orderKey);
  if (before !== undefined) query = query.where('event_number', '<', before);
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.delivery_id);
  const newest = await db
    .selectFrom('callback_attempts')
    .distinctOn('delivery_id')
    .selectAll()
    .where('delivery_id', 'in', ids)
    .orderBy('delivery_id')
    .orderBy('attempt', 'desc')
    .execute();
  const lastOf = new Map(newest.map((row) => [row.delivery_id, attemptOf(row)]));
  return rows.map((row) => ({ number: row.event_number, record: recordOf(row, lastOf.get(row.delivery_id) ?? null) }));
}

/** One record with all its tries, the oldest first; null when there is no such record. */
export async function selectRecord(
  db: Kysely<Tables>,
  deliveryId: string,
): Promise<{ record: CallbackRecord; log: CallbackAttempt[] } | null> {
  const row = await records(db).where('delivery_id', '=', deliveryId).executeTakeFirst();
  if (row === undefined) return null;
  const attempts = await db
    .selectFrom('callback_attempts')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('attempt')
    .execute();
  const log = attempts.map(attemptOf);
  return { record: recordOf(row, log.at(-1) ?? null), log };
}

function records(db: Kysely<Tables>) {
  return db
    .selectFrom('callback_events')
    .leftJoin('callback_queues', (join) =>
      join
        .onRef('callback_queues.sdk_app_id', '=', 'callback_events.sdk_app_id')
        .onRef('callback_queues.order_key', '=', 'callback_events.order_key')
        .on('state', '=', 'pending'),
    )
    .selectAll('callback_events')
    .select('next_attempt_us');
}

function recordOf(
  row: Selectable<Tables['callback_events']> & { next_attempt_us: number | null },
  lastAttempt: CallbackAttempt | null,
): CallbackRecord {
  return {
    deliveryId: row.delivery_id,
    sdkAppId: row.sdk_app_id,
    orderKey: row.order_key,
    kind: row.kind,
    group: row.event_group,
    type: row.event_type,
    payload: row.payload,
    createdUs: row.created_us,
    state: row.state,
    attempts: row.attempts,
    nextAttemptUs: row.next_attempt_us,
    endedUs: row.ended_us,
    lastAttempt,
  };
}

function attemptOf(row: Selectable<Tables['callback_attempts']>): CallbackAttempt {
  return {
    attempt: row.attempt,
    atUs: row.at_us,
    durationMs: row.duration_ms,
    status: row.status,
    error: row.error,
    answer: row.answer,
  };
}
