/** A time without a new picture that is longer than this is seen as a freeze. */
export const FREEZE_US = 500_000;

type Gap = { fromUs: number; untilUs: number };

/** What is told of a stream's pictures. */
export type PictureFacts = {
  freezes: number;
  freezeUs: number;
  keyFrameWaits: number;
  keyFrameWaitUs: number;
  resolutionChanges: number;
};

/** Notes when the pictures of a stream came, so that its breaks can be told afterwards. */
export class PictureHistory {
  readonly #gaps: Gap[] = [];
  #lastUs: number | null = null;
  #size = '';
  #resolutionChanges = 0;
  #waitFromUs: number | null = null;
  #keyFrameWaits = 0;
  #keyFrameWaitUs = 0;

  /** A coded picture was decoded. */
  decoded(mediaUs: number): void {
    if (this.#waitFromUs === null) return;
    this.#keyFrameWaitUs += Math.max(0, mediaUs - this.#waitFromUs);
    this.#waitFromUs = null;
  }

  /** A coded picture could not be used: a key frame is waited for from now on. */
  passedOver(mediaUs: number): void {
    if (this.#waitFromUs !== null) return;
    this.#waitFromUs = mediaUs;
    this.#keyFrameWaits += 1;
  }

  /** A decoded picture is there. */
  shown(mediaUs: number, { width, height }: { width: number; height: number }): void {
    if (this.#lastUs !== null && mediaUs - this.#lastUs > FREEZE_US)
      this.#gaps.push({ fromUs: this.#lastUs, untilUs: mediaUs });
    this.#lastUs = mediaUs;
    const size = `${width}x${height}`;
    if (this.#size !== '' && this.#size !== size) this.#resolutionChanges += 1;
    this.#size = size;
  }

  /**
   * Everything so far.
   * @param muted When no picture was to be expected.
   * @param endUs Until when pictures were to be expected.
   */
  facts(muted: readonly { fromUs: number; untilUs: number | null }[], endUs: number): PictureFacts {
    const last = this.#lastUs === null || endUs <= this.#lastUs ? [] : [{ fromUs: this.#lastUs, untilUs: endUs }];
    let freezes = 0;
    let freezeUs = 0;
    for (const gap of [...this.#gaps, ...last]) {
      const unmutedUs = muted.reduce((lengthUs, span) => lengthUs - overlapUs(gap, span), gap.untilUs - gap.fromUs);
      if (unmutedUs <= FREEZE_US) continue;
      freezes += 1;
      freezeUs += unmutedUs;
    }
    const waitingUs = this.#waitFromUs === null ? 0 : Math.max(0, endUs - this.#waitFromUs);
    return {
      freezes,
      freezeUs,
      keyFrameWaits: this.#keyFrameWaits,
      keyFrameWaitUs: this.#keyFrameWaitUs + waitingUs,
      resolutionChanges: this.#resolutionChanges,
    };
  }
}

function overlapUs(gap: Gap, span: { fromUs: number; untilUs: number | null }): number {
  const untilUs = Math.min(gap.untilUs, span.untilUs ?? Number.POSITIVE_INFINITY);
  return Math.max(0, untilUs - Math.max(gap.fromUs, span.fromUs));
}
