import type { Gap } from './gap-meter.ts';

/** Time over which the share of lost packets is taken. */
const WINDOW_S = 10;
/** In a window with fewer packets a single loss would be a large share: sound that is not sent has three a second. */
const LEAST_PACKETS = 20;
/** A longer gap is told of as missing; what was lost in it counts for its last part. */
const LONGEST_SPREAD_S = WINDOW_S;

type Second = { second: number; received: number; lost: number };

/** A time with a high loss; `percent` is the highest share within it. */
export type LossSpan = Gap & { percent: number };

/**
 * Finds the times in which the share of lost packets within 10 s lies above a limit. Takes packets in order; what
 * is missing between two is taken to have been sent evenly between them.
 *
 * A span begins and ends with the seconds in which something was lost. A stream of less than 10 s is one window.
 */
export class LossMeter {
  readonly #limitPercent: number;
  readonly #fromUs: number;
  readonly #spans: LossSpan[] = [];
  #seconds: Second[] = [];
  #first: number | null = null;
  #judged = Number.NEGATIVE_INFINITY;
  #epoch = -1;
  #sequence = 0;
  #atUs = 0;

  /**
   * @param fromUs What was sent before is not looked at.
   * @param limitPercent 0: nothing is.
   */
  constructor({ fromUs, limitPercent }: { fromUs: number; limitPercent: number }) {
    this.#fromUs = fromUs;
    this.#limitPercent = limitPercent;
  }

  /** Takes the next packet, in the order of sequence. */
  push({ epoch, sequence, mediaUs }: { epoch: number; sequence: number; mediaUs: number }): void {
    if (this.#limitPercent === 0) return;
    const lost = epoch === this.#epoch ? sequence - this.#sequence - 1 : 0;
    const beforeUs = this.#atUs;
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#atUs = mediaUs;
    if (mediaUs < this.#fromUs) return;
    if (lost > 0) this.#spread(lost, beforeUs, mediaUs);
    this.#secondOf(mediaUs).received += 1;
    this.#judgeBefore(Math.floor(mediaUs / 1e6));
  }

  /** All spans. Nothing may be pushed any more. */
  finish(): LossSpan[] {
    const last = this.#seconds.at(-1)?.second;
    if (last !== undefined && this.#first !== null) {
      // A stream that is shorter than a window is judged as a whole.
      if (last - this.#first + 1 < WINDOW_S) this.#first = last - WINDOW_S + 1;
      this.#judgeBefore(last + 1);
    }
    return this.#spans.map((span) => ({ ...span }));
  }

  #spread(lost: number, fromUs: number, untilUs: number): void {
    const startUs = Math.max(fromUs, untilUs - LONGEST_SPREAD_S * 1e6, this.#fromUs);
    for (let index = 1; index <= lost; index += 1)
      this.#secondOf(startUs + ((untilUs - startUs) * index) / (lost + 1)).lost += 1;
  }

  /** Times may fall a little: pictures may be coded in another order than they are shown. */
  #secondOf(atUs: number): Second {
    const second = Math.max(Math.floor(atUs / 1e6), this.#judged, this.#seconds[0]?.second ?? Number.NEGATIVE_INFINITY);
    const known = this.#seconds.findLast((candidate) => candidate.second === second);
    if (known !== undefined) return known;
    const made = { second, received: 0, lost: 0 };
    this.#seconds.push(made);
    this.#seconds.sort((a, b) => a.second - b.second);
    this.#first ??= second;
    return made;
  }

  /** Judges every window that ends before `second`. */
  #judgeBefore(second: number): void {
    const first = this.#first;
    if (first === null) return;
    const from = Math.max(this.#judged, first + WINDOW_S - 1);
    // After a long gap its windows hold nothing.
    for (let end = Math.max(from, second - 2 * WINDOW_S); end < second; end += 1) {
      this.#judge(end);
      this.#judged = end + 1;
    }
    this.#seconds = this.#seconds.filter((known) => known.second > second - WINDOW_S - 1);
  }

  #judge(end: number): void {
    const window = this.#seconds.filter((known) => known.second <= end && known.second > end - WINDOW_S);
    const lost = window.reduce((sum, known) => sum + known.lost, 0);
    const sent = window.reduce((sum, known) => sum + known.received, lost);
    const percent = sent < LEAST_PACKETS ? 0 : (lost * 100) / sent;
    if (percent <= this.#limitPercent) return;
    const hurt = window.filter((known) => known.lost > 0);
    const fromUs = (hurt[0]?.second ?? end) * 1e6;
    const untilUs = ((hurt.at(-1)?.second ?? end) + 1) * 1e6;
    const before = this.#spans.at(-1);
    if (before !== undefined && fromUs <= before.untilUs) {
      before.untilUs = Math.max(before.untilUs, untilUs);
      before.percent = Math.max(before.percent, percent);
    } else this.#spans.push({ fromUs, untilUs, percent });
  }
}
