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

/** What a history knows, as it is kept beside the segments. */
export type PictureHistoryState = {
  gaps: Gap[];
  lastUs: number | null;
  size: string;
  resolutionChanges: number;
  waitFromUs: number | null;
  keyFrameWaits: number;
  keyFrameWaitUs: number;
  undecodable: number;
};

/** Notes when the pictures of a stream came, so that its breaks can be told afterwards. */
export class PictureHistory {
  readonly #gaps: Gap[];
  /** Pictures up to here were shown to a history before this one. */
  #knownUs: number | null;
  #lastUs: number | null;
  #size: string;
  #resolutionChanges: number;
  #waitFromUs: number | null;
  #keyFrameWaits: number;
  #keyFrameWaitUs: number;
  #undecodable: number;

  /** @param state What a history before this one knew. */
  constructor(state?: PictureHistoryState) {
    this.#gaps = [...(state?.gaps ?? [])];
    this.#lastUs = state?.lastUs ?? null;
    this.#knownUs = this.#lastUs;
    this.#size = state?.size ?? '';
    this.#resolutionChanges = state?.resolutionChanges ?? 0;
    this.#waitFromUs = state?.waitFromUs ?? null;
    this.#keyFrameWaits = state?.keyFrameWaits ?? 0;
    this.#keyFrameWaitUs = state?.keyFrameWaitUs ?? 0;
    this.#undecodable = state?.undecodable ?? 0;
  }

  /** Pictures that could not be decoded. */
  get undecodable(): number {
    return this.#undecodable;
  }

  get state(): PictureHistoryState {
    return {
      gaps: [...this.#gaps],
      lastUs: this.#lastUs,
      size: this.#size,
      resolutionChanges: this.#resolutionChanges,
      waitFromUs: this.#waitFromUs,
      keyFrameWaits: this.#keyFrameWaits,
      keyFrameWaitUs: this.#keyFrameWaitUs,
      undecodable: this.#undecodable,
    };
  }

  /** A coded picture was decoded. */
  decoded(mediaUs: number): void {
    if (this.#waitFromUs === null) return;
    this.#keyFrameWaitUs += Math.max(0, mediaUs - this.#waitFromUs);
    this.#waitFromUs = null;
  }

  /** A coded picture could not be decoded. */
  refused(mediaUs: number): void {
    this.#undecodable += 1;
    this.passedOver(mediaUs);
  }

  /** A coded picture could not be used: a key frame is waited for from now on. */
  passedOver(mediaUs: number): void {
    if (this.#waitFromUs !== null) return;
    this.#waitFromUs = mediaUs;
    this.#keyFrameWaits += 1;
  }

  /** A decoded picture is there. Those that a history before this one knew are passed over. */
  shown(mediaUs: number, { width, height }: { width: number; height: number }): void {
    if (this.#knownUs !== null && mediaUs <= this.#knownUs) return;
    this.#knownUs = null;
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
