import { describe, expect, it } from 'vitest';
import { clockText, paint, yuvOf } from './picture.ts';
import { FLASH_FRAMES, FRAME_RATE, LOOP_S, PICTURE, signalOf } from './signal.ts';

const luma = (picture: Buffer, x: number, y: number): number => picture[y * PICTURE.width + x] ?? -1;

describe('paint', () => {
  it('has the plain colour between a quarter and three quarters of its height, and white flashes on the second', () => {
    const signal = signalOf(5);
    for (const frame of [0, FLASH_FRAMES - 1, FLASH_FRAMES, FRAME_RATE - 1, FRAME_RATE]) {
      const picture = paint(signal, frame);
      const wanted = frame % FRAME_RATE < FLASH_FRAMES ? 235 : yuvOf(signal.color).y;
      for (let y = 90; y < 270; y += 7)
        for (let x = 0; x < PICTURE.width; x += 11) expect(luma(picture, x, y)).toBe(wanted);
    }
  });

  it('keeps the mean of the noise at the colour', () => {
    const signal = signalOf(1);
    const picture = paint(signal, 7);
    let sum = 0;
    for (let y = 270; y < 360; y++) for (let x = 0; x < PICTURE.width; x++) sum += luma(picture, x, y);
    expect(Math.abs(sum / (90 * PICTURE.width) - yuvOf(signal.color).y)).toBeLessThan(2);
  });

  it('writes name and clock inside the middle half, above the plain colour', () => {
    const signal = signalOf(0);
    const [picture, later] = [paint(signal, 4), paint(signal, 5)];
    const ground = yuvOf(signal.color).y;
    let [written, changed] = [0, 0];
    for (let y = 0; y < 90; y++) {
      for (let x = 0; x < PICTURE.width; x++) {
        if (luma(picture, x, y) !== ground) {
          written++;
          expect(x >= PICTURE.width / 4 && x < (3 * PICTURE.width) / 4).toBe(true);
        }
        if (luma(picture, x, y) !== luma(later, x, y)) changed++;
      }
    }
    expect(written).toBeGreaterThan(1000);
    expect(changed).toBeGreaterThan(20);
  });
});

it('counts through the loop', () => {
  expect([clockText(0), clockText(1), clockText(FRAME_RATE), clockText(LOOP_S * FRAME_RATE - 1)]).toEqual([
    '00.00',
    '00.06',
    '01.00',
    '09.93',
  ]);
});
