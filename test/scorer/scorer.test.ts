import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  complaintsOf,
  extentOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureFlashes,
  measureFreezes,
  measureTones,
  probeFile,
  type Rectangle,
  toneLevels,
  toneOnsets,
  visitPictures,
} from './index.ts';
import { runTool } from './run-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-scorer-'));
const file = join(folder, 'known.mp4');
const left = { xPx: 0, yPx: 0, widthPx: 160, heightPx: 180 };
const right = { xPx: 160, yPx: 0, widthPx: 160, heightPx: 180 };

// Left flashes at 0.4 s + n, right at 0.7 s + n; 600 Hz at 0.25 s + n, 1000 Hz at 0.75 s + n.
beforeAll(async () => {
  await runTool('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    "color=0x802020:s=160x180:r=30:d=4,drawbox=c=white:t=fill:enable='between(mod(t,1),0.399,0.499)'",
    '-f',
    'lavfi',
    '-i',
    "color=0x2020a0:s=160x180:r=30:d=4,drawbox=c=white:t=fill:enable='between(mod(t,1),0.699,0.799)'",
    '-f',
    'lavfi',
    '-i',
    "aevalsrc='0.3*sin(2*PI*600*t)*between(mod(t,1),0.25,0.35)+0.1*sin(2*PI*1000*t)*between(mod(t,1),0.75,0.85)':s=48000:d=4",
    '-filter_complex',
    '[0:v][1:v]hstack[v]',
    '-map',
    '[v]',
    '-map',
    '2:a',
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    file,
  ]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('scorer', () => {
  test('finds flashes where they were put, each in its rectangle', async () => {
    expect(
      matchOnsets(await measureFlashes(file, { rectangle: left }), [400_000, 1_400_000, 2_400_000, 3_400_000], 20_000),
    ).toMatchObject({ missingUs: [], extraUs: [] });
    expect(
      matchOnsets(await measureFlashes(file, { rectangle: right }), [700_000, 1_700_000, 2_700_000, 3_700_000], 20_000),
    ).toMatchObject({ missingUs: [], extraUs: [] });
  });

  test('finds tones where they were put, each by its pitch', async () => {
    expect(matchOnsets(await measureTones(file, 600), [250_000, 1_250_000, 2_250_000, 3_250_000], 5_000)).toMatchObject(
      { missingUs: [], extraUs: [] },
    );
    expect(
      matchOnsets(await measureTones(file, 1000), [750_000, 1_750_000, 2_750_000, 3_750_000], 5_000),
    ).toMatchObject({ missingUs: [], extraUs: [] });
    expect(await measureTones(file, 1700)).toEqual([]);
  });

  test('tells colours apart', async () => {
    const [a = [], b = []] = await measureColors(file, [left, right]);
    expect(a).toHaveLength(120);
    expect(a[0]?.r).toBeGreaterThan(100);
    expect(a[0]?.b).toBeLessThan(60);
    expect(b[0]?.b).toBeGreaterThan(130);
    expect(b[1]?.atUs).toBe(33_333);
  });

  test('says what is missing, what is too much, and how far off', () => {
    expect(matchOnsets([1_010_000, 5_000_000], [1_000_000, 2_000_000], 40_000)).toEqual({
      offsetsMs: [10],
      missingUs: [2_000_000],
      extraUs: [5_000_000],
      worstMs: 10,
    });
  });

  test('finds how far a colour reaches, and where a picture stands still', async () => {
    const extents: Rectangle[] = [];
    await visitPictures(file, (picture) => {
      if (picture.index === 20)
        extents.push(extentOf(picture, { xPx: 80, yPx: 90 }), extentOf(picture, { xPx: 240, yPx: 9 }));
    });
    for (const [index, wanted] of [left, right].entries())
      for (const side of ['xPx', 'yPx', 'widthPx', 'heightPx'] as const)
        expect(Math.abs((extents[index]?.[side] ?? -99) - wanted[side]), `${side} of ${index}`).toBeLessThanOrEqual(2);
    // Nothing moves between the flashes, which begin at 0.4 s + n and last 0.1 s.
    const freezes = await measureFreezes(file, left);
    expect(freezes.map(({ fromUs }) => Math.round(fromUs / 100_000))).toEqual([5, 15, 25]);
    expect(await measureFreezes(file, left, { leastMs: 1_000 })).toEqual([]);
  });

  test('sees nothing where nothing is', () => {
    expect(
      flashOnsets([
        { atUs: 0, r: 9, g: 9, b: 9, luma: 25 },
        { atUs: 1, r: 9, g: 9, b: 9, luma: 26 },
      ]),
    ).toEqual([]);
    expect(toneOnsets(toneLevels(new Float32Array(48_000), 440))).toEqual([]);
  });

  test('reads facts, and notices a broken file', async () => {
    expect(await probeFile(file)).toMatchObject({
      video: { codec: 'h264', widthPx: 320, heightPx: 180, frames: 120 },
      audio: { codec: 'aac' },
    });
    expect(await complaintsOf(file)).toBe('');
    expect(await complaintsOf(join(folder, 'none.mp4'))).not.toBe('');
  });
});
