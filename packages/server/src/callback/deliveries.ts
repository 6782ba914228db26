import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import type { CallbackAttempt } from './callback-record.ts';
import type { AddressOf } from './outbox.ts';
import {
  type Claim,
  claimNext,
  deleteEnded,
  endEvent,
  holdsLease,
  insertAttempt,
  nextDueUs,
  releaseQueue,
  takeHead,
} from './queries.ts';
import { nextAttemptUs } from './retry-plan.ts';
import { type SendingParts, send, TRY_TIMEOUT_MS } from './sending.ts';

/** Tries under way at once; and of one application, so that a receiver that hangs holds up no other's. */
const MAX_TRIES = 32;
const MAX_TRIES_OF_ONE = 8;
/** A try and the writing of what became of it take less, however slow the machine is. */
const LEASE_MARGIN_MS = 10_000;
/** Other processes write into the same outbox, and may die over what they took. */
const LONGEST_SLEEP_MS = 10_000;
/** After an error of the database. */
const RECOVERY_MS = 1_000;
const SWEEP_MS = 3_600_000;
const HOUR_US = 3_600_000_000;

/** What the worker works with. */
export type DeliveriesParts = SendingParts & {
  db: Kysely<Tables>;
  log: Log;
  addressOf: AddressOf;
  /** Age at which an event that cannot be delivered is given up. */
  giveUpHours: number;
  /** Time that ended events are kept. */
  logDays: number;
};

/**
 * Delivers what is in the outbox: the events of one order key one after the other, those of different keys at the same
 * time.
 *
 * Life: {@link Deliveries.start}, then woken by {@link Deliveries.wake} and by its own timer; {@link Deliveries.close}
 * lets the tries under way come to their end, at most 5 s, and begins no other.
 *
 * Any number of processes may work on one database: a queue is leased for a try, and the number of the try is written
 * before it begins. When a process dies over it, the lease lapses and the event is tried again with the next number.
 */
export class Deliveries {
  readonly #parts: DeliveriesParts;
  readonly #underWay = new Map<Promise<void>, number>();
  #timer: NodeJS.Timeout | null = null;
  #sweep: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #state: 'new' | 'running' | 'closed' = 'new';

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  /** Begins to deliver, with what earlier processes left. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#sweepOnce();
    this.#sweep = setInterval(() => this.#sweepOnce(), SWEEP_MS);
    this.#sweep.unref();
    this.wake();
  }

  /** Something was written, or is due. Never waits. */
  wake(): void {
    if (this.#state !== 'running') return;
    this.#again = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      // It may have been woken in the very last moment.
      if (this.#again) this.wake();
    });
  }

  /** Resolves when nothing is under way, and nothing is due that nobody works on. For tests and for stopping. */
  async idle(): Promise<void> {
    while (this.#looking !== null || this.#underWay.size > 0)
      await Promise.all([this.#looking, ...this.#underWay.keys()]);
  }

  /** Begins no further try, and waits for those under way. May be called twice. */
  async close(): Promise<void> {
    this.#state = 'closed';
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#sweep !== null) clearInterval(this.#sweep);
    await this.idle();
    await this.#sweeping;
  }

  /** Takes what is due as long as there is room, then sets the timer. */
  async #look(): Promise<void> {
    try {
      while (this.#again && this.#state === 'running') {
        this.#again = false;
        while (this.#state === 'running' && this.#underWay.size < MAX_TRIES) {
          const claim = await claimNext(this.#parts.db, { ...this.#newLease(), except: this.#fullApplications() });
          if (claim === null) break;
          this.#begin(claim);
        }
      }
      await this.#setTimer();
    } catch (error) {
      this.#parts.log.error({ err: error }, 'callbacks could not be looked through');
      this.#sleep(RECOVERY_MS);
    }
  }

  #begin(claim: Claim): void {
    const work = this.#deliver(claim)
      .catch((error: unknown) => {
        // The lease lapses; then it is tried again.
        this.#parts.log.error({ err: error, deliveryId: claim.event.delivery_id }, 'a callback could not be worked on');
      })
      .finally(() => {
        this.#underWay.delete(work);
        // There is room for another one.
        this.wake();
      });
    this.#underWay.set(work, claim.event.sdk_app_id);
  }

  /** One try after the other, as long as the queue has something and all goes well. */
  async #deliver(first: Claim): Promise<void> {
    let claim: Claim | null = first;
    while (claim !== null) claim = await this.#settle(claim, await this.#try(claim));
  }

  async #try({ event }: Claim): Promise<CallbackAttempt> {
    const { db, addressOf, nowUs } = this.#parts;
    const address = await addressOf(db, event.sdk_app_id, event.kind);
    if (address !== null) return send(address, event, this.#parts);
    const error = `The application has no address for events of kind "${event.kind}" any more.`;
    return { attempt: event.attempts, atUs: nowUs(), durationMs: 0, status: null, error, answer: null };
  }

  /** Writes what became of a try, and takes the next of the same queue in the same transaction. */
  async #settle({ event, lease }: Claim, attempt: CallbackAttempt): Promise<Claim | null> {
    const { db, log, giveUpHours } = this.#parts;
    const nowUs = this.#parts.nowUs();
    const queue = { sdkAppId: event.sdk_app_id, orderKey: event.order_key };
    const againUs =
      attempt.error === null
        ? null
        : nextAttemptUs({
            attempts: event.attempts,
            createdUs: event.created_us,
            nowUs,
            giveUpAfterUs: giveUpHours * HOUR_US,
          });
    const next = await db.transaction().execute(async (tx) => {
      const isOurs = await holdsLease(tx, queue, lease);
      await insertAttempt(tx, event.delivery_id, attempt);
      if (attempt.error === null) await endEvent(tx, event.delivery_id, 'delivered', nowUs);
      else if (againUs === null && isOurs) await endEvent(tx, event.delivery_id, 'givenUp', nowUs);
      if (!isOurs) return null;
      if (againUs === null && this.#state === 'running') return takeHead(tx, queue, this.#newLease(lease));
      await releaseQueue(tx, queue, againUs ?? nowUs);
      return null;
    });
    const facts = { deliveryId: event.delivery_id, sdkAppId: event.sdk_app_id, attempt: attempt.attempt };
    if (attempt.error === null) log.debug(facts, 'callback delivered');
    else if (againUs === null) log.error({ ...facts, error: attempt.error }, 'callback given up');
    else log.warn({ ...facts, error: attempt.error }, 'callback failed');
    return next;
  }

  #newLease(lease: string = randomUUID()): { nowUs: number; leasedUntilUs: number; lease: string } {
    const nowUs = this.#parts.nowUs();
    const { timeoutMs = TRY_TIMEOUT_MS } = this.#parts;
    return { nowUs, leasedUntilUs: nowUs + (timeoutMs + LEASE_MARGIN_MS) * 1000, lease };
  }

  #fullApplications(): number[] {
    const counts = new Map<number, number>();
    for (const sdkAppId of this.#underWay.values()) counts.set(sdkAppId, (counts.get(sdkAppId) ?? 0) + 1);
    return [...counts].flatMap(([sdkAppId, count]) => (count >= MAX_TRIES_OF_ONE ? [sdkAppId] : []));
  }

  async #setTimer(): Promise<void> {
    const dueUs = await nextDueUs(this.#parts.db);
    const waitMs = dueUs === null ? LONGEST_SLEEP_MS : Math.ceil((dueUs - this.#parts.nowUs()) / 1000);
    // What is due now waits for room: whoever ends a try looks again.
    this.#sleep(waitMs <= 0 ? RECOVERY_MS : Math.min(waitMs, LONGEST_SLEEP_MS));
  }

  #sleep(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#state !== 'running') return;
    this.#timer = setTimeout(() => this.wake(), ms);
    this.#timer.unref();
  }

  #sweepOnce(): void {
    const { db, log, nowUs, logDays } = this.#parts;
    this.#sweeping ??= deleteEnded(db, nowUs() - logDays * 24 * HOUR_US)
      .catch((error: unknown) => log.error({ err: error }, 'old callbacks could not be deleted'))
      .finally(() => {
        this.#sweeping = null;
      });
  }
}
