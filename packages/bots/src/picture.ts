import { eachDot, textWidth } from './bitmap-font.ts';
import { FLASH_FRAMES, FRAME_RATE, PICTURE, type Rgb, type Signal } from './signal.ts';

const { width, height } = PICTURE;
const LUMA_BYTES = width * height;
const CHROMA_BYTES = LUMA_BYTES / 4;

/** Video levels of white and black in 8-bit limited range (ITU-R BT.601). */
const WHITE = 235;
const BLACK = 16;

/** Luma and chroma of a colour, 8-bit limited range, ITU-R BT.601. */
export function yuvOf({ r, g, b }: Rgb): { y: number; u: number; v: number } {
  return {
    y: Math.round(16 + 0.257 * r + 0.504 * g + 0.098 * b),
    u: Math.round(128 - 0.148 * r - 0.291 * g + 0.439 * b),
    v: Math.round(128 + 0.439 * r - 0.368 * g - 0.071 * b),
  };
}

/** One picture of a signal as planar YUV 4:2:0. `frame` counts from the beginning of the loop. */
export function paint(signal: Signal, frame: number): Buffer {
  const flash = frame % FRAME_RATE < FLASH_FRAMES;
  const { y, u, v } = flash ? { y: WHITE, u: 128, v: 128 } : yuvOf(signal.color);
  const picture = Buffer.alloc(LUMA_BYTES + 2 * CHROMA_BYTES);
  picture.fill(y, 0, LUMA_BYTES);
  picture.fill(u, LUMA_BYTES, LUMA_BYTES + CHROMA_BYTES);
  picture.fill(v, LUMA_BYTES + CHROMA_BYTES);
  const ink = flash ? BLACK : WHITE;
  // In the middle: a grid of two shows no more than the middle half of a wide picture.
  write(picture, signal.name, { top: 12, scale: 5, ink });
  write(picture, clockText(frame), { top: 51, scale: 5, ink });
  if (!flash) addNoise(picture, signal.index * 1000 + frame);
  return picture;
}

/** The clock: seconds within the loop, and hundredths. */
export function clockText(frame: number): string {
  const hundredths = Math.floor(((frame % FRAME_RATE) * 100) / FRAME_RATE);
  return `${String(Math.floor(frame / FRAME_RATE)).padStart(2, '0')}.${String(hundredths).padStart(2, '0')}`;
}

function write(picture: Buffer, text: string, { top, scale, ink }: { top: number; scale: number; ink: number }): void {
  const left = Math.round((width - textWidth(text) * scale) / 2);
  eachDot(text, (x, y) => {
    for (let row = 0; row < scale; row++) {
      const start = (top + y * scale + row) * width + left + x * scale;
      picture.fill(ink, start, start + scale);
    }
  });
}

/** Shakes the luma of the lowest quarter in squares of 8 pixels, with mean 0: without it a loop encodes to almost nothing. */
function addNoise(picture: Buffer, seed: number): void {
  let state = (seed * 2654435761 + 1) >>> 0;
  for (let top = (height * 3) / 4; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const shift = ((state >>> 24) % 41) - 20;
      for (let row = top; row < Math.min(top + 8, height); row++) {
        for (let x = left; x < left + 8; x++) {
          const at = row * width + x;
          picture[at] = Math.max(BLACK, Math.min(WHITE, (picture[at] ?? 0) + shift));
        }
      }
    }
  }
}
