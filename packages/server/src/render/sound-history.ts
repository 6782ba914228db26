/** What is told of a stream's sound, as it is kept beside the segments. */
export type SoundHistoryState = { concealedSamples: number; undecodable: number };

/** Counts what had to be filled of a stream's sound, and what could not be read. */
export class SoundHistory {
  #concealedSamples: number;
  #undecodable: number;

  /** @param state What a history before this one has counted. */
  constructor({ concealedSamples, undecodable }: SoundHistoryState = { concealedSamples: 0, undecodable: 0 }) {
    this.#concealedSamples = concealedSamples;
    this.#undecodable = undecodable;
  }

  /** Lost sound that was filled, in samples at 48 kHz. */
  get concealedSamples(): number {
    return this.#concealedSamples;
  }

  /** Blocks that could not be decoded. */
  get undecodable(): number {
    return this.#undecodable;
  }

  concealed(samples: number): void {
    this.#concealedSamples += samples;
  }

  refused(): void {
    this.#undecodable += 1;
  }

  get state(): SoundHistoryState {
    return { concealedSamples: this.#concealedSamples, undecodable: this.#undecodable };
  }
}
