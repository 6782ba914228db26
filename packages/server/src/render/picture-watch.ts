import { AV_PIX_FMT_YUVJ420P } from 'node-av/constants';
import type { Frame } from 'node-av/lib';

/** Points of the grid at which a picture is looked at: enough to see a face move, too few to cost anything. */
const COLUMNS = 64;
const ROWS = 36;
/** Share of the points that are dark in a picture that is all but black, as in FFmpeg's blackdetect. */
const DARK_SHARE = 0.98;
/** Brightest of what counts as dark: a tenth of the range, as there. */
const DARK_LIMITED = 38;
const DARK_FULL = 25;

/** What is seen of a picture. `print` is the same for the same picture, and as good as never for another one. */
export type PictureLook = { print: number; black: boolean };

/** Looks at the brightness of a picture at some points. @param picture In 4:2:0. */
export function lookAtPicture(picture: Pick<Frame, 'data' | 'linesize' | 'width' | 'height' | 'format'>): PictureLook {
  const { width, height, format } = picture;
  const luma = picture.data?.[0];
  const strideBytes = picture.linesize[0] ?? 0;
  if (luma === undefined) return { print: 0, black: false };
  const dark = format === AV_PIX_FMT_YUVJ420P ? DARK_FULL : DARK_LIMITED;
  // FNV-1a over the points, and the size: it is to tell pictures apart, not to withstand anybody.
  let print = Math.imul(0x811c9dc5 ^ width, 0x01000193) ^ height;
  let darkPoints = 0;
  for (let row = 0; row < ROWS; row += 1) {
    const line = Math.floor(((row + 0.5) * height) / ROWS) * strideBytes;
    for (let column = 0; column < COLUMNS; column += 1) {
      const value = luma[line + Math.floor(((column + 0.5) * width) / COLUMNS)] ?? 0;
      print = Math.imul(print ^ value, 0x01000193);
      if (value <= dark) darkPoints += 1;
    }
  }
  return { print: print >>> 0, black: darkPoints >= COLUMNS * ROWS * DARK_SHARE };
}
