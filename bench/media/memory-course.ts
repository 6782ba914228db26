/** How much of the media before and behind a moment its memory is taken from. */
const AROUND_SHARE = 0.02;

/** What a render held while it went on. */
export class MemoryCourse {
  readonly #samples: { share: number; nowMb: number }[] = [];
  #peakMb = 0;

  /** @param share Of the media that is rendered, 0 to 1. */
  add(share: number, { nowMb, peakMb }: { nowMb: number; peakMb: number }): void {
    if (nowMb > 0) this.#samples.push({ share, nowMb });
    this.#peakMb = Math.max(this.#peakMb, peakMb);
  }

  /** The most that it ever held, in MB. */
  get peakMb(): number {
    return this.#peakMb;
  }

  /** What it held around a moment: the middle one of what was seen; `NaN` when nothing was. */
  atMb(share: number): number {
    const near = this.#samples
      .filter((sample) => Math.abs(sample.share - share) <= AROUND_SHARE)
      .map(({ nowMb }) => nowMb)
      .sort((a, b) => a - b);
    return near[Math.floor(near.length / 2)] ?? Number.NaN;
  }
}
