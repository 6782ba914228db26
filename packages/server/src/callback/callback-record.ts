import type { CallbackKind } from '../apps/callback-settings.ts';

/** What became of one try. */
export type CallbackAttempt = {
  /** Counts from 1; the number goes with the try. Where one is missing, a crash came between. */
  attempt: number;
  atUs: number;
  durationMs: number;
  /** HTTP status; null when nothing was answered. */
  status: number | null;
  /** Why it counts as failed; null when it was delivered. */
  error: string | null;
  /** What was answered, its first 2 KB; null when nothing was. */
  answer: string | null;
};

/** An event of the outbox, and what became of it. */
export type CallbackRecord = {
  deliveryId: string;
  sdkAppId: number;
  orderKey: string;
  kind: CallbackKind;
  /** `EventGroupId`; null for callbacks of calls. */
  group: number | null;
  /** `EventType`, or the `CallbackCommand` of a call. */
  type: string;
  /** The body, exactly as it is posted. */
  payload: string;
  createdUs: number;
  state: 'pending' | 'delivered' | 'givenUp';
  /** Tries that have begun. */
  attempts: number;
  /** When its turn comes: its own next try, or that of the one before it. Null when it is not pending. */
  nextAttemptUs: number | null;
  /** When it was delivered or given up. */
  endedUs: number | null;
  /** The newest that came to an end. */
  lastAttempt: CallbackAttempt | null;
};
