import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { measureColors, probeFile } from '../../../../test/scorer/index.ts';
import type { RenderedFile, RenderOrder, Stills } from '../recording/render-protocol.ts';
import { Canvas } from './canvas.ts';
import { isOneColor } from './one-color.ts';
import { readPlan } from './render-plan.ts';
import { segmentPath } from './segment-file.ts';
import { StillsMaker } from './stills.ts';
import {
  cachedPicture,
  cachedSound,
  hasMade,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';
import { thumbnailIndex, thumbnailPlaces } from './thumbnail-strip.ts';
import { yuvOf } from './yuv-color.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-stills-'));
afterAll(() => rmSync(folder, { recursive: true }));

const STILL = { codec: 'vp8', still: true } as const;

/** Black for 5 s, then red over green. */
function lateCall(parameters = TEST_PARAMETERS): TestCall {
  const call = new TestCall();
  call.task(-0.1, 9, parameters);
  call.user('anna', { fromS: 0, untilS: 9 });
  const frames = [
    ...cachedPicture({ ...STILL, color: '#000000', fromS: 0, seconds: 5 }),
    ...cachedPicture({ ...STILL, color: '#c02020', lowerColor: '#20c020', fromS: 5, seconds: 4 }),
  ];
  call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 9 });
  call.stream('anna', 'opus', cachedSound({ pitchHz: 600, seconds: 9 }), { fromS: 0, untilS: 9 });
  return call;
}

async function rendered(name: string, call: TestCall, more: Partial<RenderOrder> = {}): Promise<RenderedFile[]> {
  const order = { ...orderFor(join(folder, name)), ...more };
  call.write(order.bundleFolder);
  return (await renderToEnd(order)).files;
}

function stillsOf(file: RenderedFile | undefined): Stills {
  if (file?.stills === undefined) throw new Error('no stills');
  return file.stills;
}

async function colorOf(path: string, xPx: number, yPx: number): Promise<number[]> {
  const [[sample] = []] = await measureColors(path, [{ xPx, yPx, widthPx: 8, heightPx: 8 }]);
  if (sample === undefined) throw new Error('no picture');
  return [sample.r, sample.g, sample.b];
}

function expectColor(color: number[], wanted: number[]): void {
  color.forEach((value, index) => expect(Math.abs(value - (wanted[index] ?? 0))).toBeLessThan(10));
}

const bytesOf = ({ poster, thumbnails }: Stills): string[] =>
  [poster, thumbnails.picture, thumbnails.index].map(({ path }) => readFileSync(path, 'base64'));

describe.concurrent('stills', () => {
  test('the poster is the first picture that shows something, the thumbnails are all of them; colours are right', async () => {
    const [file] = await rendered('late', lateCall());
    const { poster, thumbnails } = stillsOf(file);
    expect([poster, thumbnails.picture, thumbnails.index].map(({ name }) => name)).toEqual([
      '1_7_1.poster.jpg',
      '1_7_1.thumbnails.jpg',
      '1_7_1.thumbnails.vtt',
    ]);
    for (const { path, sizeBytes } of [poster, thumbnails.picture, thumbnails.index])
      expect(statSync(path).size).toBe(sizeBytes);
    expect((await probeFile(poster.path)).video).toMatchObject({ codec: 'mjpeg', widthPx: 640, heightPx: 360 });
    expectColor(await colorOf(poster.path, 300, 80), [0xc0, 0x20, 0x20]);
    expectColor(await colorOf(poster.path, 300, 280), [0x20, 0xc0, 0x20]);
    // Key frames at 0, 2, 4, 6 and 8 s.
    const sheet = thumbnails.picture.path;
    expect((await probeFile(sheet)).video).toMatchObject({ widthPx: 5 * 160, heightPx: 90 });
    for (const [index, color] of [
      [0, [0, 0, 0]],
      [2, [0, 0, 0]],
      [3, [0xc0, 0x20, 0x20]],
      [4, [0xc0, 0x20, 0x20]],
    ] as const)
      expectColor(await colorOf(sheet, index * 160 + 70, 20), [...color]);
    const index = readFileSync(thumbnails.index.path, 'utf8');
    expect(index.startsWith('WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n1_7_1.thumbnails.jpg#xywh=0,0,160,90\n')).toBe(
      true,
    );
    expect(index).toContain('00:00:06.000 --> 00:00:08.000\n1_7_1.thumbnails.jpg#xywh=480,0,160,90\n');
  });

  test('upright pictures, one colour only, one picture only, or sound alone', async () => {
    const tall = { ...TEST_PARAMETERS, video: { ...TEST_PARAMETERS.video, widthPx: 360, heightPx: 640 } };
    const [upright] = await rendered('tall', lateCall(tall));
    expect((await probeFile(stillsOf(upright).poster.path)).video).toMatchObject({ widthPx: 360, heightPx: 640 });
    expect((await probeFile(stillsOf(upright).thumbnails.picture.path)).video).toMatchObject({ heightPx: 284 });

    const call = new TestCall();
    call.task(0.01, 0.06);
    call.user('anna', { fromS: 0, untilS: 1 });
    call.stream('anna', 'vp8', cachedPicture({ ...STILL, color: '#2020c0', seconds: 1 }), { fromS: 0, untilS: 1 });
    const [short] = await rendered('short', call);
    expectColor(await colorOf(stillsOf(short).poster.path, 100, 100), [0x20, 0x20, 0xc0]);
    expect((await probeFile(stillsOf(short).thumbnails.picture.path)).video).toMatchObject({ widthPx: 160 });

    const output = { format: 'mp4', media: 'audio' } as const;
    const [sound] = await rendered('sound', lateCall({ ...TEST_PARAMETERS, output }));
    expect(sound).toBeDefined();
    expect(sound?.stills).toBeUndefined();
  });

  test('each file of a split recording has its own, and so has a playlist', async () => {
    const files = await rendered('split', lateCall(), { splitAt: { durationMs: 4000 } });
    expect(files.map((file) => stillsOf(file).poster.name)).toEqual([
      '1_7_1.poster.jpg',
      '1_7_2.poster.jpg',
      '1_7_3.poster.jpg',
    ]);
    const black = await colorOf(stillsOf(files[0]).poster.path, 300, 80);
    expectColor(black, [0, 0, 0]);
    expectColor(await colorOf(stillsOf(files[1]).poster.path, 300, 80), [0xc0, 0x20, 0x20]);
    expect(readFileSync(stillsOf(files[2]).thumbnails.index.path, 'utf8')).toContain('00:00:00.000 --> ');
    const [playlist] = await rendered('hls', lateCall({ ...TEST_PARAMETERS, output: { format: 'hls' } }));
    expect(stillsOf(playlist).thumbnails.index.name).toBe('1_7.m3u8.thumbnails.vtt');
  });

  test('copied pictures have stills too; a single file has the alarms of its streams', async () => {
    const call = new TestCall();
    const alarms = { missingS: 2, silentS: 3 };
    call.task(-0.1, 9, { ...TEST_PARAMETERS, mode: 'single', single: { merged: true }, alarms });
    call.user('anna', { fromS: 0, untilS: 9 });
    const frames = cachedPicture({
      codec: 'h264',
      color: '#c02020',
      lowerColor: '#20c020',
      still: true,
      seconds: 9,
      keyInterval: 60,
    });
    call.stream('anna', 'h264', frames, { fromS: 0, untilS: 9, dataUntilS: 6 });
    call.stream('anna', 'opus', cachedSound({ pitchHz: 0, seconds: 9 }), { fromS: 0, untilS: 9 });
    const order = orderFor(join(folder, 'single'));
    call.write(order.bundleFolder);
    const { files, report } = await renderToEnd(order);
    const { poster, thumbnails } = stillsOf(files[0]);
    expectColor(await colorOf(poster.path, 150, 30), [0xc0, 0x20, 0x20]);
    expect((await probeFile(thumbnails.picture.path)).video).toMatchObject({ widthPx: 3 * 160, heightPx: 90 });
    expect(report.alarms.map(({ kind }) => kind)).toEqual(['silent', 'missing']);
    expect(report.streams.map(({ syncP95Ms }) => syncP95Ms)).toEqual([0, 0]);
  });

  test('a render that was killed makes the same ones', async () => {
    const order = orderFor(join(folder, 'killed'));
    lateCall().write(order.bundleFolder);
    const { child, messages, ended } = startRender(order);
    const isFar = new Promise<void>((resolve) => {
      child.on('message', () => {
        if (messages.some((message) => hasMade(message, 2))) resolve();
      });
    });
    await Promise.race([isFar, ended]);
    child.kill('SIGKILL');
    await ended;
    const { files } = await renderToEnd(order);
    const { poster, thumbnails } = stillsOf(files[0]);
    expectColor(await colorOf(poster.path, 300, 80), [0xc0, 0x20, 0x20]);
    // From the same segments: prepared while the call ran, or not, they are the same to the byte.
    const before = bytesOf({ poster, thumbnails });
    const plan = readPlan(join(order.workFolder, 'mixed'));
    if (plan === null) throw new Error('no plan');
    using maker = new StillsMaker(join(order.workFolder, 'mixed'), { plan });
    for (let turn = 0; turn < 9; turn += 1) maker.prepare();
    expect(bytesOf(stillsOf(maker.addTo(files)[0]))).toEqual(before);
  });

  test('of a long recording there are no more than 100, evenly spaced; what fails is left out', async () => {
    const order = orderFor(join(folder, 'long'));
    lateCall().write(order.bundleFolder);
    const { files } = await renderToEnd(order);
    const [file] = files;
    const plan = readPlan(join(order.workFolder, 'mixed'));
    if (file === undefined || plan === null) throw new Error('no file');
    const work = join(folder, 'many');
    mkdirSync(work);
    for (let index = 0; index < 3600; index += 1)
      symlinkSync(segmentPath(join(order.workFolder, 'mixed'), 3), segmentPath(work, index));
    for (const [segments, step, count] of [
      [100, 1, 100],
      [101, 2, 51],
      [200, 2, 100],
      [3600, 64, 57],
    ] as const) {
      using maker = new StillsMaker(work, { plan });
      const startMs = performance.now();
      const [made] = maker.addTo([{ ...file, durationUs: segments * 2_000_000 }]);
      process.stdout.write(`stills of ${segments} segments: ${(performance.now() - startMs).toFixed(0)} ms\n`);
      const cues = readFileSync(stillsOf(made).thumbnails.index.path, 'utf8').match(/ --> /g);
      expect(cues).toHaveLength(count);
      expect((await probeFile(stillsOf(made).thumbnails.picture.path)).video).toMatchObject({
        heightPx: Math.ceil(count / 10) * 90,
      });
      expect(readFileSync(stillsOf(made).thumbnails.index.path, 'utf8')).toContain(
        `\n00:00:00.000 --> ${new Date(step * 2000).toISOString().slice(11, 23)}\n`,
      );
    }
    // Whatever was held back, in whatever steps.
    using prepared = new StillsMaker(work, { plan });
    for (let turn = 0; turn < 800; turn += 1) prepared.prepare();
    const late = stillsOf(prepared.addTo([{ ...file, durationUs: 7_200_000_000 }])[0]);
    expect(readFileSync(late.thumbnails.index.path, 'utf8').match(/ --> /g)).toHaveLength(57);

    using broken = new StillsMaker(join(order.workFolder, 'mixed'), { plan: { ...plan, avcConfiguration: 'AAAA' } });
    broken.prepare();
    expect(broken.addTo(files.map(({ stills: _, ...rest }) => rest))[0]).not.toHaveProperty('stills');
  });
});

test('the parts of a sheet do not overlap and lie in it; times follow one another to the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 300 }), (count, half) => {
      const size = { width: 160, height: half * 2 };
      const places = thumbnailPlaces(count, size);
      expect(new Set(places.map(({ xPx, yPx }) => `${xPx},${yPx}`)).size).toBe(count);
      for (const { xPx, yPx } of places) expect([xPx % 160, yPx % size.height]).toEqual([0, 0]);
      const durationUs = count * 2_000_000 - 700_000;
      const thumbnails = places.map((_, index) => ({ picture: size as never, atUs: index * 2_000_000 }));
      const times = [
        ...thumbnailIndex(thumbnails, 'a b.jpg', durationUs).matchAll(/(\S+) --> (\S+)\na%20b\.jpg#xywh=/g),
      ];
      expect(times).toHaveLength(count);
      times.forEach(([, from, until], index) => {
        expect(from).toBe(times[index - 1]?.[2] ?? '00:00:00.000');
        expect(until).toBe(times[index + 1]?.[1] ?? new Date(durationUs / 1000).toISOString().slice(11, 23));
      });
    }),
  );
});

test('one colour, but for a little, is one colour', () => {
  const whole = { xPx: 0, yPx: 0, widthPx: 320, heightPx: 180 };
  using canvas = new Canvas({ widthPx: 320, heightPx: 180 });
  canvas.fill(whole, yuvOf('#2060a0'));
  canvas.fill({ xPx: 0, yPx: 0, widthPx: 16, heightPx: 8 }, yuvOf('#ffffff'));
  expect(isOneColor(canvas.frame)).toBe(true);
  canvas.fill({ xPx: 0, yPx: 0, widthPx: 64, heightPx: 60 }, yuvOf('#ffffff'));
  expect(isOneColor(canvas.frame)).toBe(false);
  // As bright, of another colour.
  canvas.fill(whole, { y: 100, u: 90, v: 128 });
  canvas.fill({ xPx: 0, yPx: 0, widthPx: 160, heightPx: 180 }, { y: 100, u: 160, v: 128 });
  expect(isOneColor(canvas.frame)).toBe(false);
});
