import { CallreelError } from '../base/callreel-error.ts';

const WINDOW_MS = 5 * 60_000;
// A person who mistypes stays far below this; a guesser gets some 2900 tries a day from one address.
const FAILURES_MAX = 10;
const REMEMBERED_MAX = 10_000;

/**
 * Counts failed sign-ins for each address and name. Counting by both lets nobody lock a user out from
 * elsewhere.
 */
export class SignInLimiter {
  readonly #failures = new Map<string, { count: number; untilMs: number }>();
  readonly #now: () => number;

  /** @param now a clock in ms, for tests. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Lets `verify` decide, and counts when it refuses.
   *
   * @throws {CallreelError} `RequestTooFrequent` without asking, after too many refusals; else what `verify` throws.
   */
  async guard<T>(address: string, name: string, verify: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([address, name]);
    const before = this.#failures.get(key);
    const now = this.#now();
    if (before !== undefined && before.untilMs <= now) this.#failures.delete(key);
    else if (before !== undefined && before.count >= FAILURES_MAX) {
      throw new CallreelError(
        'RequestTooFrequent',
        `Too many failed sign-ins; try again in ${Math.ceil((before.untilMs - now) / 60_000)} min.`,
      );
    }
    try {
      const result = await verify();
      this.#failures.delete(key);
      return result;
    } catch (error) {
      if (error instanceof CallreelError && error.code === 'PasswordWrong') this.#count(key);
      throw error;
    }
  }

  #count(key: string): void {
    const entry = this.#failures.get(key) ?? { count: 0, untilMs: this.#now() + WINDOW_MS };
    entry.count += 1;
    this.#failures.set(key, entry);
    // The oldest goes first: a Map keeps the order of insertion.
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > REMEMBERED_MAX && oldest !== undefined) this.#failures.delete(oldest);
  }
}
