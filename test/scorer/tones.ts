import { runTool } from './run-tool.ts';

/** Length of the window in which a pitch is looked for, and its step. */
const WINDOW_S = 0.02;
const STEP_S = 0.001;
const RATE_HZ = 48_000;
/** Least amplitude (0 to 1) that counts as a tone. */
const LEAST_LEVEL = 0.01;
/** A tone ends when it has been below the limit for this long: codecs make short dips. */
const GAP_US = 30_000;

/** Amplitude of a pitch over time: `atUs` is the middle of the window. */
export type ToneSample = { atUs: number; level: number };

/**
 * Times at which a tone of `pitchHz` begins, in µs of the file. The beginning is where the amplitude crosses
 * half of the loudest, which is where the middle of the window meets the edge of the tone. To about 2 ms.
 */
export async function measureTones(file: string, pitchHz: number): Promise<number[]> {
  return toneOnsets(await measureTone(file, pitchHz));
}

/** Amplitude of a pitch over the whole file. */
export async function measureTone(file: string, pitchHz: number): Promise<ToneSample[]> {
  const samples = await readSound(file);
  return toneLevels(samples, pitchHz);
}

/** The file's sound, mixed to one channel of 48 kHz. Sample 0 is at time 0 of the file. */
export async function readSound(file: string): Promise<Float32Array> {
  const raw = await runTool('ffmpeg', [
    '-v',
    'error',
    '-i',
    file,
    '-map',
    '0:a:0',
    '-ac',
    '1',
    '-ar',
    String(RATE_HZ),
    '-f',
    'f32le',
    '-',
  ]);
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.byteLength & ~3)));
}

/** Amplitude of a pitch in sound of 48 kHz (a Fourier sum under a Hann window, every millisecond). */
export function toneLevels(samples: Float32Array, pitchHz: number): ToneSample[] {
  const length = Math.round(WINDOW_S * RATE_HZ);
  const step = Math.round(STEP_S * RATE_HZ);
  const angle = (2 * Math.PI * pitchHz) / RATE_HZ;
  const window = Float64Array.from(
    { length },
    (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (index + 0.5)) / length),
  );
  const cosines = window.map((weight, index) => weight * Math.cos(angle * index));
  const sines = window.map((weight, index) => weight * Math.sin(angle * index));
  const levels: ToneSample[] = [];
  for (let start = -length / 2; start + length / 2 < samples.length; start += step) {
    let real = 0;
    let imaginary = 0;
    for (let index = Math.max(0, -start); index < length && start + index < samples.length; index += 1) {
      const sample = samples[start + index] ?? 0;
      real += sample * (cosines[index] ?? 0);
      imaginary += sample * (sines[index] ?? 0);
    }
    // A sine of amplitude 1 sums to half of the window's weight, which is half of its length.
    levels.push({
      atUs: Math.round(((start + length / 2) * 1_000_000) / RATE_HZ),
      level: (Math.hypot(real, imaginary) * 4) / length,
    });
  }
  return levels;
}

/** As `measureTones`, from levels that are measured already. */
export function toneOnsets(levels: readonly ToneSample[]): number[] {
  const loudest = levels.reduce((most, { level }) => Math.max(most, level), 0);
  if (loudest < LEAST_LEVEL) return [];
  const limit = loudest / 2;
  const onsets: number[] = [];
  let lastAboveUs = Number.NEGATIVE_INFINITY;
  for (const { atUs, level } of levels) {
    if (level <= limit) continue;
    if (atUs - lastAboveUs > GAP_US) onsets.push(atUs);
    lastAboveUs = atUs;
  }
  return onsets;
}
