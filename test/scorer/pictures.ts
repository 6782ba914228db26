import { spawn } from 'node:child_process';
import { pictureTimes, type Rectangle } from './colors.ts';
import { probeFile } from './probe.ts';

/** Red, green and blue of 0 to 255. */
export type Rgb = { r: number; g: number; b: number };

/** A picture of a file. `atUs` is its time in the file. */
export type Picture = { atUs: number; index: number; widthPx: number; heightPx: number; rgb: Buffer };

/** Decodes a file picture by picture. The buffer of a picture is used again for the next one. */
export async function visitPictures(file: string, visit: (picture: Picture) => void): Promise<void> {
  const { video } = await probeFile(file);
  if (video === null) throw new Error(`${file} has no picture.`);
  const { widthPx, heightPx } = video;
  const times = await pictureTimes(file);
  const child = spawn(
    'ffmpeg',
    [
      '-v',
      'error',
      '-i',
      file,
      '-map',
      '0:v:0',
      '-fps_mode',
      'passthrough',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const rgb = Buffer.alloc(widthPx * heightPx * 3);
  let filled = 0;
  let index = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (let from = 0; from < chunk.length; ) {
      const count = Math.min(chunk.length - from, rgb.length - filled);
      chunk.copy(rgb, filled, from, from + count);
      from += count;
      filled += count;
      if (filled < rgb.length) continue;
      visit({ atUs: times[index] ?? Number.NaN, index, widthPx, heightPx, rgb });
      filled = 0;
      index += 1;
    }
  }
  const code = await ended;
  if (code !== 0 || index !== times.length)
    throw new Error(`ffmpeg ended with ${code} after ${index} pictures of ${times.length}.`);
}

/** Mean colour of a rectangle of a picture. */
export function meanOf({ widthPx, rgb }: Picture, rectangle: Rectangle): Rgb {
  const sum = { r: 0, g: 0, b: 0 };
  for (let y = rectangle.yPx; y < rectangle.yPx + rectangle.heightPx; y += 1) {
    for (let x = rectangle.xPx; x < rectangle.xPx + rectangle.widthPx; x += 1) {
      const at = (y * widthPx + x) * 3;
      sum.r += rgb[at] ?? 0;
      sum.g += rgb[at + 1] ?? 0;
      sum.b += rgb[at + 2] ?? 0;
    }
  }
  const count = rectangle.widthPx * rectangle.heightPx;
  return { r: sum.r / count, g: sum.g / count, b: sum.b / count };
}

/**
 * How far a plain colour reaches from a point to the four sides: the rectangle that it fills, as far as nothing lies over it on
 * the way. To about a pixel: the border is where the colour is nearer to that of the point than to that of two pixels on.
 */
export function extentOf(picture: Picture, at: { xPx: number; yPx: number }): Rectangle {
  const color = meanOf(picture, { xPx: at.xPx - 2, yPx: at.yPx - 2, widthPx: 5, heightPx: 5 });
  const isSame = (xPx: number, yPx: number): boolean =>
    farness(meanOf(picture, { xPx, yPx, widthPx: 1, heightPx: 1 }), color) < SAME;
  const reach = (dx: number, dy: number): number => {
    let steps = 0;
    for (;;) {
      const [x, y] = [at.xPx + dx * (steps + 1), at.yPx + dy * (steps + 1)];
      if (x < 0 || y < 0 || x >= picture.widthPx || y >= picture.heightPx || !isSame(x, y)) return steps;
      steps += 1;
    }
  };
  const [left, right, up, down] = [reach(-1, 0), reach(1, 0), reach(0, -1), reach(0, 1)];
  return { xPx: at.xPx - left, yPx: at.yPx - up, widthPx: left + right + 1, heightPx: up + down + 1 };
}

/** Compression moves a plain colour by less than this. */
const SAME = 36;

/** Largest difference of two colours in red, green or blue. */
export function farness(a: Rgb, b: Rgb): number {
  return Math.max(Math.abs(a.r - b.r), Math.abs(a.g - b.g), Math.abs(a.b - b.b));
}

/** `#rrggbb` as numbers. */
export function rgbOf(color: string): Rgb {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return { r, g, b };
}
