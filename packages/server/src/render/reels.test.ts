import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type ColorSample,
  complaintsOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureTone,
  measureTones,
  probeFile,
} from '../../../../test/scorer/index.ts';
import { nowUs } from '../base/clock.ts';
import type { RenderedFile } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import {
  cachedPicture,
  cachedSound,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-reels-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANNA = { color: '#802020', pitchHz: 600 };
const BEN = { color: '#2020a0', pitchHz: 1000 };
const SCREEN = { color: '#208020', pitchHz: 1400 };
const MATCH = { missingUs: [], extraUs: [] };
const name = (userId: string, rest: string): string =>
  `1_7_UserId_s_${Buffer.from(userId).toString('base64').replaceAll('=', '.')}_UserId_e_${rest}`;

async function rendered(folderName: string, call: TestCall, rest = {}): Promise<RenderedFile[]> {
  const order = { ...orderFor(join(folder, folderName)), ...rest };
  call.write(order.bundleFolder);
  const { files } = await renderToEnd(order);
  for (const file of files) expect(await complaintsOf(file.path)).toBe('');
  return files;
}

function fileOf(files: readonly RenderedFile[], named: string): RenderedFile {
  const file = files.find((one) => one.name === named);
  if (file === undefined) throw new Error(`no ${named} in ${files.map((one) => one.name).join(', ')}`);
  return file;
}

/** Whole seconds of the call that lie in the file, as times of the file. */
function planned(call: TestCall, file: RenderedFile, fromS: number, untilS: number): number[] {
  return Array.from({ length: untilS - fromS }, (_, index) => call.startUs + (fromS + index) * 1e6 - file.startUs);
}

async function seen({ path, widthPx, heightPx }: RenderedFile): Promise<ColorSample[]> {
  const [samples = []] = await measureColors(path, [{ xPx: 0, yPx: 0, widthPx, heightPx }]);
  return samples;
}

async function expectFlashes(file: RenderedFile, times: number[]): Promise<void> {
  expect(matchOnsets(flashOnsets(await seen(file)), times, 40_000)).toMatchObject(MATCH);
}

async function expectTones(file: RenderedFile, pitchHz: number, times: number[]): Promise<void> {
  const tones = (await measureTones(file.path, pitchHz)).filter((atUs) => atUs < file.durationUs - 20_000);
  expect(matchOnsets(tones, times, 40_000)).toMatchObject(MATCH);
}

async function loudest({ path }: RenderedFile, pitchHz: number): Promise<number> {
  return (await measureTone(path, pitchHz)).reduce((most, { level }) => Math.max(most, level), 0);
}

const single = (rest: Partial<TaskParameters>): TaskParameters => ({ ...TEST_PARAMETERS, mode: 'single', ...rest });
/** Anna from 0 to 9 s, her screen with sound from 3 to 6 s, Ben from 2 to 9 s. */
function meeting(parameters: TaskParameters): TestCall {
  const call = new TestCall();
  call.task(-0.1, 9, parameters);
  call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
  call.caller('ben', { ...BEN, codec: 'vp8', fromS: 2, untilS: 9, widthPx: 360, heightPx: 640 });
  const screen = cachedPicture({
    codec: 'vp8',
    color: SCREEN.color,
    fromS: 3,
    seconds: 3,
    widthPx: 480,
    heightPx: 270,
  });
  call.stream('anna', 'vp8', screen, { fromS: 3, untilS: 6, source: 'aux' });
  const sound = cachedSound({ pitchHz: SCREEN.pitchHz, fromS: 3, seconds: 3 });
  call.stream('anna', 'opus', sound, { fromS: 3, untilS: 6, source: 'aux' });
  return call;
}

describe.concurrent('reels', () => {
  test('single, apart: a file for each stream, of its own size, each from its first packet to its last', async () => {
    const call = meeting(single({ output: { format: 'mp4' } }));
    const files = await rendered('apart', call);
    expect(files.map((file) => file.name).sort()).toEqual(
      [
        name('anna', 'main_1.mp4'),
        name('anna', 'main_1.aac'),
        name('anna', 'aux_1.mp4'),
        name('anna', 'aux_1.aac'),
        name('ben', 'main_1.mp4'),
        name('ben', 'main_1.aac'),
      ].sort(),
    );
    const anna = fileOf(files, name('anna', 'main_1.mp4'));
    expect(anna).toMatchObject({ userId: 'anna', source: 'main', media: 'video', audioCodec: null });
    expect([anna.widthPx, anna.heightPx]).toEqual([320, 180]);
    expect((await probeFile(anna.path)).audio).toBeNull();
    await expectFlashes(anna, planned(call, anna, 0, 9));
    const ben = fileOf(files, name('ben', 'main_1.mp4'));
    expect([ben.widthPx, ben.heightPx]).toEqual([360, 640]);
    expect(Math.abs(ben.startUs - call.startUs - 2e6)).toBeLessThan(100_000);
    expect(Math.abs(ben.durationUs - 7e6)).toBeLessThan(100_000);
    await expectFlashes(ben, planned(call, ben, 2, 9));
    await expectTones(fileOf(files, name('ben', 'main_1.aac')), BEN.pitchHz, planned(call, ben, 2, 9));
    const screen = fileOf(files, name('anna', 'aux_1.mp4'));
    expect([screen.widthPx, screen.heightPx]).toEqual([480, 270]);
    expect(Math.abs(screen.durationUs - 3e6)).toBeLessThan(100_000);
    await expectFlashes(screen, planned(call, screen, 3, 6));
    await expectTones(fileOf(files, name('anna', 'aux_1.aac')), SCREEN.pitchHz, planned(call, screen, 3, 6));
  });

  test('single, merged, and mixed beside it, as HLS and MP4', async () => {
    const call = meeting(
      single({ mode: 'both', single: { merged: true }, sources: 'main', output: { format: 'hls+mp4' } }),
    );
    const files = await rendered('both', call);
    expect(files.map((file) => file.name)).toEqual([
      '1_7.m3u8',
      '1_7_1.mp4',
      name('anna', 'main_audiovideo.m3u8'),
      name('anna', 'main_1.mp4'),
      name('ben', 'main_audiovideo.m3u8'),
      name('ben', 'main_1.mp4'),
    ]);
    // Each with stills of its own, though names differ in the ending only.
    const stills = files.flatMap((file) => [file.stills?.poster.name, file.stills?.thumbnails.index.name]);
    expect(new Set(stills).size).toBe(12);
    expect(stills).not.toContain(undefined);
    for (const end of ['_audiovideo.m3u8', '_1.mp4']) {
      const ben = fileOf(files, name('ben', `main${end}`));
      expect(ben).toMatchObject({ userId: 'ben', source: 'main', media: 'both' });
      await expectTones(ben, BEN.pitchHz, planned(call, ben, 2, 9));
      expect(await loudest(ben, ANNA.pitchHz)).toBeLessThan(0.1 * (await loudest(ben, BEN.pitchHz)));
    }
    const ben = fileOf(files, name('ben', 'main_1.mp4'));
    await expectFlashes(ben, planned(call, ben, 2, 9));
    const mixed = fileOf(files, '1_7_1.mp4');
    await expectTones(mixed, ANNA.pitchHz, planned(call, mixed, 0, 9));
    await expectTones(mixed, BEN.pitchHz, planned(call, mixed, 2, 9));
    expect(await loudest(mixed, SCREEN.pitchHz)).toBeLessThan(0.1 * (await loudest(mixed, ANNA.pitchHz)));
  });

  test.for(['last', 'black'] as const)('who is away for 3 s is away for 3 s in his file: %s picture', async (fill) => {
    const call = new TestCall();
    call.task(-0.1, 9, single({ single: { merged: true }, fill, sources: 'main' }));
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 3 });
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 6, untilS: 8 });
    call.caller('ben', { ...BEN, codec: 'vp8', fromS: 0, untilS: 9 });
    const files = await rendered(`away-${fill}`, call);
    const anna = fileOf(files, name('anna', 'main_1.mp4'));
    expect(files.length).toBe(2);
    expect(Math.abs(anna.durationUs - 8e6)).toBeLessThan(100_000);
    const times = [...planned(call, anna, 0, 3), ...planned(call, anna, 6, 8)];
    await expectFlashes(anna, times);
    await expectTones(anna, ANNA.pitchHz, times);
    const away = (await seen(anna)).filter(({ atUs }) => atUs > 3.6e6 && atUs < 5.9e6);
    expect(away.length).toBeGreaterThan(30);
    for (const { r, g, b } of away) {
      if (fill === 'last') expect([r > 90, b < 70]).toEqual([true, true]);
      else expect(Math.max(r, g, b)).toBeLessThan(10);
    }
  });

  // In the middle of the second one is a flash: the last picture before it is not from there.
  test.for([6.2, 6.6])('a pause up to %f s is not in the file: what comes before and behind it is', async (untilS) => {
    const call = new TestCall();
    call.task(-0.1, 10, TEST_PARAMETERS);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 10 });
    call.pause(3.5, untilS);
    const [file] = await rendered(`pause-${untilS}`, call);
    if (file === undefined) throw new Error('no file');
    const pauseUs = (untilS - 3.5) * 1e6;
    expect(Math.abs(file.durationUs - (10e6 - pauseUs))).toBeLessThan(100_000);
    const times = [...planned(call, file, 0, 4), ...planned(call, file, 7, 10).map((atUs) => atUs - pauseUs)];
    await expectFlashes(file, times);
    await expectTones(file, ANNA.pitchHz, times);
  });

  test.for([
    ['as captured', { merged: true, original: true }, 'main_1.webm'],
    ['encoded', { merged: true }, 'main_1.mp4'],
  ] as const)('a pause that is not captured either; single files: %s', async ([kind, files, end]) => {
    const call = new TestCall();
    call.task(-0.1, 10, single({ mode: 'both', single: files }));
    const uncaptured = { fromS: 3.51, untilS: 6.21 };
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 10, keyInterval: 15, uncaptured });
    call.pause(3.5, 6.2);
    const order = orderFor(join(folder, `uncaptured-${kind}`));
    call.write(order.bundleFolder);
    const { files: made, report } = await renderToEnd(order);
    expect(made).toHaveLength(2);
    // Each of the two streams has a part before the pause and one behind it.
    expect(report.streams.map((stream) => stream.kind).sort()).toEqual(['audio', 'audio', 'video', 'video']);
    expect(report.alarms).toEqual([]);
    for (const file of [fileOf(made, '1_7_1.mp4'), fileOf(made, name('anna', end))]) {
      expect(Math.abs(file.durationUs - 7.3e6)).toBeLessThan(100_000);
      const times = [...planned(call, file, 0, 4), ...planned(call, file, 7, 10).map((atUs) => atUs - 2.7e6)];
      await expectFlashes(file, times);
      await expectTones(file, ANNA.pitchHz, times);
    }
  });

  test('a task that is paused from its beginning begins where it goes on', async () => {
    const call = new TestCall();
    call.task(-0.1, 7, TEST_PARAMETERS);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 7 });
    call.pause(-0.05, 2.5);
    const [file] = await rendered('pause-begin', call);
    if (file === undefined) throw new Error('no file');
    expect(Math.abs(file.startUs - call.startUs - 2.5e6)).toBeLessThan(60_000);
    await expectFlashes(file, planned(call, file, 3, 7));
    await expectTones(file, ANNA.pitchHz, planned(call, file, 3, 7));
  });

  test('a task that ends in a pause ends where the pause began', async () => {
    const call = new TestCall();
    call.task(-0.1, 8, TEST_PARAMETERS);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 8 });
    call.event(4.5, { type: 'taskPaused', taskId: 't1' });
    const [file] = await rendered('pause-end', call);
    if (file === undefined) throw new Error('no file');
    expect(Math.abs(file.durationUs - 4.5e6)).toBeLessThan(100_000);
    await expectFlashes(file, planned(call, file, 0, 5));
    await expectTones(file, ANNA.pitchHz, planned(call, file, 0, 5));
  });

  test('a subscription that changes: who is not subscribed to is neither seen nor heard, from that moment on', async () => {
    const call = new TestCall();
    call.task(-0.1, 9, TEST_PARAMETERS);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    call.caller('ben', { ...BEN, codec: 'vp8', fromS: 0, untilS: 9 });
    call.modify(3.5, { ...TEST_PARAMETERS, subscription: { audio: ['an.*$'], video: ['an.*$'] } });
    call.modify(6.5, { ...TEST_PARAMETERS, subscription: { notAudio: ['anna'] } });
    const [file] = await rendered('subscription', call);
    if (file === undefined) throw new Error('no file');
    await expectTones(file, ANNA.pitchHz, planned(call, file, 0, 7));
    await expectTones(file, BEN.pitchHz, [...planned(call, file, 0, 4), ...planned(call, file, 7, 9)]);
    const right = { xPx: 400, yPx: 100, widthPx: 200, heightPx: 160 };
    const [samples = []] = await measureColors(file.path, [right]);
    const isBlue = ({ r, b }: ColorSample): boolean => b > 110 && r < 70;
    const isRed = ({ r, b }: ColorSample): boolean => r > 90 && b < 70;
    const at = (seconds: number): ColorSample | undefined =>
      samples.find(({ atUs }) => atUs >= call.startUs + seconds * 1e6 - file.startUs);
    expect(isBlue(at(3.3) as ColorSample)).toBe(true);
    expect(isRed(at(3.7) as ColorSample)).toBe(true);
    expect(isRed(at(6.3) as ColorSample)).toBe(true);
    expect(isBlue(at(6.7) as ColorSample)).toBe(true);
  });

  test('single files of those who are subscribed to, as long as they are', async () => {
    const parameters = single({ single: { merged: true }, subscription: { notVideo: ['ben'], notAudio: ['ben'] } });
    const call = new TestCall();
    call.task(-0.1, 9, parameters);
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    call.caller('ben', { ...BEN, codec: 'vp8', fromS: 0, untilS: 9 });
    call.modify(3.5, { ...parameters, subscription: {} });
    call.modify(6.5, { ...parameters, subscription: { notVideo: ['anna'], notAudio: ['anna'] } });
    const files = await rendered('subscribed', call);
    const [anna, ben] = [fileOf(files, name('anna', 'main_1.mp4')), fileOf(files, name('ben', 'main_1.mp4'))];
    expect(Math.abs(anna.durationUs - 6.5e6)).toBeLessThan(100_000);
    await expectFlashes(anna, planned(call, anna, 0, 7));
    await expectTones(anna, ANNA.pitchHz, planned(call, anna, 0, 7));
    expect(Math.abs(ben.startUs - call.startUs - 3.5e6)).toBeLessThan(100_000);
    expect(Math.abs(ben.durationUs - 5.5e6)).toBeLessThan(100_000);
    await expectFlashes(ben, planned(call, ben, 4, 9));
    await expectTones(ben, BEN.pitchHz, planned(call, ben, 4, 9));
  });

  test('H.264 of one user is copied: the pictures as they were sent, other sizes from their key frame on', async () => {
    const call = new TestCall();
    call.task(-0.1, 12, single({ single: { merged: true } }));
    call.user('anna', { fromS: 0, untilS: 12 });
    call.stream('anna', 'opus', cachedSound({ pitchHz: ANNA.pitchHz, seconds: 12 }), { fromS: 0, untilS: 12 });
    const picture = { codec: 'h264' as const, color: ANNA.color, keyInterval: 60 };
    const small = cachedPicture({ ...picture, seconds: 6 });
    const large = cachedPicture({ ...picture, seconds: 6, fromS: 6, widthPx: 480, heightPx: 270 });
    const frames = [...small, ...large];
    call.stream('anna', 'h264', frames, { fromS: 0, untilS: 12 });
    const [file] = await rendered('copied', call);
    if (file === undefined) throw new Error('no file');
    expect([file.widthPx, file.heightPx]).toEqual([320, 180]);
    expect(Math.abs(file.durationUs - 12e6)).toBeLessThan(100_000);
    // Every picture that was sent, and no other.
    expect((await probeFile(file.path)).video?.frames).toBe(frames.length);
    await expectFlashes(file, planned(call, file, 0, 12));
    await expectTones(file, ANNA.pitchHz, planned(call, file, 0, 12));
  });

  test.for(['vp8', 'vp9', 'av1', 'h264'] as const)('%s and Opus as they were captured', async (codec) => {
    const call = new TestCall();
    call.task(-0.1, 6, single({ single: { merged: true, original: true } }));
    call.caller('anna', { ...ANNA, codec, fromS: 0, untilS: 6 });
    const [file] = await rendered(`original-${codec}`, call);
    if (file === undefined) throw new Error('no file');
    expect(file).toMatchObject({ videoCodec: codec, audioCodec: 'opus', widthPx: 320, heightPx: 180 });
    expect(file.name).toBe(name('anna', codec === 'h264' ? 'main_1.mp4' : 'main_1.webm'));
    const facts = await probeFile(file.path);
    expect(facts).toMatchObject({ video: { codec }, audio: { codec: 'opus' } });
    expect((await seen(file)).length).toBe(180);
    await expectFlashes(file, planned(call, file, 0, 6));
    await expectTones(file, ANNA.pitchHz, planned(call, file, 0, 6));
  });

  test('originals: apart, and another file where the codec is another one', async () => {
    const call = new TestCall();
    call.task(-0.1, 8, single({ single: { original: true } }));
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 4 });
    call.caller('anna', { ...ANNA, codec: 'h264', fromS: 5, untilS: 8 });
    const files = await rendered('original-apart', call, { indexAlways: false });
    expect(files.map((file) => file.name).sort()).toEqual(
      [name('anna', 'main_1.webm'), name('anna', 'main_2.mp4'), name('anna', 'main.weba')].sort(),
    );
    const sound = fileOf(files, name('anna', 'main.weba'));
    await expectTones(sound, ANNA.pitchHz, [...planned(call, sound, 0, 4), ...planned(call, sound, 5, 8)]);
    const second = fileOf(files, name('anna', 'main_2.mp4'));
    await expectFlashes(second, planned(call, second, 5, 8));
    await expectFlashes(
      fileOf(files, name('anna', 'main_1.webm')),
      planned(call, fileOf(files, name('anna', 'main_1.webm')), 0, 4),
    );
  });

  test.for([3, 17, 29, 38])(
    'originals: who comes back %i ms beside the frames of the silence is heard in time',
    async (ms) => {
      const call = new TestCall();
      call.task(-0.1, 8, single({ single: { original: true }, output: { format: 'mp4', media: 'audio' } }));
      call.user('anna', { fromS: 0, untilS: 8 });
      const sound = cachedSound({ pitchHz: ANNA.pitchHz, seconds: 3 });
      const backS = 5 + ms / 1000;
      call.stream('anna', 'opus', sound, { fromS: 0, untilS: 3 });
      const later = sound.map((frame) => ({ ...frame, rtpTime: frame.rtpTime + backS * 48_000 }));
      call.stream('anna', 'opus', later, { fromS: backS, untilS: backS + 3 });
      const [file] = await rendered(`original-back-${ms}`, call);
      if (file === undefined) throw new Error('no file');
      const offsetUs = call.startUs - file.startUs;
      const back = [5, 6, 7].map((second) => offsetUs + (second + ms / 1000) * 1e6);
      const tones = (await measureTones(file.path, ANNA.pitchHz)).filter((atUs) => atUs > 4e6);
      expect(matchOnsets(tones, back, 8_000)).toMatchObject(MATCH);
    },
  );

  test('originals are split at key frames: nothing is lost or doubled', async () => {
    const call = new TestCall();
    call.task(-0.1, 9, single({ single: { merged: true, original: true } }));
    call.caller('anna', { ...ANNA, codec: 'vp8', keyInterval: 60, fromS: 0, untilS: 9 });
    const files = await rendered('original-split', call, { splitAt: { durationMs: 3_500 } });
    expect(files.map((file) => file.name)).toEqual([1, 2, 3].map((index) => name('anna', `main_${index}.webm`)));
    let frames = 0;
    for (const [index, file] of files.entries()) {
      const [fromS, untilS] = [index * 4, Math.min(9, index * 4 + 4)];
      frames += (await seen(file)).length;
      await expectFlashes(file, planned(call, file, fromS, untilS));
      await expectTones(file, ANNA.pitchHz, planned(call, file, fromS, untilS));
    }
    expect(frames).toBe(270);
  });

  test('what cannot be copied is encoded: turned pictures, another codec, a pause', async () => {
    const merged = single({ single: { merged: true }, sources: 'main' });
    const pause = new TestCall();
    pause.task(-0.1, 9, merged);
    pause.caller('anna', { ...ANNA, codec: 'h264', fromS: 0, untilS: 9 });
    pause.pause(5.5, 6.7);
    const [paused] = await rendered('not-paused', pause);
    if (paused === undefined) throw new Error('no file');
    const times = [...planned(pause, paused, 0, 6), ...planned(pause, paused, 7, 9).map((atUs) => atUs - 1.2e6)];
    await expectFlashes(paused, times);
    await expectTones(paused, ANNA.pitchHz, times);
    const codecs = new TestCall();
    codecs.task(-0.1, 10, merged);
    codecs.caller('anna', { ...ANNA, codec: 'h264', fromS: 0, untilS: 6 });
    codecs.caller('anna', { ...ANNA, codec: 'vp8', fromS: 7, untilS: 10 });
    const [other] = await rendered('not-codec', codecs);
    if (other === undefined) throw new Error('no file');
    const both = [...planned(codecs, other, 0, 6), ...planned(codecs, other, 7, 10)];
    await expectFlashes(other, both);
    await expectTones(other, ANNA.pitchHz, both);
    expect((await probeFile(other.path)).video?.frames).toBeCloseTo((other.durationUs * 15) / 1e6, -1);
  });

  test.for([false, true])(
    'live and later are the same files, to the byte, with a pause in them; originals: %s',
    async (original) => {
      const call = new TestCall(nowUs() + 500_000);
      call.task(-0.1, 9, single({ mode: 'both', single: { merged: true, original } }));
      call.caller('anna', { ...ANNA, codec: 'h264', fromS: 0, untilS: 9, keyInterval: 60 });
      call.caller('ben', { ...BEN, codec: 'vp8', fromS: 1, untilS: 4 });
      call.caller('ben', { ...BEN, codec: 'vp8', fromS: 6, untilS: 9 });
      if (original) call.pause(2.5, 3.5);
      const order = orderFor(join(folder, `live-${original}`));
      const playing = call.play(order.bundleFolder, nowUs);
      const live = await renderToEnd(order);
      await playing;
      const own = { workFolder: `${order.workFolder}-again`, outFolder: `${order.outFolder}-again` };
      const again = await renderToEnd({ ...order, ...own });
      const facts = (files: readonly RenderedFile[]): unknown => files.map((file) => [file.name, file.sha256]);
      expect(live.files.length).toBe(3);
      expect(facts(live.files)).toEqual(facts(again.files));
    },
  );

  test.for([
    ['copied', { output: { format: 'mp4' } }, 'h264'],
    ['encoded', { output: { format: 'hls+mp4' } }, 'vp8'],
    ['as captured', { single: { merged: true, original: true } }, 'vp8'],
  ] as const)('killed at any moment single files are whole: %s', async ([kind, changes, codec]) => {
    const call = new TestCall();
    call.task(-0.1, 12, single({ single: { merged: true }, ...changes }));
    call.caller('anna', { ...ANNA, codec, fromS: 0, untilS: 12, keyInterval: 45 });
    const order = orderFor(join(folder, `killed-${kind}`));
    call.write(order.bundleFolder);
    for (const workMs of [0, 150, 300, 450]) {
      const { child, messages, ended } = startRender(order);
      // Whatever it is at: the moments only have to differ.
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 250 + workMs))]);
      child.kill('SIGKILL');
      await ended;
      if (messages.some(({ type }) => type === 'finished')) break;
    }
    const { files } = await renderToEnd(order);
    for (const file of files) {
      expect(await complaintsOf(file.path)).toBe('');
      await expectTones(file, ANNA.pitchHz, planned(call, file, 0, 12));
      if (file.type === 'hls') continue;
      const pictures = await seen(file);
      expect(pictures.length).toBe(kind === 'encoded' ? Math.round((file.durationUs * 15) / 1e6) : 360);
      expect(matchOnsets(flashOnsets(pictures), planned(call, file, 0, 12), 40_000)).toMatchObject(MATCH);
    }
  });

  test('mixed, with the last picture where none comes', async () => {
    const call = new TestCall();
    call.task(-0.1, 6, { ...TEST_PARAMETERS, fill: 'last' });
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 6 });
    call.user('ben', { fromS: 0, untilS: 6 });
    const frames = cachedPicture({ codec: 'vp8', color: BEN.color, seconds: 3 });
    call.stream('ben', 'vp8', frames, { fromS: 0, untilS: 3 });
    const [file] = await rendered('mixed-last', call);
    if (file === undefined) throw new Error('no file');
    const [samples = []] = await measureColors(file.path, [{ xPx: 400, yPx: 100, widthPx: 200, heightPx: 160 }]);
    const late = samples.filter(({ atUs }) => atUs > 4e6);
    expect(late.length).toBeGreaterThan(20);
    for (const { r, b } of late) expect([b > 110, r < 70]).toEqual([true, true]);
  });
});
