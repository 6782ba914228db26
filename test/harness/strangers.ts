/** Mean colour of a place at a time of the file. */
type Sample = { atUs: number; r: number; g: number; b: number };

/** What a place shows while nobody is seen there: the placeholder of a template with a black background. */
export const PLACEHOLDER = '#101010';

/** Compression and scaling move a colour by less than this. */
const NEAR = 40;

/**
 * Times, in s, at which a place shows something else than the named colours or the white of a flash.
 * @param flash whether a flash is allowed, default true.
 */
export function strangers(
  samples: readonly Sample[],
  colors: readonly string[],
  {
    fromUs = 0,
    untilUs = Number.POSITIVE_INFINITY,
    flash = true,
  }: { fromUs?: number; untilUs?: number; flash?: boolean } = {},
): string[] {
  const allowed = [...colors, ...(flash ? ['#ffffff'] : [])].map(parse);
  return samples
    .filter(({ atUs }) => atUs >= fromUs && atUs <= untilUs)
    .filter((sample) => allowed.every((color) => distance(sample, color) > NEAR))
    .map(({ atUs, r, g, b }) => `${(atUs / 1e6).toFixed(2)} rgb(${r}, ${g}, ${b})`);
}

function parse(color: string): { r: number; g: number; b: number } {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return { r, g, b };
}

function distance(a: { r: number; g: number; b: number }, b: { r: number; g: number; b: number }): number {
  return Math.max(Math.abs(a.r - b.r), Math.abs(a.g - b.g), Math.abs(a.b - b.b));
}
