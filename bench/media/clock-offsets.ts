import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measureFlashes, measureTones, type Rectangle } from '../../test/scorer/index.ts';

const run = promisify(execFile);

/** A piece is looked at in this size: all that is asked of it is whether it is bright. */
const LOOKED_AT = { xPx: 0, yPx: 0, widthPx: 32, heightPx: 18 };

/** A sender who flashes and sounds at every whole second of his own clock. */
export type Beacon = {
  /** How fast that clock runs against ours, in parts of a million. */
  ppm: number;
  /** Where he is in the picture. */
  rectangle: Rectangle;
  pitchHz: number;
};

/** Means of found − planned over a piece of a file, in ms, and how many were found. */
export type Offsets = { toneMs: number; tones: number; flashMs: number; flashes: number };

/**
 * Where the flashes and tones of a sender lie in a piece of a file against his own seconds. A flash is seen with the
 * file's next picture only; it averages out over a piece in which his clock runs by a whole picture.
 * @param piece `fromS` is a whole number of the file's pictures; what is cut out lies in `folder`.
 */
export async function clockOffsets(
  file: string,
  { ppm, rectangle, pitchHz }: Beacon,
  { fromS, lengthS, folder }: { fromS: number; lengthS: number; folder: string },
): Promise<Offsets> {
  const path = join(folder, `piece-${fromS}.mkv`);
  const { xPx, yPx, widthPx, heightPx } = rectangle;
  const view = `crop=${widthPx}:${heightPx}:${xPx}:${yPx},scale=${LOOKED_AT.widthPx}:${LOOKED_AT.heightPx}:flags=area`;
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '10', '-c:a', 'pcm_s16le'];
  const span = ['-ss', String(fromS), '-i', file, '-t', String(lengthS)];
  await run('ffmpeg', ['-v', 'error', '-y', ...span, '-vf', view, ...coding, path]);
  const periodUs = 1_000_000 / (1 + ppm / 1e6);
  const meanMs = (foundUs: readonly number[]): number => {
    const offsets = foundUs.map((us) => us + fromS * 1_000_000).map((us) => us - Math.round(us / periodUs) * periodUs);
    return offsets.reduce((sum, us) => sum + us, 0) / offsets.length / 1000;
  };
  // One that the piece's own beginning cuts off is none.
  const whole = (foundUs: readonly number[]): number[] => foundUs.filter((us) => us > 100_000 || fromS === 0);
  const tones = whole(await measureTones(path, pitchHz));
  const flashes = whole(await measureFlashes(path, { rectangle: LOOKED_AT }));
  return { toneMs: meanMs(tones), tones: tones.length, flashMs: meanMs(flashes), flashes: flashes.length };
}
