import type { Log } from '../base/log.ts';
import type { UsageCount } from './usage-count.ts';

/** Writes the usage of a task. `isOver`: nothing will be added. */
type UsageWriting = (counts: readonly UsageCount[], how: { isOver: boolean }) => Promise<void>;

/**
 * Brings what a render tells of its task's usage to where it is kept: one after the other, so that the newest stays. Each
 * is the whole usage so far: what waits is replaced by what comes, and what failed is made up for by the next one.
 */
export class UsageWriter {
  readonly #write: UsageWriting;
  readonly #log: Log;
  #next: readonly UsageCount[] | null = null;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  constructor(write: UsageWriting, log: Log) {
    this.#write = write;
    this.#log = log;
  }

  /** Settles when nothing is written any more. */
  get idle(): Promise<void> {
    return this.#written;
  }

  /** Writes the usage so far as soon as may be. Where that fails it is logged. */
  take(counts: readonly UsageCount[]): void {
    this.#next = counts;
    if (!this.#isWriting) this.#written = this.#writeAll();
  }

  /** Writes the usage at the end, behind all that was taken before. @throws what the writing throws. */
  async last(counts: readonly UsageCount[]): Promise<void> {
    this.#next = null;
    await this.#written;
    await this.#write(counts, { isOver: true });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let counts = this.#takeNext(); counts !== null; counts = this.#takeNext()) {
      try {
        await this.#write(counts, { isOver: false });
      } catch (error) {
        this.#log.warn({ err: error }, 'usage could not be written yet');
      }
    }
    this.#isWriting = false;
  }

  #takeNext(): readonly UsageCount[] | null {
    const counts = this.#next;
    this.#next = null;
    return counts;
  }
}
