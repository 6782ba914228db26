import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Raster } from './raster.ts';
import { linesOf } from './text-lines.ts';
import { textRaster } from './text-watermark.ts';
import { timeBox, timeText } from './time-watermark.ts';

const SIZE = { widthPx: 240, heightPx: 48 };
const base = { kind: 'text', leftPx: 0, topPx: 0, ...SIZE, fontSizePx: 32 } as const;
const raster = (text: string, more: object = {}): Raster => textRaster({ ...base, ...more, text }, SIZE);

/** How much of each pixel is covered, row by row. */
function ink({ through }: Raster): number[][] {
  if (through === undefined) throw new Error('nothing of it is transparent');
  const [{ bytes, strideBytes }] = through;
  return Array.from({ length: SIZE.heightPx }, (_, row) =>
    [...bytes.subarray(row * strideBytes, (row + 1) * strideBytes)].map((seen) => 255 - seen),
  );
}
/** First and last column with ink, and how much there is. */
function extent(one: Raster): { leftPx: number; rightPx: number; amount: number } {
  const columns = ink(one).reduce<number[]>((sums, row) => row.map((value, index) => (sums[index] ?? 0) + value), []);
  return {
    leftPx: columns.findIndex((sum) => sum > 255),
    rightPx: columns.findLastIndex((sum) => sum > 255),
    amount: columns.reduce((sum, value) => sum + value, 0) / 255,
  };
}
/** The ink without what is empty left of it. */
function glyphs(one: Raster): number[][] {
  const { leftPx, rightPx } = extent(one);
  return ink(one).map((row) => row.slice(leftPx, rightPx + 1));
}
/** How much two rasters' inks differ, as a share of the ink. */
function difference(a: number[][], b: number[][]): number {
  let [differing, all] = [0, 0];
  a.forEach((row, y) => {
    for (let x = 0; x < Math.max(row.length, b[y]?.length ?? 0); x += 1) {
      differing += Math.abs((row[x] ?? 0) - (b[y]?.[x] ?? 0));
      all += row[x] ?? 0;
    }
  });
  return differing / all;
}
/** How far the colours of the covered pixels are from grey. */
function colourfulness({ planes: [, u, v], through }: Raster): number {
  if (through === undefined) throw new Error('nothing of it is transparent');
  const covered = through[1].bytes;
  let most = 0;
  for (let at = 0; at < u.bytes.length; at += 1) {
    const grey = (128 * (255 - (covered[at] ?? 0))) / 255;
    most = Math.max(most, Math.abs((u.bytes[at] ?? 0) - grey), Math.abs((v.bytes[at] ?? 0) - grey));
  }
  return most;
}

describe('text', () => {
  test('of Latin, Chinese, Japanese and Korean letters has ink of its own', () => {
    const missing = glyphs(raster('\u{10fffe}'));
    for (const letter of ['A', 'ß', 'Ж', 'Ω', '会', '議', '錄', '日', '한']) {
      expect(extent(raster(letter)).amount, letter).toBeGreaterThan(40);
      expect(difference(glyphs(raster(letter)), missing), letter).toBeGreaterThan(0.3);
    }
    expect(difference(glyphs(raster('会')), glyphs(raster('议')))).toBeGreaterThan(0.3);
  });

  test('of Arabic letters is joined, and runs from right to left', () => {
    // Beh, yeh, teh: Unicode has their joined forms as characters of their own, and those that stand alone.
    const word = raster('بيت');
    expect(difference(glyphs(word), glyphs(raster('\ufe91\ufef4\ufe96')))).toBeLessThan(0.02);
    expect(difference(glyphs(word), glyphs(raster('\ufe8f\ufef1\ufe95')))).toBeGreaterThan(0.3);
    // The same forms one after another from left to right, the last one first.
    expect(difference(glyphs(word), glyphs(raster('\u202d\ufe96\ufef4\ufe91\u202c')))).toBeLessThan(0.02);
    expect(difference(glyphs(word), glyphs(raster('\u202d\ufe91\ufef4\ufe96\u202c')))).toBeGreaterThan(0.3);
  });

  test('begins at the side where its script does', () => {
    expect(extent(raster('abc'))).toMatchObject({ leftPx: expect.toSatisfy((px: number) => px < 6) });
    expect(extent(raster('abc')).rightPx).toBeLessThan(120);
    for (const text of ['بيت', 'שלום', '1. بيت']) {
      expect(extent(raster(text)).leftPx, text).toBeGreaterThan(100);
      expect(extent(raster(text)).rightPx, text).toBeGreaterThan(230);
    }
  });

  test('has its colour, and emoji have theirs', () => {
    expect(colourfulness(raster('abc 会议 بيت 1 # © ™'))).toBeLessThan(3);
    for (const emoji of ['😀', '❤️', '🇨🇳', '👍🏽', '1️⃣']) expect(colourfulness(raster(emoji)), emoji).toBeGreaterThan(15);
    expect(colourfulness(raster('abc', { color: '#ff0000' }))).toBeGreaterThan(50);
    // Its ground covers all of the rectangle.
    const { planes, through } = raster('abc', { color: '#ffffff', backgroundColor: '#000000' });
    expect(through).toBeUndefined();
    expect([Math.min(...planes[0].bytes), Math.max(...planes[0].bytes)]).toEqual([16, 235]);
  });

  test('is cut at the lower edge, and may be longer than any rectangle', () => {
    const long = raster('会议 word مرحبا '.repeat(80).slice(0, 1024));
    const rows = ink(long).map((row) => row.reduce((sum, value) => sum + value, 0));
    expect(rows.at(-1)).toBeGreaterThan(0);
    expect(raster(' \n\t ')).toBeDefined();
    for (const size of [
      { widthPx: 2, heightPx: 2 },
      { widthPx: 2, heightPx: 48 },
    ])
      expect(textRaster({ ...base, ...size, fontSizePx: 256, text: 'abc 会议' }, size)).toBeDefined();
  });
});

describe('lines', () => {
  /** Every character is one wide, wide ones two. */
  const measure = (text: string): number =>
    [...text].reduce((sum, one) => sum + (/\p{Script=Han}/u.test(one) ? 2 : 1), 0);
  const broken = (text: string, width: number): string[] => linesOf(text, width, measure).map((line) => line.text);

  test('break between words, between Chinese ones too, and within what is too long', () => {
    expect(broken('one two three', 7)).toEqual(['one two', 'three']);
    expect(broken('one two, three', 7)).toEqual(['one', 'two,', 'three']);
    expect(broken('(one) [two]', 5)).toEqual(['(one)', '[two]']);
    expect(broken('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
    expect(broken('会议录制', 4)).toEqual(['会议', '录制']);
    expect(broken('会议，录制', 5)).toEqual(['会议，', '录制']);
    expect(broken('a\n\nb\r\nc', 9)).toEqual(['a', '', 'b', 'c']);
  });

  test('know which way their paragraph runs', () => {
    const ways = linesOf('abc بيت\n(بيت) abc 123 456', 7, measure).map(({ rightToLeft }) => rightToLeft);
    expect(ways[0]).toBe(false);
    expect(new Set(ways.slice(1))).toEqual(new Set([true]));
  });

  test('keep every letter in order, and are not too wide', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab ,.()会议，。مر😀-'), maxLength: 60 }),
        fc.integer({ min: 2, max: 20 }),
        (text, width) => {
          const lines = broken(text, width);
          expect(lines.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
          expect(lines.filter((line) => measure(line) > width)).toEqual([]);
        },
      ),
    );
  });
});

describe('time', () => {
  test('is that of its zone', () => {
    const atUs = Date.UTC(2026, 1, 28, 23, 59, 59, 999) * 1000 + 999;
    expect(timeText(atUs)).toBe('2026-02-28 23:59:59');
    expect(timeText(atUs + 1)).toBe('2026-03-01 00:00:00');
    expect(timeText(atUs, 480)).toBe('2026-03-01 07:59:59');
    expect(timeText(atUs, 345)).toBe('2026-03-01 05:44:59');
    expect(timeText(atUs, -720)).toBe('2026-02-28 11:59:59');
    expect(timeText(atUs, 840)).toBe('2026-03-01 13:59:59');
  });

  test('lies within every canvas, at its place', () => {
    const positions = [
      'topLeft',
      'topRight',
      'bottomLeft',
      'bottomRight',
      'topCenter',
      'bottomCenter',
      'center',
    ] as const;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 960 }), fc.integer({ min: 1, max: 960 }), (halfWidth, halfHeight) => {
        const canvas = { widthPx: halfWidth * 2, heightPx: halfHeight * 2 };
        const boxes = positions.map((position) => timeBox(position, canvas).rectangle);
        for (const { xPx, yPx, widthPx, heightPx } of boxes) {
          for (const side of [xPx, yPx, widthPx, heightPx]) expect(side % 2).toBe(0);
          expect(Math.min(xPx, yPx)).toBeGreaterThanOrEqual(0);
          expect(Math.min(widthPx, heightPx)).toBeGreaterThan(0);
          expect(xPx + widthPx).toBeLessThanOrEqual(canvas.widthPx);
          expect(yPx + heightPx).toBeLessThanOrEqual(canvas.heightPx);
        }
      }),
    );
    const at = (position: (typeof positions)[number]): [number, number] => {
      const { xPx, yPx, widthPx, heightPx } = timeBox(position, { widthPx: 1280, heightPx: 720 }).rectangle;
      return [Math.round((xPx + widthPx / 2) / 320), Math.round((yPx + heightPx / 2) / 180)];
    };
    expect(positions.map(at)).toEqual([
      [1, 0],
      [3, 0],
      [1, 4],
      [3, 4],
      [2, 0],
      [2, 4],
      [2, 2],
    ]);
  });
});
