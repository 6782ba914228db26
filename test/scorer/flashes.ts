import { type ColorSample, measureColors, type Rectangle } from './colors.ts';

/** Least rise of brightness that counts as a flash, of 219. */
const LEAST_RISE = 30;

/**
 * Times at which a rectangle flashes, in µs of the file: the first picture of every flash. A flash is a
 * brightness above the middle between the usual one (the median) and the brightest.
 */
export async function measureFlashes(file: string, { rectangle }: { rectangle: Rectangle }): Promise<number[]> {
  const [samples = []] = await measureColors(file, [rectangle]);
  return flashOnsets(samples);
}

/** As `measureFlashes`, from colours that are measured already. */
export function flashOnsets(samples: readonly ColorSample[]): number[] {
  const sorted = samples.map(({ luma }) => luma).sort((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const brightest = sorted.at(-1) ?? 0;
  if (brightest - usual < LEAST_RISE) return [];
  const limit = (usual + brightest) / 2;
  const onsets: number[] = [];
  let above = false;
  for (const { atUs, luma } of samples) {
    if (luma > limit && !above) onsets.push(atUs);
    above = luma > limit;
  }
  return onsets;
}
