import type { Kysely } from 'kysely';
import type { CallbackAddress, CallbackKind } from '../apps/callback-settings.ts';
import { CallreelError } from '../base/callreel-error.ts';
import type { Tables } from '../base/db/tables.ts';
import type { CallbackAttempt, CallbackRecord } from './callback-record.ts';
import { type CallbackLogQuery, selectRecord, selectRecords } from './log-queries.ts';
import { type AddressOf, rowOf } from './outbox.ts';
import { beginAttempt, endEvent, hurryQueue, insertAttempt, insertSingleEvent } from './queries.ts';
import { type SendingParts, type SentEvent, send } from './sending.ts';
import { testEvent } from './test-event.ts';

export type { CallbackLogQuery } from './log-queries.ts';

/** What the log works with. */
export type CallbackLogParts = SendingParts & {
  db: Kysely<Tables>;
  addressOf: AddressOf;
  /** Wakes the worker. */
  wake: () => void;
};

/** What was told, what became of it, and what can be done about it by hand. */
export class CallbackLog {
  readonly #parts: CallbackLogParts;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: CallbackLogParts) {
    this.#parts = parts;
  }

  /** The newest first. `next` goes into `before` of the next question; null: these are all. */
  async list(query: CallbackLogQuery): Promise<{ callbacks: CallbackRecord[]; next: number | null }> {
    const rows = await selectRecords(this.#parts.db, { ...query, limit: query.limit + 1 });
    const shown = rows.slice(0, query.limit);
    return {
      callbacks: shown.map(({ record }) => record),
      next: rows.length > shown.length ? (shown.at(-1)?.number ?? null) : null,
    };
  }

  /** One record with all its tries, the oldest first. @throws {CallreelError} `CallbackUnknown`. */
  async get(deliveryId: string): Promise<CallbackRecord & { log: CallbackAttempt[] }> {
    const found = await selectRecord(this.#parts.db, deliveryId);
    if (found === null) throw new CallreelError('CallbackUnknown');
    return { ...found.record, log: found.log };
  }

  /**
   * Sends the same bytes again, with the same delivery id and the next number of a try, and answers what became of it.
   *
   * What is still pending keeps its turn: its queue is looked at now instead of later, and nothing is waited for. A
   * delivered event stays delivered, whatever the receiver answers this time.
   *
   * @throws {CallreelError} `CallbackUnknown`, `CallbackNoAddress`.
   */
  async resend(deliveryId: string): Promise<CallbackRecord & { log: CallbackAttempt[] }> {
    const { db, nowUs, wake } = this.#parts;
    const record = await this.get(deliveryId);
    if (record.state === 'pending') {
      await hurryQueue(db, record, nowUs());
      wake();
      return this.get(deliveryId);
    }
    const address = await this.#mustHaveAddress(record.sdkAppId, record.kind);
    const attempts = await beginAttempt(db, deliveryId);
    await this.#send(address, { ...rowFor(record), attempts });
    return this.get(deliveryId);
  }

  /**
   * Posts an event of this kind that tells of nothing, once, and answers what became of it. It stands in the log.
   * @throws {CallreelError} `CallbackNoAddress`.
   */
  async test(sdkAppId: number, kind: CallbackKind): Promise<CallbackRecord & { log: CallbackAttempt[] }> {
    const { db, nowUs } = this.#parts;
    const address = await this.#mustHaveAddress(sdkAppId, kind);
    const atUs = nowUs();
    const row = rowOf(testEvent(sdkAppId, kind, atUs), atUs);
    await insertSingleEvent(db, row);
    await this.#send(address, { ...row, attempts: 1 });
    return this.get(row.delivery_id);
  }

  /** Waits for what is under way. May be called twice. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #mustHaveAddress(sdkAppId: number, kind: CallbackKind): Promise<CallbackAddress> {
    const address = await this.#parts.addressOf(this.#parts.db, sdkAppId, kind);
    if (address === null) throw new CallreelError('CallbackNoAddress', `kind is "${kind}".`);
    return address;
  }

  async #send(address: CallbackAddress, event: SentEvent): Promise<void> {
    const work = this.#sendAndKeep(address, event);
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #sendAndKeep(address: CallbackAddress, event: SentEvent): Promise<void> {
    const { db, nowUs } = this.#parts;
    const attempt = await send(address, event, this.#parts);
    await db.transaction().execute(async (tx) => {
      await insertAttempt(tx, event.delivery_id, attempt);
      if (attempt.error === null) await endEvent(tx, event.delivery_id, 'delivered', nowUs());
    });
  }
}

function rowFor({ deliveryId, sdkAppId, orderKey, kind, type, payload }: CallbackRecord): Omit<SentEvent, 'attempts'> {
  return {
    delivery_id: deliveryId,
    sdk_app_id: sdkAppId,
    order_key: orderKey,
    kind,
    event_type: type,
    payload,
  };
}
