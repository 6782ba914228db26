import { SincKernel } from './sinc-kernel.ts';
import type { SoundTrack } from './sound-track.ts';

/** Above this level loud sums are bent instead of cut. */
const KNEE = 0.8;

/** Samples over which sound comes and goes where time leaps within a block: 2.5 ms at 48 kHz. */
const DIP_SAMPLES = 120;

/** A part of a block: so many samples behind its beginning, whose media time goes on from `fromUs`. */
export type SoundPiece = { offset: number; length: number; fromUs: number; tracks: readonly SoundTrack[] };

/** Mixes streams into blocks of the output's rate. */
export class SoundMixer {
  readonly #rateHz: number;
  readonly #channels: number;
  readonly #kernel: SincKernel;

  constructor({ sampleRateHz, channels }: { sampleRateHz: number; channels: number }) {
    this.#rateHz = sampleRateHz;
    this.#channels = channels;
    this.#kernel = new SincKernel(sampleRateHz / 48_000);
  }

  /** A block of `length` samples, one array a channel. What no piece covers is silent. */
  mix(pieces: readonly SoundPiece[], length: number): Float32Array[] {
    const stepUs = 1_000_000 / this.#rateHz;
    const stereo = [new Float32Array(length), new Float32Array(length)];
    for (const piece of pieces) {
      const part = stereo.map((samples) => samples.subarray(piece.offset, piece.offset + piece.length));
      for (const track of piece.tracks) track.mixInto(part, piece.fromUs, stepUs, this.#kernel);
      for (const samples of part)
        dip(samples, { isBegun: piece.offset === 0, isEnded: piece.offset + piece.length === length });
    }
    const [left, right] = stereo;
    if (this.#channels === 1 && left !== undefined && right !== undefined) {
      for (let index = 0; index < length; index += 1) left[index] = ((left[index] ?? 0) + (right[index] ?? 0)) / 2;
    }
    const mixed = stereo.slice(0, this.#channels);
    for (const samples of mixed) bend(samples);
    return mixed;
  }
}

/** Fades a piece where it does not begin or end with its block, so that the leap does not click. */
function dip(samples: Float32Array, { isBegun, isEnded }: { isBegun: boolean; isEnded: boolean }): void {
  const span = Math.min(DIP_SAMPLES, samples.length);
  for (let index = 0; index < span; index += 1) {
    const gain = index / span;
    const last = samples.length - 1 - index;
    if (!isBegun) samples[index] = (samples[index] ?? 0) * gain;
    if (!isEnded) samples[last] = (samples[last] ?? 0) * gain;
  }
}

function bend(samples: Float32Array): void {
  for (let index = 0; index < samples.length; index += 1) {
    const value = samples[index] ?? 0;
    const size = Math.abs(value);
    if (size > KNEE) samples[index] = Math.sign(value) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
  }
}
