import { runTool } from './run-tool.ts';

/** A part of the picture, in pixels. */
export type Rectangle = { xPx: number; yPx: number; widthPx: number; heightPx: number };

/** Mean colour of a rectangle in one picture: red, green and blue of 0 to 255, and brightness (BT.601 luma, 16 to 235). */
export type ColorSample = { atUs: number; r: number; g: number; b: number; luma: number };

/** Mean colours of rectangles over time, one series each. Times are those of the file: its first picture is at 0. */
export async function measureColors(file: string, rectangles: readonly Rectangle[]): Promise<ColorSample[][]> {
  const times = await pictureTimes(file);
  const cuts = rectangles.map(
    ({ xPx, yPx, widthPx, heightPx }, index) =>
      `[s${index}]crop=${widthPx}:${heightPx}:${xPx}:${yPx},scale=1:1:flags=area,format=rgb24[t${index}]`,
  );
  const splits = `[0:v]split=${rectangles.length}${rectangles.map((_, index) => `[s${index}]`).join('')}`;
  const joins =
    rectangles.length === 1
      ? '[t0]null[out]'
      : `${rectangles.map((_, index) => `[t${index}]`).join('')}hstack=inputs=${rectangles.length}[out]`;
  const raw = await runTool('ffmpeg', [
    '-v',
    'error',
    '-i',
    file,
    '-filter_complex',
    [splits, ...cuts, joins].join(';'),
    '-map',
    '[out]',
    '-fps_mode',
    'passthrough',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-',
  ]);
  return rectangles.map((_, rectangle) =>
    times.map((atUs, picture) => {
      const offset = (picture * rectangles.length + rectangle) * 3;
      const [r = 0, g = 0, b = 0] = raw.subarray(offset, offset + 3);
      return { atUs, r, g, b, luma: 16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255 };
    }),
  );
}

/** Times of a file's pictures, in µs from the file's beginning, which MPEG-TS has not at 0; in the order of showing. */
export function pictureTimes(file: string): Promise<number[]> {
  return packetTimes(file, 'v:0');
}

/** Times of a file's coded blocks of sound, likewise. */
export function soundTimes(file: string): Promise<number[]> {
  return packetTimes(file, 'a:0');
}

async function packetTimes(file: string, track: 'v:0' | 'a:0'): Promise<number[]> {
  const startUs = await startOf(file);
  const lines = await runTool('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    track,
    '-show_entries',
    'packet=pts_time',
    '-of',
    'csv=p=0',
    file,
  ]);
  return lines
    .toString()
    .split('\n')
    .map((line) => line.replace(',', '').trim())
    .filter((line) => line !== '')
    .map((line) => Math.round(Number(line) * 1_000_000) - startUs)
    .sort((a, b) => a - b);
}

async function startOf(file: string): Promise<number> {
  const start = await runTool('ffprobe', ['-v', 'error', '-show_entries', 'format=start_time', '-of', 'csv=p=0', file]);
  return Math.round(Number(start.toString().trim()) * 1_000_000);
}
