import type { Frame } from 'node-av/lib';
import { planesOf } from './canvas.ts';

const COLUMNS = 32;
const ROWS = 18;
/** Points that differ by no more than this look alike: what a coder makes of one colour, and a place that is only hinted at. */
const LIKE = 14;
/** Share of the points that look alike in a picture of which nobody would know what it shows. */
const ALIKE_SHARE = 0.98;

/** Whether a picture in 4:2:0 is all but one colour. @throws {AvError} when it is not in 4:2:0. */
export function isOneColor(picture: Frame): boolean {
  const { width, height } = picture;
  const samples = planesOf(picture).map(({ bytes, strideBytes }, index) => {
    const [planeWidth, planeHeight] = index === 0 ? [width, height] : [(width + 1) >> 1, (height + 1) >> 1];
    return Array.from({ length: COLUMNS * ROWS }, (_, point) => {
      const x = Math.floor((((point % COLUMNS) + 0.5) * planeWidth) / COLUMNS);
      const y = Math.floor(((Math.floor(point / COLUMNS) + 0.5) * planeHeight) / ROWS);
      return bytes[y * strideBytes + x] ?? 0;
    });
  });
  const medians = samples.map((values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0);
  let alike = 0;
  for (let point = 0; point < COLUMNS * ROWS; point += 1) {
    if (samples.every((values, plane) => Math.abs((values[point] ?? 0) - (medians[plane] ?? 0)) <= LIKE)) alike += 1;
  }
  return alike >= COLUMNS * ROWS * ALIKE_SHARE;
}
