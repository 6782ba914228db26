import type { UsageClass } from '@callreel/protocol';
import type { Size } from '../timeline/index.ts';
import type { FileClock } from './file-clock.ts';
import { usageClassOf } from './usage-class.ts';
import { addSpan, type UsageSpan } from './usage-span.ts';

/** How often the picture's size is looked at: at whole multiples of it on the clock, so that all renders of a call look alike. */
const LOOK_EVERY_US = 5_000_000;

/** What a meter knows; it is kept beside the segments. */
export type UsageMeterState = {
  /** How far it has counted, in the file's own time; null before the file's beginning is known. */
  untilUs: number | null;
  /** Number of the five seconds in which the picture was looked at last. */
  looked: number;
  /** What was seen then; null while no picture was. */
  seen: UsageClass | null;
  spans: UsageSpan[];
};

/**
 * Counts what is in the files of one reel: which times of the call, and as what.
 *
 * It goes by the file's own time, up to which it counts each moment once: what is made a second time after a crash is
 * passed over by a meter that goes on from the state that is kept with the segments. Files without segments are counted anew.
 */
export class UsageMeter {
  readonly #clock: FileClock;
  readonly #spans: UsageSpan[];
  #untilUs: number | null;
  #looked: number;
  #seen: UsageClass | null;

  /** @param state What a meter of the same files knew before. */
  constructor(clock: FileClock, state?: UsageMeterState) {
    this.#clock = clock;
    this.#spans = (state?.spans ?? []).map((span) => ({ ...span }));
    this.#untilUs = state?.untilUs ?? null;
    this.#looked = state?.looked ?? -1;
    this.#seen = state?.seen ?? null;
  }

  /** What has been counted, in order. */
  get spans(): readonly UsageSpan[] {
    return this.#spans;
  }

  get state(): UsageMeterState {
    return { untilUs: this.#untilUs, looked: this.#looked, seen: this.#seen, spans: this.#spans };
  }

  /** The files begin here, in the file's own time; 0 when it is not said before the first {@link reach}. */
  begin(fileUs: number): void {
    this.#untilUs ??= Math.round(fileUs);
  }

  /**
   * The files go up to here at least, in the file's own time.
   * @param look Size of the picture that is shown there, or null where none is. Null instead: the file has no picture up to there.
   */
  reach(fileUs: number, look: (() => Size | null) | null): void {
    const endUs = Math.round(fileUs);
    let atUs = this.#untilUs ?? 0;
    while (atUs < endUs) {
      const fromUs = this.#clock.pastUs(atUs);
      const number = Math.floor(fromUs / LOOK_EVERY_US);
      const kind = look === null ? 'audio' : this.#look(number, look);
      const nextUs = this.#clock.fileUs((number + 1) * LOOK_EVERY_US);
      // Behind a pause that lasts there is nothing that the clock could tell apart.
      const wholeUs = nextUs > atUs ? Math.min(endUs, nextUs) : endUs;
      const untilUs = this.#clock.cutBetween(atUs, wholeUs)?.fileUs ?? wholeUs;
      addSpan(this.#spans, { fromUs, untilUs: fromUs + (untilUs - atUs), class: kind });
      atUs = untilUs;
    }
    this.#untilUs = Math.max(atUs, this.#untilUs ?? 0);
  }

  /**
   * What the picture counts as. Until there is one it is looked for all the time, and the black before it counts as the
   * smallest; where none is shown any more it counts as the last one.
   */
  #look(number: number, look: () => Size | null): UsageClass {
    if (number !== this.#looked || this.#seen === null) {
      this.#looked = number;
      const size = look();
      if (size !== null) this.#seen = usageClassOf(size);
    }
    return this.#seen ?? 'sd';
  }
}
