import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { AV_LOG_QUIET } from 'node-av/constants';
import { Log } from 'node-av/lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NoPicture } from '../recording/picture-kind.ts';
import { pictureRaster } from './drawing.ts';
import { decodeStill } from './still-picture.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-still-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => Log.setLevel(AV_LOG_QUIET));

/** A picture, orange at the left and blue at the right, in a pixel format; made by Debian's ffmpeg. */
function picture(kind: 'png' | 'jpg', format: string, size = '102x58'): Buffer {
  const path = join(folder, `${format}.${kind}`);
  const [width = '0'] = size.split('x');
  const drawn = `color=0xc08020:s=${size}:r=25:d=0.04,drawbox=x=${Number(width) / 2}:w=${width}:h=ih:t=fill:color=0x2020a0`;
  // A palette of its own; else it would be one for all pictures.
  const source = format === 'pal8' ? `${drawn},split[a][b];[a]palettegen[p];[b][p]paletteuse` : drawn;
  execFileSync('ffmpeg', [
    '-v',
    'quiet',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    '-frames:v',
    '1',
    '-pix_fmt',
    format,
    '-q:v',
    '2',
    path,
  ]);
  return readFileSync(path);
}

const GREY = ['gray', 'ya8', 'gray16be', 'monob'];

describe('pictures', () => {
  test.each([
    ...['rgb24', 'rgba', 'pal8', 'rgb48be', 'rgba64be', ...GREY].map((format) => ['png', format] as const),
    ...['yuvj420p', 'yuvj422p', 'yuvj444p', 'gray'].map((format) => ['jpg', format] as const),
  ])('%s in %s', (kind, format) => {
    const { widthPx, heightPx, rgba } = decodeStill(picture(kind, format));
    expect([widthPx, heightPx, rgba.length]).toEqual([102, 58, 102 * 58 * 4]);
    const at = (xPx: number): number[] => [...rgba.subarray((20 * widthPx + xPx) * 4, (20 * widthPx + xPx) * 4 + 4)];
    const [left, right] = [at(20), at(80)];
    expect([left[3], right[3]]).toEqual([255, 255]);
    if (GREY.includes(format) && kind === 'png') return;
    const off = (seen: number[], wanted: number[]): number =>
      Math.max(...wanted.map((value, index) => Math.abs(value - (seen[index] ?? 0))));
    if (format === 'gray') return;
    expect(off(left, [0xc0, 0x80, 0x20])).toBeLessThan(12);
    expect(off(right, [0x20, 0x20, 0xa0])).toBeLessThan(12);
  });

  test('that are small, long, or odd fill a place in every mode', () => {
    for (const size of ['2x2', '101x57', '2560x4', '4x2560']) {
      const still = decodeStill(picture('png', 'rgb24', size));
      for (const mode of ['crop', 'bars', 'stretch', 'gentleCrop'] as const) {
        const { planes, through } = pictureRaster(still, { widthPx: 64, heightPx: 36 }, mode, '#000000');
        expect(through).toBeUndefined();
        expect(Math.max(...planes[0].bytes), `${size} ${mode}`).toBeGreaterThan(40);
      }
    }
  });

  test('that claim more pixels than they have, or more than may be, are none', () => {
    const png = picture('png', 'rgb24');
    const claiming = (width: number, height: number): Buffer => {
      const lying = Buffer.from(png);
      lying.writeUInt32BE(width, 16);
      lying.writeUInt32BE(height, 20);
      lying.writeUInt32BE(crc32(lying.subarray(12, 29)), 29);
      return lying;
    };
    for (const [width, height] of [
      [100_000, 100_000],
      [2561, 1],
      [0, 10],
    ] as const)
      expect(() => decodeStill(claiming(width, height))).toThrow(NoPicture);
    expect(() => decodeStill(png.subarray(0, 40))).toThrow(NoPicture);
  });

  test('that are damaged are pictures or none', () => {
    const whole = [picture('png', 'rgba'), picture('png', 'pal8'), picture('jpg', 'yuvj420p')];
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        fc.option(fc.nat()),
        (bytes, changes, end) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of changes) damaged[at % damaged.length] = value;
          const cut = end === null ? damaged : damaged.subarray(0, end % damaged.length);
          try {
            const { widthPx, heightPx, rgba } = decodeStill(cut);
            expect(rgba.length).toBe(widthPx * heightPx * 4);
          } catch (error) {
            expect(error).toBeInstanceOf(NoPicture);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
