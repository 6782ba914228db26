import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  complaintsOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureTones,
  probeFile,
  readSound,
} from '../../../../test/scorer/index.ts';
import type { RenderedFile, RenderOrder } from '../recording/render-protocol.ts';
import { FileParts } from './file-parts.ts';
import { hasMade, mixedReel, orderFor, recordingsIn, renderToEnd, startRender, TestCall } from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-parts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANNA = { color: '#802020', pitchHz: 600 };
const SECONDS = 13;
const call = new TestCall();
call.task(-0.1, SECONDS);
call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: SECONDS });

/** The call in one file, from whose segments the parts of most tests are made. */
let whole: RenderedFile;
let order: RenderOrder;
let reel: ReturnType<typeof mixedReel>['reel'];

beforeAll(async () => {
  order = { ...orderFor(join(folder, 'whole')), indexAlways: false };
  call.write(order.bundleFolder);
  whole = one(await renderToEnd(order));
  ({ order, reel } = mixedReel(order));
}, 60_000);

function one({ files }: { files: RenderedFile[] }): RenderedFile {
  const [file] = files;
  if (file === undefined || files.length > 1) throw new Error(`${files.length} files`);
  return file;
}

/** Digest of every picture, in order. */
function pictures(path: string): string[] {
  const list = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'], {
    encoding: 'utf8',
  });
  return list
    .split('\n')
    .flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line.split(',').at(-1) ?? '']));
}

function differenceDb(own: Float32Array, expected: Float32Array): number {
  const off = expected.reduce((sum, value, at) => sum + (value - (own[at] ?? 0)) ** 2, 0);
  return 10 * Math.log10(off / expected.reduce((sum, value) => sum + value ** 2, 1e-9));
}

function loudest(own: Float32Array, expected: Float32Array): number {
  return expected.reduce((most, value, at) => Math.max(most, Math.abs(value - (own[at] ?? 9))), 0);
}

/** Everything that the plan has is in the parts once, in its place, and each plays on its own from 0. */
async function expectParts(files: RenderedFile[], endUs = whole.startUs + whole.durationUs): Promise<void> {
  let startUs = whole.startUs;
  const seen: string[] = [];
  const sound = await readSound(whole.path);
  for (const file of files) {
    expect(await complaintsOf(file.path)).toBe('');
    // A microsecond is the rounding of a picture's time.
    expect(Math.abs(file.startUs - startUs)).toBeLessThan(2);
    startUs = file.startUs + file.durationUs;
    const { durationUs, video } = await probeFile(file.path);
    expect(Math.abs(durationUs - file.durationUs)).toBeLessThan(2_000);
    expect(video?.durationUs).toBe(file.durationUs);
    seen.push(...pictures(file.path));
    const planned = Array.from({ length: SECONDS }, (_, atS) => call.startUs + atS * 1e6 - file.startUs).filter(
      (atUs) => atUs >= 0 && atUs < file.durationUs - 50_000,
    );
    const match = { missingUs: [], extraUs: [] };
    const [colors = []] = await measureColors(file.path, [{ xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }]);
    expect(matchOnsets(flashOnsets(colors), planned, 40_000)).toMatchObject(match);
    // ffmpeg plays the last frame of sound to its end, up to 21 ms beyond what the edit list plays.
    const tones = (await measureTones(file.path, ANNA.pitchHz)).filter((atUs) => atUs < file.durationUs);
    expect(matchOnsets(tones, planned, 40_000)).toMatchObject(match);
    // The sound of a part is that of the whole file, sample by sample. The decoder makes up noise (AAC's noise
    // substitution) by where it began; a shift by one sample or a hole would be above -23 dB.
    const own = await readSound(file.path);
    const from = Math.round(((file.startUs - whole.startUs) * 48_000) / 1e6);
    const length = Math.floor((file.durationUs * 48_000) / 1e6);
    expect(own.length).toBeGreaterThanOrEqual(length);
    expect(own.length).toBeLessThan(length + 1024);
    const expected = sound.subarray(from, from + length);
    expect(differenceDb(own, expected)).toBeLessThan(-40);
    // Its beginning by itself: that is where a decoder that lacks something would be heard.
    expect(loudest(own.subarray(0, 2400), expected.subarray(0, 2400))).toBeLessThan(0.01);
  }
  expect(Math.abs(startUs - endUs)).toBeLessThan(67_000);
  expect(seen).toEqual(pictures(whole.path).slice(0, seen.length));
  expect(seen.length).toBe(Math.round((files.reduce((sum, { durationUs }) => sum + durationUs, 0) * 15) / 1e6));
}

describe('file parts', () => {
  test.for([[undefined], [1]] as const)(
    'are split by time, data that grows from %s bytes on',
    async ([growsFromBytes]) => {
      const own = { ...order, outFolder: join(folder, `time-${growsFromBytes}`), splitAt: { durationMs: 5_999 } };
      using parts = FileParts.open(own, reel, growsFromBytes === undefined ? {} : { growsFromBytes });
      const files = await parts.finish(whole.durationUs);
      expect(files.map(({ name, durationUs }) => ({ name, durationUs }))).toEqual([
        { name: '1_7_1.mp4', durationUs: 4_000_000 },
        { name: '1_7_2.mp4', durationUs: 4_000_000 },
        { name: '1_7_3.mp4', durationUs: 4_000_000 },
        { name: '1_7_4.mp4', durationUs: whole.durationUs - 12_000_000 },
      ]);
      await expectParts(files);
      expect(recordingsIn(own.outFolder)).toEqual(files.map(({ name }) => name));
    },
  );

  test('are split by size, and none is bigger', async () => {
    const sizeBytes = Math.round(whole.sizeBytes / 3);
    const own = { ...order, outFolder: join(folder, 'size'), splitAt: { sizeBytes } };
    using parts = FileParts.open(own, reel);
    const files = await parts.finish(whole.durationUs);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect(file.sizeBytes).toBeLessThanOrEqual(sizeBytes);
    await expectParts(files);
  });

  test.for([
    [7.5, ['1_7_1.mp4', '1_7_2.mp4']],
    [4, ['1_7.mp4']],
    [3.5, ['1_7.mp4']],
    [0.5, ['1_7.mp4']],
  ] as const)(
    'end after %f s though more was rendered: no part too many, and the name of an unsplit file',
    async ([endS, names]) => {
      const own = { ...order, outFolder: join(folder, `cut-${endS}`), splitAt: { durationMs: 4_000 } };
      using parts = FileParts.open(own, reel);
      const endUs = whole.startUs + endS * 1e6;
      const files = await parts.finish(endS * 1e6);
      expect(files.map(({ name }) => name)).toEqual(names);
      expect(recordingsIn(own.outFolder)).toEqual(names);
      await expectParts(files, endUs);
    },
  );

  test('are the same after their child was killed at any moment', async () => {
    const own = { ...orderFor(join(folder, 'killed')), indexAlways: false, splitAt: { durationMs: 4_000 } };
    call.write(own.bundleFolder);
    for (const segments of [1, 3, 4, 6]) {
      const { child, messages, ended } = startRender(own);
      while (!messages.some((message) => hasMade(message, segments))) {
        if (child.exitCode !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      child.kill('SIGKILL');
      await ended;
    }
    const { files, report } = await renderToEnd(own);
    expect(report.resumedAtSegment).toBeGreaterThanOrEqual(4);
    expect(files.map(({ name }) => name)).toEqual(['1_7_1.mp4', '1_7_2.mp4', '1_7_3.mp4', '1_7_4.mp4']);
    expect(recordingsIn(own.outFolder)).toEqual(files.map(({ name }) => name));
    for (const file of files) {
      expect(await complaintsOf(file.path)).toBe('');
      const planned = Array.from({ length: SECONDS }, (_, atS) => call.startUs + atS * 1e6 - file.startUs).filter(
        (atUs) => atUs >= 0 && atUs < file.durationUs - 50_000,
      );
      expect(matchOnsets(await measureTones(file.path, ANNA.pitchHz), planned, 40_000)).toMatchObject({
        missingUs: [],
        extraUs: [],
      });
    }
    expect(files.reduce((sum, { durationUs }) => sum + durationUs, 0)).toBe(whole.durationUs);
  }, 60_000);
});
