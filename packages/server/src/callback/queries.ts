import { type Kysely, type Selectable, sql } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { CallbackAttempt } from './callback-record.ts';

/** Written into the statement, so that whoever plans it sees that the index of just these rows will do. */
const PENDING = sql.lit<'pending'>('pending');

/** A row of the outbox. */
export type EventRow = Selectable<Tables['callback_events']>;

/** Names the queue of an order key. */
export type QueueName = { sdkAppId: number; orderKey: string };

/** An event whose turn it is, taken for one try: its `attempts` is the number of that try. */
export type Claim = { event: EventRow; lease: string };

/**
 * Writes an event behind those of its order key. To be called in a transaction: the row of the queue stays locked until
 * its end, so that the order of writing is that of the numbers, and a worker that empties the queue misses nothing.
 */
export async function insertEvent(
  transaction: Kysely<Tables>,
  event: Omit<EventRow, 'event_number' | 'state' | 'attempts' | 'ended_us'>,
): Promise<void> {
  await transaction
    .insertInto('callback_queues')
    .values({
      sdk_app_id: event.sdk_app_id,
      order_key: event.order_key,
      next_attempt_us: event.created_us,
      lease: null,
      leased_until_us: 0,
    })
    // A change that changes nothing, for the sake of its lock.
    .onConflict((conflict) =>
      conflict
        .columns(['sdk_app_id', 'order_key'])
        .doUpdateSet((set) => ({ order_key: set.ref('excluded.order_key') })),
    )
    .execute();
  await transaction
    .insertInto('callback_events')
    .values({ ...event, state: 'pending', attempts: 0, ended_us: null })
    .execute();
}

/** Writes an event that is tried once, by hand, and stands in no queue: until it arrives it counts as given up. */
export async function insertSingleEvent(
  db: Kysely<Tables>,
  event: Omit<EventRow, 'event_number' | 'state' | 'attempts' | 'ended_us'>,
): Promise<void> {
  await db
    .insertInto('callback_events')
    .values({ ...event, state: 'givenUp', attempts: 1, ended_us: event.created_us })
    .execute();
}

/**
 * Takes the next event whose time has come, of a queue that nobody works on. Other processes pass it over.
 * @param except applications that have as many tries under way as they may have. @returns null: there is none.
 */
export async function claimNext(
  db: Kysely<Tables>,
  {
    nowUs,
    leasedUntilUs,
    lease,
    except,
  }: { nowUs: number; leasedUntilUs: number; lease: string; except: readonly number[] },
): Promise<Claim | null> {
  return db.transaction().execute(async (tx) => {
    for (;;) {
      let due = tx
        .selectFrom('callback_queues')
        .select(['sdk_app_id', 'order_key'])
        .where('next_attempt_us', '<=', nowUs)
        .where('leased_until_us', '<=', nowUs);
      if (except.length > 0) due = due.where('sdk_app_id', 'not in', [...except]);
      const queue = await due.orderBy('next_attempt_us').limit(1).forUpdate().skipLocked().executeTakeFirst();
      if (queue === undefined) return null;
      const name: QueueName = { sdkAppId: queue.sdk_app_id, orderKey: queue.order_key };
      const claim = await takeHead(tx, name, { leasedUntilUs, lease });
      if (claim !== null) return claim;
    }
  });
}

/** When the next queue is due that nobody works on or whose lease lapses; null: nothing is pending. */
export async function nextDueUs(db: Kysely<Tables>): Promise<number | null> {
  const row = await db
    .selectFrom('callback_queues')
    .select(({ fn }) => fn.min<number | null>(sql`greatest(next_attempt_us, leased_until_us)`).as('due_us'))
    .executeTakeFirst();
  return row?.due_us ?? null;
}

/** Keeps what became of a try. The same try is kept once. */
export async function insertAttempt(
  db: Kysely<Tables>,
  deliveryId: string,
  { attempt, atUs, durationMs, status, error, answer }: CallbackAttempt,
): Promise<void> {
  await db
    .insertInto('callback_attempts')
    .values({ delivery_id: deliveryId, attempt, at_us: atUs, duration_ms: durationMs, status, error, answer })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes that an event was delivered, or given up; a delivered one stays so. */
export async function endEvent(
  db: Kysely<Tables>,
  deliveryId: string,
  state: 'delivered' | 'givenUp',
  atUs: number,
): Promise<void> {
  await db
    .updateTable('callback_events')
    .set({ state, ended_us: atUs })
    .where('delivery_id', '=', deliveryId)
    .where('state', '!=', 'delivered')
    .execute();
}

/**
 * Whether the queue is still ours, and if so locks it until the end of the transaction: the lease may have lapsed while
 * the process stood still, and then another one works on it.
 */
export async function holdsLease(tx: Kysely<Tables>, { sdkAppId, orderKey }: QueueName, lease: string) {
  const row = await tx
    .selectFrom('callback_queues')
    .select('lease')
    .where('sdk_app_id', '=', sdkAppId)
    .where('order_key', '=', orderKey)
    .forUpdate()
    .executeTakeFirst();
  return row?.lease === lease;
}

/**
 * Takes the next event of a queue that is locked by this transaction. An empty queue is deleted.
 * @returns null: it was empty.
 */
export async function takeHead(
  tx: Kysely<Tables>,
  { sdkAppId, orderKey }: QueueName,
  { leasedUntilUs, lease }: { leasedUntilUs: number; lease: string },
): Promise<Claim | null> {
  const event = await tx
    .updateTable('callback_events')
    .set((set) => ({ attempts: set('attempts', '+', 1) }))
    .where('event_number', '=', (head) =>
      head
        .selectFrom('callback_events')
        .select(({ fn }) => fn.min('event_number').as('event_number'))
        .where('sdk_app_id', '=', sdkAppId)
        .where('order_key', '=', orderKey)
        .where('state', '=', PENDING),
    )
    .returningAll()
    .executeTakeFirst();
  if (event === undefined) {
    await tx
      .deleteFrom('callback_queues')
      .where('sdk_app_id', '=', sdkAppId)
      .where('order_key', '=', orderKey)
      .execute();
    return null;
  }
  await setQueue(tx, { sdkAppId, orderKey }, { lease, leased_until_us: leasedUntilUs });
  return { event, lease };
}

/** Gives a queue back, to be looked at again at that time. */
export async function releaseQueue(tx: Kysely<Tables>, queue: QueueName, nextAttemptUs: number): Promise<void> {
  await setQueue(tx, queue, { lease: null, leased_until_us: 0, next_attempt_us: nextAttemptUs });
}

/** Lets a queue be looked at now; a try that is under way goes on. */
export async function hurryQueue(db: Kysely<Tables>, queue: QueueName, nowUs: number): Promise<void> {
  await setQueue(db, queue, { next_attempt_us: nowUs });
}

async function setQueue(
  db: Kysely<Tables>,
  { sdkAppId, orderKey }: QueueName,
  change: Partial<Tables['callback_queues']>,
): Promise<void> {
  await db
    .updateTable('callback_queues')
    .set(change)
    .where('sdk_app_id', '=', sdkAppId)
    .where('order_key', '=', orderKey)
    .execute();
}

/** Takes an event for one more try by hand, though its turn was long ago. @returns the number of the try. */
export async function beginAttempt(db: Kysely<Tables>, deliveryId: string): Promise<number> {
  const row = await db
    .updateTable('callback_events')
    .set((set) => ({ attempts: set('attempts', '+', 1) }))
    .where('delivery_id', '=', deliveryId)
    .returning('attempts')
    .executeTakeFirstOrThrow();
  return row.attempts;
}

/** Forgets what ended before that time, and how far rooms were told that closed before it. */
export async function deleteEnded(db: Kysely<Tables>, beforeUs: number): Promise<void> {
  await db.deleteFrom('callback_events').where('state', '!=', PENDING).where('ended_us', '<', beforeUs).execute();
  await db.deleteFrom('callback_journals').where('closed_us', '<', beforeUs).execute();
}

/** How far the journal of a room session has been told; 0 when nothing has been. */
export async function toldSeq(db: Kysely<Tables>, roomSessionId: string): Promise<number> {
  const row = await db
    .selectFrom('callback_journals')
    .select('seq')
    .where('room_session_id', '=', roomSessionId)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Keeps how far the journal of a room session has been told. @param closedUs when the room has ended, or null. */
export async function saveToldSeq(
  db: Kysely<Tables>,
  roomSessionId: string,
  seq: number,
  closedUs: number | null,
): Promise<void> {
  await db
    .insertInto('callback_journals')
    .values({ room_session_id: roomSessionId, seq, closed_us: closedUs })
    .onConflict((conflict) => conflict.column('room_session_id').doUpdateSet({ seq, closed_us: closedUs }))
    .execute();
}
