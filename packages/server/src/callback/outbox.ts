import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { CallbackAddress, CallbackKind } from '../apps/callback-settings.ts';
import type { Tables } from '../base/db/tables.ts';
import { type CallbackEvent, EVENT_GROUP_OF, payloadOf } from './callback-event.ts';
import { type EventRow, insertEvent } from './queries.ts';

/**
 * Where an application is told of a kind of events; null: nowhere.
 * @param db a transaction, or the database: what is asked must be asked there.
 */
export type AddressOf = (db: Kysely<Tables>, sdkAppId: number, kind: CallbackKind) => Promise<CallbackAddress | null>;

/**
 * The events that wait to be delivered. An event is written in the transaction of the state that it tells of, so that
 * it is told if and only if that state was written.
 */
export class Outbox {
  readonly #addressOf: AddressOf;
  readonly #nowUs: () => number;
  #onWritten: () => void = () => undefined;

  constructor({ addressOf, nowUs }: { addressOf: AddressOf; nowUs: () => number }) {
    this.#addressOf = addressOf;
    this.#nowUs = nowUs;
  }

  /**
   * Writes an event. The payload is made now, and stays as it is: every try posts the same bytes. Nothing is written
   * where the application has no address for events of this kind.
   *
   * @param db a transaction, after whose end {@link Outbox.committed} is to be called; or the database.
   * @returns the delivery id, or null when nothing was written.
   */
  async write(db: Kysely<Tables>, event: CallbackEvent): Promise<string | null> {
    if ((await this.#addressOf(db, event.sdkAppId, event.kind)) === null) return null;
    const row = rowOf(event, this.#nowUs());
    if (db.isTransaction) await insertEvent(db, row);
    else {
      await db.transaction().execute((tx) => insertEvent(tx, row));
      this.committed();
    }
    return row.delivery_id;
  }

  /** Says that what a transaction wrote is there. Who forgets it delays the events by some seconds, and loses none. */
  committed(): void {
    this.#onWritten();
  }

  /** Names who is told that something is there: one listener, the worker. */
  onWritten(listener: () => void): void {
    this.#onWritten = listener;
  }
}

/** A new row of the outbox. @param atUs now. */
export function rowOf(
  event: CallbackEvent,
  atUs: number,
): Omit<EventRow, 'event_number' | 'state' | 'attempts' | 'ended_us'> {
  return {
    delivery_id: randomUUID(),
    sdk_app_id: event.sdkAppId,
    order_key: event.orderKey,
    kind: event.kind,
    event_group: EVENT_GROUP_OF[event.kind],
    event_type: String(event.type),
    payload: payloadOf(event, atUs),
    created_us: atUs,
  };
}
