/** A time in which nothing of what was looked for came. */
export type Gap = { fromUs: number; untilUs: number };

/** What a meter knows, as it is kept beside the segments. */
export type GapState = { lastUs: number; gaps: Gap[] };

/**
 * Notes the long times in which something did not happen: no packet came, no sound was heard, no picture changed.
 * Holds those only that are long enough to be told of.
 */
export class GapMeter {
  readonly #leastUs: number;
  readonly #gaps: Gap[];
  #lastUs: number;

  /**
   * @param fromUs Since when it could happen.
   * @param leastUs Length from which on a gap counts; 0: none does.
   * @param state What a meter before this one knew.
   */
  constructor({ fromUs, leastUs, state }: { fromUs: number; leastUs: number; state?: GapState | undefined }) {
    this.#leastUs = leastUs;
    this.#lastUs = state?.lastUs ?? fromUs;
    this.#gaps = [...(state?.gaps ?? [])];
  }

  /** It happened. Times that fall are taken as they come: an older one changes nothing. */
  seen(atUs: number): void {
    if (atUs <= this.#lastUs) return;
    if (this.#leastUs > 0 && atUs - this.#lastUs >= this.#leastUs)
      this.#gaps.push({ fromUs: this.#lastUs, untilUs: atUs });
    this.#lastUs = atUs;
  }

  /** All gaps, with that which lasts until `untilUs`. */
  gaps(untilUs: number): Gap[] {
    const isOpen = this.#leastUs > 0 && untilUs - this.#lastUs >= this.#leastUs;
    return isOpen ? [...this.#gaps, { fromUs: this.#lastUs, untilUs }] : [...this.#gaps];
  }

  get state(): GapState {
    return { lastUs: this.#lastUs, gaps: [...this.#gaps] };
  }
}
