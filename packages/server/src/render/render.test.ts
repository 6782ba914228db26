import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type ColorSample,
  complaintsOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureTones,
  probeFile,
  type Rectangle,
  readSound,
} from '../../../../test/scorer/index.ts';
import { nowUs } from '../base/clock.ts';
import type { RenderedFile, RenderMessage, RenderOrder } from '../recording/render-protocol.ts';
import { FileParts } from './file-parts.ts';
import {
  cachedPicture,
  cachedSound,
  mixedReel,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-render-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FULL: Rectangle = { xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 };
const LEFT: Rectangle = { xPx: 0, yPx: 0, widthPx: 320, heightPx: 360 };
const RIGHT: Rectangle = { xPx: 320, yPx: 0, widthPx: 320, heightPx: 360 };
const ANNA = { color: '#802020', pitchHz: 600 };
const BEN = { color: '#2020a0', pitchHz: 1000 };
const TOLERANCE_US = 40_000;
const jitterMs = (index: number): number => (index * 7919) % 31;
const seconds = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

async function renderCall(
  name: string,
  call: TestCall,
): Promise<{ order: RenderOrder; file: RenderedFile; finished: Awaited<ReturnType<typeof renderToEnd>> }> {
  const order = orderFor(join(folder, name));
  call.write(order.bundleFolder);
  const finished = await renderToEnd(order);
  const [file] = finished.files;
  if (file === undefined) throw new Error('no file');
  return { order, file, finished };
}

/** Where whole seconds of the call lie in the file. */
function inFile(call: TestCall, file: RenderedFile, wholeSeconds: number[]): number[] {
  return wholeSeconds.map((atS) => call.startUs + atS * 1_000_000 - file.startUs);
}

function expectFlashes(samples: ColorSample[], plannedUs: number[]): void {
  expect(matchOnsets(flashOnsets(samples), plannedUs, TOLERANCE_US)).toMatchObject({ missingUs: [], extraUs: [] });
}

async function expectTones(file: RenderedFile, pitchHz: number, plannedUs: number[]): Promise<void> {
  expect(matchOnsets(await measureTones(file.path, pitchHz), plannedUs, TOLERANCE_US)).toMatchObject({
    missingUs: [],
    extraUs: [],
  });
}

const between = (samples: ColorSample[], fromUs: number, untilUs: number): ColorSample[] =>
  samples.filter(({ atUs }) => atUs >= fromUs && atUs < untilUs);
const isRed = ({ r, b }: ColorSample): boolean => r > 90 && b < 70;
const isBlue = ({ r, b }: ColorSample): boolean => b > 110 && r < 70;
const isWhite = ({ r, g, b }: ColorSample): boolean => Math.min(r, g, b) > 180;
const isDark = ({ r, g, b }: ColorSample): boolean => Math.max(r, g, b) < 30;

describe.concurrent('render', () => {
  test('VP8 and H.264 callers, with jitter: everybody in his place, seen and heard at the right time', async () => {
    const call = new TestCall();
    call.task(-0.1, 8);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 8, network: { delayMs: jitterMs } });
    call.caller('ben', {
      ...BEN,
      codec: 'h264',
      fromS: 0,
      untilS: 8,
      network: { delayMs: (index) => jitterMs(index + 3) },
    });
    const { file, finished } = await renderCall('plain', call);

    expect(await complaintsOf(file.path)).toBe('');
    const facts = await probeFile(file.path);
    expect(facts).toMatchObject({
      video: { codec: 'h264', widthPx: 640, heightPx: 360 },
      audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 },
    });
    expect(Math.abs(facts.durationUs - file.durationUs)).toBeLessThan(2_000);
    expect(Math.abs(file.durationUs - 8_000_000)).toBeLessThan(100_000);
    const bytes = readFileSync(file.path);
    expect(file).toMatchObject({
      name: '1_7_1.mp4',
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));

    const planned = inFile(call, file, seconds(0, 8));
    const [left = [], right = []] = await measureColors(file.path, [LEFT, RIGHT]);
    expectFlashes(left, planned);
    expectFlashes(right, planned);
    expect(left.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expect(right.every((sample) => isBlue(sample) || isWhite(sample))).toBe(true);
    await expectTones(file, ANNA.pitchHz, planned);
    await expectTones(file, BEN.pitchHz, planned);
    expect(
      finished.report.streams.map(({ codec, lostPackets, undecodable }) => ({ codec, lostPackets, undecodable })),
    ).toEqual(['opus', 'vp8', 'opus', 'h264'].map((codec) => ({ codec, lostPackets: 0, undecodable: 0 })));
  });

  test.for(['vp8', 'h264'] as const)(
    '%s: after a burst of losses the last picture is held until the next key frame',
    async (codec) => {
      const call = new TestCall();
      call.task(-0.1, 8);
      call.user('anna', { fromS: 0, untilS: 8 });
      // Key frames at 0, 2.5, 5 and 7.5 s; what is sent from 3.1 to 3.3 s is lost.
      const frames = cachedPicture({ codec, ...ANNA, seconds: 8, keyInterval: 75 });
      const lost = (index: number): boolean => index >= 110 && index < 120;
      call.stream('anna', codec, frames, { fromS: 0, untilS: 8, network: { lost } });
      call.stream('anna', 'opus', cachedSound({ pitchHz: ANNA.pitchHz, seconds: 8 }), {
        fromS: 0,
        untilS: 8,
        network: { lost: (index) => index >= 160 && index < 163 },
      });
      const { file, finished } = await renderCall(`loss-${codec}`, call);
      expect(await complaintsOf(file.path)).toBe('');
      const [full = []] = await measureColors(file.path, [FULL]);
      expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
      // The flash at 4 s is in the part that cannot be decoded.
      expectFlashes(full, inFile(call, file, [0, 1, 2, 3, 5, 6, 7]));
      await expectTones(file, ANNA.pitchHz, inFile(call, file, seconds(0, 8)));
      expect(finished.report.streams.map(({ lostPackets }) => lostPackets)).toEqual([10, 3]);
    },
  );

  test('a picture that changes its size goes on without a break', async () => {
    const call = new TestCall();
    call.task(-0.1, 6);
    call.user('anna', { fromS: 0, untilS: 6 });
    const small = cachedPicture({ codec: 'vp8', ...ANNA, seconds: 3 });
    const large = cachedPicture({ codec: 'vp8', ...ANNA, fromS: 3, seconds: 3, widthPx: 640, heightPx: 360 });
    call.stream('anna', 'vp8', [...small, ...large], { fromS: 0, untilS: 6 });
    const { file } = await renderCall('resize', call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expectFlashes(full, inFile(call, file, seconds(0, 6)));
  });

  test('a camera that is switched off leaves a dark place until it is back', async () => {
    const call = new TestCall();
    call.task(-0.1, 8);
    call.caller('ben', { ...BEN, codec: 'vp8', fromS: 0, untilS: 8 });
    call.user('anna', { fromS: 0.01, untilS: 8 });
    const frames = [
      ...cachedPicture({ codec: 'h264', ...ANNA, seconds: 3 }),
      ...cachedPicture({ codec: 'h264', ...ANNA, fromS: 5, seconds: 3 }),
    ];
    const streamId = call.stream('anna', 'h264', frames, { fromS: 0, untilS: 8 });
    call.event(3, { type: 'streamMuted', userId: 'anna', streamId });
    call.event(5.05, { type: 'streamUnmuted', userId: 'anna', streamId });
    const { file } = await renderCall('mute', call);
    const [left = [], right = []] = await measureColors(file.path, [LEFT, RIGHT]);
    const at = (atS: number): number => call.startUs + atS * 1e6 - file.startUs;
    expectFlashes(left, inFile(call, file, seconds(0, 8)));
    expect(between(right, 0, at(2.95)).every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expect(between(right, at(3.05), at(5)).every(isDark)).toBe(true);
    expect(between(right, at(5.12), at(7.9)).every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
  });

  test('places follow those who come late and leave early', async () => {
    const call = new TestCall();
    call.task(-0.1, 9);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    call.caller('ben', { ...BEN, codec: 'h264', fromS: 3, untilS: 6 });
    const { file } = await renderCall('late', call);
    const at = (atS: number): number => call.startUs + atS * 1e6 - file.startUs;
    const [full = [], left = [], right = []] = await measureColors(file.path, [FULL, LEFT, RIGHT]);
    for (const [from, until] of [
      [0, 2.85],
      [6.05, 9],
    ] as const) {
      expect(between(full, at(from), at(until)).every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    }
    expect(between(left, at(3.1), at(5.95)).every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expect(between(right, at(3.05), at(5.95)).every((sample) => isBlue(sample) || isWhite(sample))).toBe(true);
    await expectTones(file, ANNA.pitchHz, inFile(call, file, seconds(0, 9)));
    await expectTones(file, BEN.pitchHz, inFile(call, file, seconds(3, 6)));
  });

  test('a page that is killed: its picture ends soon after its last packet, the rest goes on', async () => {
    const call = new TestCall();
    call.task(-0.1, 9);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    call.event(-0.05, { type: 'userEntered', userId: 'ben' });
    call.stream('ben', 'vp8', cachedPicture({ codec: 'vp8', ...BEN, seconds: 9 }), {
      fromS: 0,
      untilS: 8,
      dataUntilS: 4,
      reason: 'timeout',
    });
    const { file } = await renderCall('killed', call);
    const at = (atS: number): number => call.startUs + atS * 1e6 - file.startUs;
    const [right = []] = await measureColors(file.path, [RIGHT]);
    expect(between(right, at(0.2), at(4.45)).every((sample) => isBlue(sample) || isWhite(sample))).toBe(true);
    expect(between(right, at(4.6), at(8.9)).every(isDark)).toBe(true);
    await expectTones(file, ANNA.pitchHz, inFile(call, file, seconds(0, 9)));
  });

  test('a task that begins in the middle shows at once what is there', async () => {
    const call = new TestCall();
    call.task(4.35, 6.9);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    const { file } = await renderCall('middle', call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expect(Math.abs(file.startUs - call.startUs - 4_350_000)).toBeLessThan(35_000);
    expectFlashes(full, inFile(call, file, [5, 6]));
    await expectTones(file, ANNA.pitchHz, inFile(call, file, [5, 6]));
  });

  test('a sender whose clock is 250 ppm fast stays in time', async () => {
    const call = new TestCall();
    call.task(-0.1, 60, { ...TEST_PARAMETERS, video: { ...TEST_PARAMETERS.video, widthPx: 64, heightPx: 64, fps: 5 } });
    call.user('anna', { fromS: 0, untilS: 60 });
    call.stream('anna', 'opus', cachedSound({ pitchHz: ANNA.pitchHz, seconds: 60 }), {
      fromS: 0,
      untilS: 60,
      network: { senderPpm: 250, delayMs: jitterMs },
    });
    const { file } = await renderCall('drift', call);
    const planned = seconds(0, 60).map((atS) => call.startUs + (atS * 1e6) / 1.00025 - file.startUs);
    const { offsetsMs, missingUs, extraUs } = matchOnsets(
      await measureTones(file.path, ANNA.pitchHz),
      planned,
      TOLERANCE_US,
    );
    expect({ missingUs, extraUs }).toEqual({ missingUs: [], extraUs: [] });
    const spread = Math.max(...offsetsMs) - Math.min(...offsetsMs);
    // 15 ms would have added up.
    expect(spread).toBeLessThan(6);
  });

  test('other rates and one channel', async () => {
    for (const [sampleRateHz, channels] of [
      [44_100, 1],
      [16_000, 2],
    ] as const) {
      const call = new TestCall();
      call.task(-0.1, 5, {
        ...TEST_PARAMETERS,
        audio: { sampleRateHz, channels, bitrateBps: 48_000 },
        video: { ...TEST_PARAMETERS.video, widthPx: 128, heightPx: 128, fps: 7 },
      });
      call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 5 });
      const { file } = await renderCall(`rate-${sampleRateHz}`, call);
      expect(await complaintsOf(file.path)).toBe('');
      expect(await probeFile(file.path)).toMatchObject({ audio: { sampleRateHz, channels } });
      await expectTones(file, ANNA.pitchHz, inFile(call, file, seconds(0, 5)));
    }
  });

  test('torn ends of dumps and journal cost no more than what is torn', async () => {
    const call = new TestCall();
    call.task(-0.1, 5);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 5 });
    const order = orderFor(join(folder, 'torn'));
    call.write(order.bundleFolder);
    for (const name of ['anna-audio-1.mjr', 'anna-video-2.mjr']) {
      const path = join(order.bundleFolder, name);
      truncateSync(path, statSync(path).size - 11);
    }
    appendFileSync(join(order.bundleFolder, 'journal.jsonl'), '{"seq":99,"atUs":1');
    const {
      files: [file],
    } = await renderToEnd(order);
    if (file === undefined) throw new Error('no file');
    expect(await complaintsOf(file.path)).toBe('');
    expectFlashes((await measureColors(file.path, [FULL]))[0] ?? [], inFile(call, file, seconds(0, 5)));
  });

  test('janus-pp-rec counts the same packets', async () => {
    const call = new TestCall();
    call.task(-0.1, 3);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 3 });
    const { order, finished } = await renderCall('janus', call);
    for (const { streamId, packets } of finished.report.streams) {
      const output = execFileSync('janus-pp-rec', ['--parse', join(order.bundleFolder, `${streamId}.mjr`)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(output).toMatch(new RegExp(`Counted ${packets} (RTP )?packets`));
    }
  });

  test('without a packet there is no file but a reason', async () => {
    const call = new TestCall();
    call.task(-0.1, 3);
    call.user('anna', { fromS: 0, untilS: 3 });
    const order = orderFor(join(folder, 'nothing'));
    call.write(order.bundleFolder);
    const { messages, ended } = startRender(order);
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(messages).toEqual([{ type: 'failed', code: 'NothingCaptured', detail: expect.any(String) }]);
  });

  test('a stream that never sends does not keep the file of the others waiting', async () => {
    const call = new TestCall(nowUs() - 24_000_000);
    call.event(-0.1, { type: 'taskStarted', taskId: 't1', fromUs: call.startUs, parameters: TEST_PARAMETERS });
    call.event(-0.1, { type: 'userEntered', userId: 'anna' });
    call.event(-0.1, { type: 'userEntered', userId: 'mute' });
    const never = { kind: 'audio', source: 'main', muted: false, dump: 'never.mjr' } as const;
    call.event(-0.1, { type: 'streamPublished', userId: 'mute', streamId: 'never', ...never });
    const frames = cachedPicture({ codec: 'vp8', ...ANNA, seconds: 12 });
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 12 });
    const order = orderFor(join(folder, 'stalled'));
    call.write(order.bundleFolder);
    const { child, messages, ended } = startRender(order);
    // Ten seconds of the call are further back than the longest wait.
    await waitFor(
      () => messages.some((message) => message.type === 'progress' && message.segments >= 5) || child.exitCode !== null,
    );
    child.kill('SIGKILL');
    await ended;
    expect(messages.filter(({ type }) => type === 'progress').length).toBeGreaterThanOrEqual(5);
  });

  test('ends when its parent lets go of it', async () => {
    const call = new TestCall(nowUs() - 10_000_000);
    call.event(-0.1, { type: 'taskStarted', taskId: 't1', fromUs: call.startUs, parameters: TEST_PARAMETERS });
    call.event(-0.1, { type: 'userEntered', userId: 'anna' });
    const frames = cachedPicture({ codec: 'vp8', ...ANNA, seconds: 8 });
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 8 });
    const order = orderFor(join(folder, 'alone'));
    call.write(order.bundleFolder);
    const { child, ended } = startRender(order);
    await new Promise((resolve) => child.once('spawn', resolve));
    child.disconnect();
    expect(await ended).toEqual({ code: 1, signal: null });
    const later = startRender(order);
    // It is at work when it has written its plan.
    await waitFor(() => existsSync(join(order.workFolder, 'mixed/plan.json')));
    later.child.disconnect();
    expect(await later.ended).toEqual({ code: 1, signal: null });
  });

  test('follows a call that runs, and is done soon after it', async () => {
    const call = new TestCall(nowUs() + 500_000);
    call.task(-0.1, 8);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 8, network: { delayMs: jitterMs } });
    call.caller('ben', { ...BEN, codec: 'h264', fromS: 2, untilS: 8 });
    const order = orderFor(join(folder, 'live'));
    const playing = call.play(order.bundleFolder, nowUs);
    const { messages, ended } = startRender(order);
    await playing;
    const hungUpMs = performance.now();
    const segmentsBefore = messages.length;
    expect(await ended).toEqual({ code: 0, signal: null });
    process.stdout.write(
      `live render: done ${Math.round(performance.now() - hungUpMs)} ms after hang-up, ${segmentsBefore} segments before it\n`,
    );
    expect(segmentsBefore).toBeGreaterThanOrEqual(1);
    const again = await renderToEnd({
      ...order,
      workFolder: `${order.workFolder}-again`,
      outFolder: `${order.outFolder}-again`,
    });
    const last = messages.at(-1);
    if (last?.type !== 'finished') throw new Error('not finished');
    // Live or later: the same file, to the byte.
    expect(last.files[0]?.sha256).toBe(again.files[0]?.sha256);
    expect(last.report.streams).toEqual(again.report.streams);
  });

  test('killed at any moment it goes on where it was: no hole, nothing twice', async () => {
    const call = new TestCall();
    call.task(-0.1, 12);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 12, network: { delayMs: jitterMs } });
    call.caller('ben', { ...BEN, codec: 'h264', fromS: 0, untilS: 12, network: { delayMs: jitterMs } });
    const { file: whole } = await renderCall('whole', call);
    const order = orderFor(join(folder, 'killed-often'));
    call.write(order.bundleFolder);
    const told = (messages: readonly RenderMessage[]): number[] =>
      messages.flatMap((message) => (message.type === 'progress' ? [message.segments] : []));
    for (const segments of [0, 1, 2, 4, 6]) {
      const { child, messages, ended } = startRender(order);
      await waitFor(() => told(messages).some((count) => count >= segments) || child.exitCode !== null);
      child.kill('SIGKILL');
      await ended;
      // A temporary file of the dead one must not disturb.
      writeFileSync(join(order.workFolder, 'mixed/segment-000001.m4s.tmp'), 'rubbish');
    }
    const finished = await renderToEnd(order);
    const [file] = finished.files;
    if (file === undefined) throw new Error('no file');
    expect(finished.report.resumedAtSegment).toBeGreaterThanOrEqual(4);
    expect(await complaintsOf(file.path)).toBe('');
    expect(await probeFile(file.path)).toEqual(await probeFile(whole.path));
    expect(file.startUs).toBe(whole.startUs);
    const [samples, wholeSamples] = [
      await measureColors(file.path, [LEFT, RIGHT]),
      await measureColors(whole.path, [LEFT, RIGHT]),
    ];
    samples.forEach((series, place) =>
      series.forEach(({ r, g, b }, index) => {
        const other = wholeSamples[place]?.[index];
        expect(
          Math.max(Math.abs(r - (other?.r ?? 0)), Math.abs(g - (other?.g ?? 0)), Math.abs(b - (other?.b ?? 0))),
        ).toBeLessThan(6);
      }),
    );
    const [sound, wholeSound] = [await readSound(file.path), await readSound(whole.path)];
    expect(sound.length).toBe(wholeSound.length);
    // A hole or a doubled frame would differ by as much as there is sound; coding noise is far below.
    const off = sound.reduce((sum, value, index) => sum + (value - (wholeSound[index] ?? 0)) ** 2, 0);
    const energy = wholeSound.reduce((sum, value) => sum + value ** 2, 0);
    process.stdout.write(`resumed sound differs by ${(10 * Math.log10(off / energy)).toFixed(1)} dB\n`);
    expect(off / energy).toBeLessThan(0.003);
    const planned = inFile(call, file, seconds(0, 12));
    expectFlashes(samples[0] ?? [], planned);
    await expectTones(file, ANNA.pitchHz, planned);
  });

  test('a file that grows with its segments is the same to see and hear as one made at the end', async () => {
    const call = new TestCall();
    call.task(-0.1, 7);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 7 });
    const { order, file } = await renderCall('grown', call);
    const mixed = mixedReel(order);
    const grownOrder = { ...mixed.order, outFolder: `${order.outFolder}-grown` };
    // Cut short, so that a part of the last segments is not used.
    using growing = FileParts.open(grownOrder, mixed.reel, { growsFromBytes: 20_000 });
    const [grown] = await growing.finish(5_000_000);
    const shortOrder = { ...mixed.order, outFolder: `${order.outFolder}-short` };
    using copied = FileParts.open(shortOrder, mixed.reel);
    const [short] = await copied.finish(5_000_000);
    if (grown === undefined || short === undefined) throw new Error('no file');
    expect(await complaintsOf(grown.path)).toBe('');
    expect(grown.sha256).toBe(createHash('sha256').update(readFileSync(grown.path)).digest('hex'));
    expect(grown.sizeBytes).toBe(statSync(grown.path).size);
    expect(file.durationUs).toBeGreaterThan(6_900_000);
    const hashes = (path: string): string =>
      execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 'framemd5', '-'], { encoding: 'utf8' });
    expect(hashes(grown.path)).toBe(hashes(short.path));
    expect(grown.durationUs).toBe(5_000_000);
  });

  test('what was rendered of the idle time before the task ended is not in the file', async () => {
    const call = new TestCall(nowUs() + 300_000);
    call.task(-0.1, 3, TEST_PARAMETERS, 9);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 3 });
    // Somebody stays and sends nothing, so the render goes on until the task is stopped.
    call.user('quiet', { fromS: 0, untilS: 9.5 });
    const order = orderFor(join(folder, 'idle'));
    const { messages, ended } = startRender(order);
    await call.play(order.bundleFolder, nowUs);
    await ended;
    const last = messages.at(-1);
    if (last?.type !== 'finished' || last.files[0] === undefined) throw new Error('not finished');
    expect(messages.filter(({ type }) => type === 'progress').length).toBeGreaterThanOrEqual(3);
    const { path, durationUs } = last.files[0];
    expect(Math.abs(durationUs - 3_000_000)).toBeLessThan(100_000);
    expect((await probeFile(path)).video?.durationUs).toBe(durationUs);
    expect(await complaintsOf(path)).toBe('');
  });
});

/** Waits until something is so, looking often. */
async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}
