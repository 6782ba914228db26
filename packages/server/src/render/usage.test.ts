import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nowUs } from '../base/clock.ts';
import type { RenderedFile, RenderMessage } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import type { UsageCount } from '../recording/usage-count.ts';
import {
  cachedPicture,
  cachedSound,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';
import type { SignalFrame, TestPicture } from './test-signal.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANNA = { color: '#802020', pitchHz: 600 };
const BEN = { color: '#2020a0', pitchHz: 1000 };
const single = (rest: Partial<TaskParameters>): TaskParameters => ({ ...TEST_PARAMETERS, mode: 'single', ...rest });

/** Seconds by mode and class. */
function secondsOf(usage: readonly UsageCount[]): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const { mode, class: kind, recordedUs } of usage)
    seconds[`${mode} ${kind}`] = (seconds[`${mode} ${kind}`] ?? 0) + recordedUs / 1e6;
  return seconds;
}

/** How long such files are together. */
function lengthS(files: readonly RenderedFile[], wanted: (file: RenderedFile) => boolean): number {
  return files.filter(wanted).reduce((sum, { durationUs }) => sum + durationUs / 1e6, 0);
}

/** As long, but for a frame of each of three files: the last one is shown whole. */
function near(seconds: number | undefined, expected: number): void {
  expect(Math.abs((seconds ?? 0) - expected)).toBeLessThan(0.21);
}

async function rendered(name: string, call: TestCall): Promise<{ files: RenderedFile[]; usage: UsageCount[] }> {
  const order = orderFor(join(folder, name));
  call.write(order.bundleFolder);
  return renderToEnd(order);
}

/** A picture that grows from SD to HD in mid-stream. */
function growing(codec: TestPicture['codec'], { growsS, untilS }: { growsS: number; untilS: number }): SignalFrame[] {
  const options = { codec, color: ANNA.color, fps: 10, keyInterval: 20 };
  return [
    ...cachedPicture({ ...options, fromS: 0, seconds: growsS }),
    ...cachedPicture({ ...options, fromS: growsS, seconds: untilS - growsS, widthPx: 1280, heightPx: 720 }),
  ];
}

/** Anna, whose picture grows after 8 of 17 seconds. */
function growingCall(codec: TestPicture['codec'], parameters: TaskParameters, startUs?: number): TestCall {
  const call = new TestCall(startUs);
  call.task(-0.1, 17, parameters);
  call.user('anna', { fromS: 0, untilS: 17 });
  const span = { fromS: 0, untilS: 17 };
  call.stream('anna', 'opus', cachedSound({ pitchHz: ANNA.pitchHz, seconds: 17 }), span);
  call.stream('anna', codec, growing(codec, { growsS: 8, untilS: 17 }), span);
  return call;
}

describe.concurrent('usage', () => {
  test('is what is in the files: mixed and single, each once though there are two formats, without the pause', async () => {
    // Five minutes end in the middle of it.
    const borderUs = 1_790_000_100_000_000;
    const call = new TestCall(borderUs - 5e6);
    call.task(-0.1, 10, { ...TEST_PARAMETERS, mode: 'both', single: { merged: true }, output: { format: 'hls+mp4' } });
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 10 });
    call.caller('ben', { ...BEN, codec: 'vp8', fromS: 1, untilS: 9 });
    call.pause(2, 4);
    const { files, usage } = await rendered('both', call);
    const seconds = secondsOf(usage);
    expect(Object.keys(seconds)).toEqual(['mixed sd', 'single sd']);
    near(
      seconds['mixed sd'],
      lengthS(files, ({ type, userId }) => type === 'mp4' && userId === null),
    );
    near(
      seconds['single sd'],
      lengthS(files, ({ type, userId }) => type === 'mp4' && userId !== null),
    );
    expect(Math.abs((seconds['mixed sd'] ?? 0) - 8)).toBeLessThan(0.1);
    expect(Math.abs((seconds['single sd'] ?? 0) - 14)).toBeLessThan(0.2);
    const before = secondsOf(usage.filter(({ bucketUs }) => bucketUs === borderUs - 300e6));
    expect(Math.abs((before['mixed sd'] ?? 0) - 3)).toBeLessThan(0.1);
    expect(new Set(usage.map(({ bucketUs }) => bucketUs))).toEqual(new Set([borderUs - 300e6, borderUs]));
  });

  test.for([
    ['encoded', {}],
    ['as captured', { single: { original: true } }],
  ] as const)('sound in a file of its own counts where there is no picture beside it: %s', async ([kind, changes]) => {
    const call = new TestCall();
    call.task(-0.1, 9, single(changes));
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 9 });
    call.user('ben', { fromS: 2, untilS: 9 });
    const sound = cachedSound({ pitchHz: BEN.pitchHz, fromS: 2, seconds: 7 });
    call.stream('ben', 'opus', sound, { fromS: 2, untilS: 9 });
    const picture = cachedPicture({ codec: 'vp8', color: BEN.color, fromS: 2, seconds: 3 });
    call.stream('ben', 'vp8', picture, { fromS: 2, untilS: 5 });
    const { usage, files } = await rendered(`apart-${kind}`, call);
    const seconds = secondsOf(usage);
    expect(files).toHaveLength(4);
    near(
      seconds['single sd'],
      lengthS(files, ({ media }) => media === 'video'),
    );
    expect(Math.abs((seconds['single sd'] ?? 0) - 12)).toBeLessThan(0.2);
    expect(Math.abs((seconds['single audio'] ?? 0) - 4)).toBeLessThan(0.3);
    expect(Object.keys(seconds).sort()).toEqual(['single audio', 'single sd']);
  });

  test('of sound alone is audio; of a file with a picture that nobody fills it is video', async () => {
    const call = (parameters: TaskParameters): TestCall => {
      const spoken = new TestCall();
      spoken.task(-0.1, 4, parameters);
      spoken.user('anna', { fromS: 0, untilS: 4 });
      spoken.stream('anna', 'opus', cachedSound({ pitchHz: ANNA.pitchHz, seconds: 4 }), { fromS: 0, untilS: 4 });
      return spoken;
    };
    const aac = await rendered('aac', call({ ...TEST_PARAMETERS, output: { format: 'aac' } }));
    expect(Object.keys(secondsOf(aac.usage))).toEqual(['mixed audio']);
    near(
      secondsOf(aac.usage)['mixed audio'],
      lengthS(aac.files, () => true),
    );
    const hd = { ...TEST_PARAMETERS.video, widthPx: 960, heightPx: 540 };
    const mp4 = await rendered('no-picture', call({ ...TEST_PARAMETERS, video: hd }));
    expect(Object.keys(secondsOf(mp4.usage))).toEqual(['mixed hd']);
    const webm = await rendered('weba', call(single({ single: { merged: true, original: true } })));
    expect(Object.keys(secondsOf(webm.usage))).toEqual(['single audio']);
    near(
      secondsOf(webm.usage)['single audio'],
      lengthS(webm.files, () => true),
    );
  });

  test.for([
    ['copied', {}, 'h264'],
    ['encoded', {}, 'vp8'],
    ['as captured', { single: { merged: true, original: true } }, 'vp8'],
    ['as captured', { single: { merged: true, original: true } }, 'h264'],
  ] as const)(
    'of a picture that grows counts as what it is, looked at every five seconds: %s %s %s',
    async ([kind, changes, codec]) => {
      const call = growingCall(codec, single({ single: { merged: true }, output: { format: 'mp4' }, ...changes }));
      const { files, usage } = await rendered(`grows-${kind}-${codec}`, call);
      const { 'single sd': sd = 0, 'single hd': hd = 0, ...others } = secondsOf(usage);
      expect(others).toEqual({});
      near(
        sd + hd,
        lengthS(files, () => true),
      );
      // It begins with whole five seconds, and grows 3 s before the next ones do.
      expect(sd).toBeGreaterThan(9.8);
      expect(sd).toBeLessThan(10.2);
      expect(hd).toBeGreaterThan(6.8);
    },
  );

  test('is told in time while the call runs, never less than before, and in the end as of the finished call', async () => {
    const call = new TestCall(nowUs() + 500_000);
    call.task(-0.1, 25, { ...TEST_PARAMETERS, mode: 'both', single: { merged: true } });
    call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: 25 });
    call.pause(3, 5);
    const order = orderFor(join(folder, 'live'));
    const playing = call.play(order.bundleFolder, nowUs);
    const { child, messages, ended } = startRender(order);
    const late: number[] = [];
    const told: number[] = [];
    child.on('message', (message: RenderMessage) => {
      if (message.type !== 'usage') return;
      const { 'mixed sd': seconds = 0 } = secondsOf(message.usage);
      told.push(seconds);
      late.push((nowUs() - call.startUs) / 1e6 - 2 - seconds);
    });
    await playing;
    await ended;
    const last = messages.at(-1);
    if (last?.type !== 'finished') throw new Error('not finished');
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    for (const seconds of late) expect(seconds).toBeLessThan(20);
    const own = { workFolder: `${order.workFolder}-again`, outFolder: `${order.outFolder}-again` };
    const again = await renderToEnd({ ...order, ...own });
    expect(last.usage).toEqual(again.usage);
    expect(Math.abs((secondsOf(last.usage)['mixed sd'] ?? 0) - 23)).toBeLessThan(0.1);
  });

  test.for([
    ['copied', {}, 'h264'],
    ['encoded', { output: { format: 'hls+mp4' } }, 'vp8'],
    ['apart', { single: {} }, 'vp8'],
    ['as captured', { single: { merged: true, original: true } }, 'vp8'],
  ] as const)('is the same however often the render is killed: %s', async ([kind, changes, codec]) => {
    const video = { ...TEST_PARAMETERS.video, keyframeIntervalS: 1 };
    // Five minutes end within it.
    const startUs = 1_790_000_100_000_000 - 7e6;
    const parameters = single({ video, single: { merged: true }, output: { format: 'mp4' }, ...changes });
    const call = growingCall(codec, parameters, startUs);
    const order = orderFor(join(folder, `killed-${kind}`));
    call.write(order.bundleFolder);
    const own = { workFolder: `${order.workFolder}-whole`, outFolder: `${order.outFolder}-whole` };
    const whole = await renderToEnd({ ...order, ...own });
    let killed = 0;
    for (const workMs of [0, 150, 300, 600]) {
      const { child, messages, ended } = startRender(order);
      // Whatever it is at: the moments only have to differ.
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 250 + workMs))]);
      child.kill('SIGKILL');
      await ended;
      if (!messages.some(({ type }) => type === 'finished')) killed += 1;
    }
    expect(killed).toBeGreaterThan(0);
    expect((await renderToEnd(order)).usage).toEqual(whole.usage);
    // As it is killed before the last segments: the picture had grown long before, and is not seen to grow again.
    const removed = removeLastSegments(order.workFolder);
    const { usage, report } = await renderToEnd(order);
    expect(report.resumedAtSegment).toBe(removed);
    expect(removed > 5).toBe(kind !== 'as captured');
    expect(usage).toEqual(whole.usage);
    const { 'single sd': sd = 0, 'single hd': hd = 0 } = secondsOf(usage);
    expect(Math.abs(sd + hd - 17)).toBeLessThan(0.2);
    expect(Math.min(sd, hd)).toBeGreaterThan(4);
  });
});

/** Removes the last segment of each reel; answers how many are left. */
function removeLastSegments(workFolder: string): number {
  let left = 0;
  for (const reel of readdirSync(workFolder)) {
    const segments = readdirSync(join(workFolder, reel))
      .filter((name) => name.endsWith('.m4s'))
      .sort();
    const last = segments.pop();
    if (last !== undefined) rmSync(join(workFolder, reel, last));
    left += segments.length;
  }
  return left;
}
