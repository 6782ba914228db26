import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { inState, press, startChromium } from './harness/chromium.ts';
import {
  type Finished,
  finishedRecording,
  type HeldCall,
  holdCall,
  SIGNALS,
  talk,
  taskFinished,
} from './harness/held-call.ts';
import { randomFrom } from './harness/lossy-relay.ts';
import { LEFT, LENGTH_TOLERANCE_S, RIGHT } from './harness/places.ts';
import { childrenOf } from './harness/process-tree.ts';
import { renderAgain } from './harness/render-again.ts';
import { ServerProcess } from './harness/server-process.ts';
import { PLACEHOLDER, strangers } from './harness/strangers.ts';
import { expectInSync, judge } from './harness/verdict.ts';
import { streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors, pictureTimes, probeFile, readSound, soundTimes } from './scorer/index.ts';

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test.for(['SIGKILL', 'SIGTERM'] as const)(
  '%s of the server in the middle of a call: media flows on, the next server takes over, one file without a hole',
  async (signal) => {
    const prefix = `${signal}-`;
    const call = await holdCall(server, { browsers: { all: browser }, prefix });
    await talk(5);
    await server.kill(signal);
    await talk(3);
    await server.run();
    const done = taskFinished(server);
    expect(server.lines.findLast(({ msg }) => msg === 'media server runs')).toMatchObject({ claimed: true });
    await talk(6);
    const finished = await hangUp(call, done);
    await isWhole(finished, prefix, 13);
  },
);

/** Kills of the render child during one call, at moments that this seed chooses. */
const KILLS = 10;
const SEED = 20_261_122;
/** The server gives up after six crashes without progress: as many without waiting for a further segment are safe. */
const KILLS_WITHOUT_PROGRESS = 3;

test('kill -9 of the render child at ten random moments of a call: one file, its joints neither seen nor heard', async () => {
  // A segment a second: each is a joint that a crash can fall on.
  const video = { ...DEFAULT_TASK_PARAMETERS.video, keyframeIntervalS: 1 };
  await server.setTemplate({ video });
  const random = randomFrom(SEED);
  const done = taskFinished(server);
  const call = await holdCall(server, { browsers: { all: browser }, prefix: 'render-' });
  await server.setTemplate({});
  await talk(2);
  let killed = 0;
  let [segments, inVain] = [0, 0];
  while (killed < KILLS) {
    await talk(0.2 + 2 * random());
    const finished = await finishedSegments(server.folder);
    inVain = finished > segments ? 0 : inVain;
    segments = finished;
    const [render] = childrenOf(server.pid).filter(({ command }) => command.includes('render/main.ts'));
    // Between two children there is none, and a fourth crash in vain would only show how patient the server is.
    if (render === undefined || inVain >= KILLS_WITHOUT_PROGRESS) continue;
    const crashed = server.next(({ msg }) => msg === 'render crashed');
    process.kill(render.pid, 'SIGKILL');
    await crashed;
    killed += 1;
    inVain += 1;
  }
  await talk(2);
  const finished = await hangUp(call, done);
  console.log(`${killed} kills within ${finished.callS.toFixed(1)} s, the last one after ${segments} segments`);
  await isWhole(finished, 'render-', 12);
  const [whole] = await renderAgain(finished.captureFolder, join(server.folder, 'again'), { video });
  await isSeamless(finished.path, whole ?? '');
});

test('kill -9 of Janus in the middle of a call: callers publish anew by themselves; one task, one file, the gap as it was', async () => {
  const done = taskFinished(server);
  const call = await holdCall(server, { browsers: { all: browser }, prefix: 'janus-' });
  await talk(5);
  const published = server.next(({ msg }) => msg === 'streams published', 2);
  const killedUs = Date.now() * 1000;
  process.kill(Number(await readFile(join(server.folder, 'janus/janus.pid'), 'utf8')), 'SIGKILL');
  await published;
  const backUs = Date.now() * 1000;
  await talk(6);
  const { path, file, captureFolder, callS, setupS } = await hangUp(call, done);
  expect(await complaintsOf(path)).toBe('');
  expect(Math.abs(file.durationUs / 1e6 - (callS - setupS))).toBeLessThan(LENGTH_TOLERANCE_S);
  const streams = await streamsOf(captureFolder);
  expect(streams).toHaveLength(8);
  const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
  const [gone, back] = [killedUs - file.startUs, backUs - file.startUs];
  console.log(`published anew ${((backUs - killedUs) / 1e6).toFixed(2)} s after the kill`);
  for (const [samples, color] of [
    [left, SIGNALS.alice.color],
    [right, SIGNALS.bob.color],
  ] as const) {
    expect(strangers(samples, [color], { fromUs: 500_000, untilUs: gone - 200_000 })).toEqual([]);
    // The last picture, then the empty place: nothing else may be seen in the gap.
    expect(strangers(samples, [color, PLACEHOLDER], { fromUs: gone - 200_000, untilUs: back + 2_000_000 })).toEqual([]);
    expect(strangers(samples, [color], { fromUs: back + 2_000_000 })).toEqual([]);
  }
  const verdicts = await judge(
    { path, startUs: file.startUs },
    captureFolder,
    streams.slice(4),
    [
      { userId: 'janus-alice', pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT },
      { userId: 'janus-bob', pitchHz: SIGNALS.bob.pitchHz, rectangle: RIGHT },
    ],
    { fromUs: backUs + 2_000_000, untilUs: file.startUs + file.durationUs - 200_000 },
  );
  expectInSync(verdicts, 3);
});

async function hangUp({ callers, callId }: HeldCall, done: ReturnType<typeof taskFinished>): Promise<Finished> {
  const { alice, bob } = callers;
  if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
  await press(alice, 'hangup');
  await inState(bob, 'ended');
  const finished = await finishedRecording(server, callId, done);
  for (const { context } of [alice, bob]) await context.close();
  return finished;
}

/** Both are seen in every picture and heard at every second, in sync, and no picture is missing or doubled. */
async function isWhole(
  { path, file, captureFolder, callS, setupS, readyMs }: Finished,
  prefix: string,
  leastSeconds: number,
): Promise<void> {
  expect(await complaintsOf(path)).toBe('');
  const facts = await probeFile(path);
  expect(Math.abs(file.durationUs / 1e6 - (callS - setupS))).toBeLessThan(LENGTH_TOLERANCE_S);
  expect(Math.abs((facts.video?.frames ?? 0) - Math.round((file.durationUs / 1e6) * 15))).toBeLessThanOrEqual(1);
  expect(Math.abs((facts.audio?.durationUs ?? 0) - (facts.video?.durationUs ?? 0))).toBeLessThan(50_000);
  const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
  expect(strangers(left, [SIGNALS.alice.color], { fromUs: 500_000 })).toEqual([]);
  expect(strangers(right, [SIGNALS.bob.color], { fromUs: 500_000 })).toEqual([]);
  const streams = await streamsOf(captureFolder);
  expect(streams, 'nobody had to publish anew').toHaveLength(4);
  const verdicts = await judge(
    { path, startUs: file.startUs },
    captureFolder,
    streams,
    [
      { userId: `${prefix}alice`, pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT },
      { userId: `${prefix}bob`, pitchHz: SIGNALS.bob.pitchHz, rectangle: RIGHT },
    ],
    { fromUs: file.startUs + 500_000, untilUs: file.startUs + file.durationUs - 200_000 },
  );
  expectInSync(verdicts, leastSeconds - 1);
  await isCounted();
  console.log(`file ${(file.durationUs / 1e6).toFixed(2)} s, ready ${readyMs.toFixed(0)} ms after hang-up`);
}

/** What was recorded is counted: as long as all files of this server are, to the frame, and nothing twice. */
async function isCounted(): Promise<void> {
  const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
  const [from, to] = [day(Date.now() - 86_400_000), day(Date.now() + 86_400_000)];
  const { usage } = (await (await server.api(`/api/v1/usage?from=${from}&to=${to}`)).json()) as {
    usage: { mode: string; class: string; recordedUs: number }[];
  };
  const { media } = (await (await server.api('/api/v1/media?limit=100')).json()) as { media: { durationUs: number }[] };
  expect(new Set(usage.map(({ mode, class: kind }) => `${mode} ${kind}`))).toEqual(new Set(['mixed hd']));
  const recordedUs = usage.reduce((sum, entry) => sum + entry.recordedUs, 0);
  const filesUs = media.reduce((sum, file) => sum + file.durationUs, 0);
  expect(Math.abs(recordedUs - filesUs)).toBeLessThan(67_000 * media.length);
}

/** How many segments lie in the folders of the renders under way. */
async function finishedSegments(dataFolder: string): Promise<number> {
  const names = await readdir(join(dataFolder, 'renders'), { recursive: true });
  return names.filter((name) => /segment-\d+\.m4s$/.test(name)).length;
}

/** Each picture is where the rate says, each block of sound begins where the one before it ends, and it sounds as if rendered in one go. */
async function isSeamless(path: string, wholePath: string): Promise<void> {
  const times = await pictureTimes(path);
  const off = times.map((atUs, index) => Math.abs(atUs - (index * 1e6) / 15));
  expect(Math.max(...off), 'pictures beside their times, µs').toBeLessThan(1_000);
  const sound = await soundTimes(path);
  const steps = sound.slice(1).map((atUs, index) => Math.abs(atUs - (sound[index] ?? 0) - (1024 * 1e6) / 48_000));
  expect(Math.max(...steps), 'blocks of sound beside their times, µs').toBeLessThan(1_000);
  // What Chromium sends on a busy machine clicks by itself: a joint is what a render in one go of the same capture does not have.
  const [samples, whole] = [await readSound(path), await readSound(wholePath)];
  let [power, difference] = [0, 0];
  for (const [index, sample] of whole.entries()) {
    power += sample ** 2;
    difference += (sample - (samples[index] ?? 0)) ** 2;
  }
  const differenceDb = 10 * Math.log10(difference / power);
  console.log(`sound differs by ${differenceDb.toFixed(1)} dB from that of a render in one go`);
  expect(samples.length).toBe(whole.length);
  expect(differenceDb).toBeLessThan(-25);
}
