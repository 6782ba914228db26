import { SincKernel } from './sinc-kernel.ts';
import type { SoundTrack } from './sound-track.ts';

/** Above this level loud sums are bent instead of cut. */
const KNEE = 0.8;

/** Mixes streams into blocks of the output's rate. Sample `n` of the file is that of `startUs` + n / rate, whatever was mixed before. */
export class SoundMixer {
  readonly #startUs: number;
  readonly #rateHz: number;
  readonly #channels: number;
  readonly #kernel: SincKernel;

  constructor({ startUs, sampleRateHz, channels }: { startUs: number; sampleRateHz: number; channels: number }) {
    this.#startUs = startUs;
    this.#rateHz = sampleRateHz;
    this.#channels = channels;
    this.#kernel = new SincKernel(sampleRateHz / 48_000);
  }

  /** `length` samples from sample `first` on, one array a channel. */
  mix(tracks: Iterable<SoundTrack>, first: number, length: number): Float32Array[] {
    const stepUs = 1_000_000 / this.#rateHz;
    const fromUs = this.#startUs + (first * 1_000_000) / this.#rateHz;
    const stereo = [new Float32Array(length), new Float32Array(length)];
    for (const track of tracks) track.mixInto(stereo, fromUs, stepUs, this.#kernel);
    const [left, right] = stereo;
    if (this.#channels === 1 && left !== undefined && right !== undefined) {
      for (let index = 0; index < length; index += 1) left[index] = ((left[index] ?? 0) + (right[index] ?? 0)) / 2;
    }
    const mixed = stereo.slice(0, this.#channels);
    for (const samples of mixed) bend(samples);
    return mixed;
  }
}

function bend(samples: Float32Array): void {
  for (let index = 0; index < samples.length; index += 1) {
    const value = samples[index] ?? 0;
    const size = Math.abs(value);
    if (size > KNEE) samples[index] = Math.sign(value) * (KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE)));
  }
}
