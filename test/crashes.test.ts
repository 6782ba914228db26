import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { LEFT, LENGTH_TOLERANCE_S, RIGHT } from './harness/places.ts';
import { childrenOf } from './harness/process-tree.ts';
import { ServerProcess } from './harness/server-process.ts';
import { PLACEHOLDER, strangers } from './harness/strangers.ts';
import { expectInSync, judge } from './harness/verdict.ts';
import { streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors, probeFile } from './scorer/index.ts';

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

test('kill -9 of the render child in the middle of a call: one file without a hole', async () => {
  const done = taskFinished(server);
  const call = await holdCall(server, { browsers: { all: browser }, prefix: 'render-' });
  for (const pause of [5, 3]) {
    await talk(pause);
    const crashed = server.next(({ msg }) => msg === 'render crashed');
    const [render] = childrenOf(server.pid).filter(({ command }) => command.includes('render/main.ts'));
    if (render === undefined) throw new Error('No render child runs.');
    process.kill(render.pid, 'SIGKILL');
    await crashed;
  }
  await talk(5);
  const finished = await hangUp(call, done);
  await isWhole(finished, 'render-', 12);
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
  console.log(`file ${(file.durationUs / 1e6).toFixed(2)} s, ready ${readyMs.toFixed(0)} ms after hang-up`);
}
