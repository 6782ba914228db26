import type { BundleReader } from '../capture/index.ts';
import { isJournalOpenAt, isWaitedFor, type RoomHistory } from '../timeline/index.ts';
import { StreamFeed } from './stream-feed.ts';

/** Step of the search. Its size does not change the result. */
const STEP_US = 100_000;

/**
 * Finds where the file begins: the media time of the first captured packet, of any stream, that is not before
 * the beginning of the task's window.
 */
export class FileStart {
  readonly #bundle: BundleReader;
  readonly #fromUs: number;
  readonly #feeds = new Map<string, StreamFeed>();
  #atUs: number;

  constructor(bundle: BundleReader, { fromUs }: { fromUs: number }) {
    this.#bundle = bundle;
    this.#fromUs = fromUs;
    this.#atUs = fromUs + STEP_US;
  }

  /**
   * Looks as far as the bundle allows.
   * @returns the time, or `waiting`: not known yet, or `nothing`: the window ended without a packet.
   */
  search(history: RoomHistory, nowUs: number): number | 'waiting' | 'nothing' {
    for (;;) {
      let foundUs = Number.POSITIVE_INFINITY;
      let whole = !isJournalOpenAt(history, this.#atUs, nowUs);
      for (const life of history.streams) {
        if (life.dump === null || life.fromUs > this.#atUs) continue;
        const feed = this.#feed(life.dump, life.isLate === true ? life.fromUs : this.#fromUs);
        if (life.untilUs !== null && life.isCut !== true) feed.end();
        const waited = isWaitedFor(life, this.#atUs, nowUs);
        if (!feed.advance(this.#atUs, { impatient: !waited }) && waited) whole = false;
        foundUs = Math.min(foundUs, feed.firstSinceUs ?? Number.POSITIVE_INFINITY);
      }
      if (!whole) return 'waiting';
      const untilUs = history.task?.untilUs ?? Number.POSITIVE_INFINITY;
      if (foundUs <= this.#atUs) return foundUs < untilUs ? foundUs : 'nothing';
      if (this.#atUs >= untilUs) return 'nothing';
      this.#atUs += STEP_US;
    }
  }

  /** Gives the files back. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }

  #feed(dump: string, fromUs: number): StreamFeed {
    const sinceUs = Math.max(fromUs, this.#fromUs);
    const key = `${sinceUs} ${dump}`;
    let feed = this.#feeds.get(key);
    if (feed === undefined) {
      feed = new StreamFeed(this.#bundle.openDump(dump), { sinceUs, keep: () => false });
      this.#feeds.set(key, feed);
    }
    return feed;
  }
}
