import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inState, press, startChromium } from './harness/chromium.ts';
import { finishedRecording, holdCall, SIGNALS, talk, taskFinished } from './harness/held-call.ts';
import { LEFT, QUARTERS, RIGHT } from './harness/places.ts';
import { ServerProcess } from './harness/server-process.ts';
import { PLACEHOLDER, strangers } from './harness/strangers.ts';
import { expectInSync, judge } from './harness/verdict.ts';
import { streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors } from './scorer/index.ts';

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true', CALLREEL_MEDIA_TIMEOUT_S: '4' });
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** When the server had done something, in µs since the epoch. */
function timeOf(line: Record<string, unknown>): number {
  return Date.parse(String(line['time'])) * 1000;
}

test('a caller who leaves a group early: the place is given to the others at that moment', async () => {
  const done = taskFinished(server);
  const { callers, callId } = await holdCall(server, {
    browsers: { all: browser },
    others: ['bob', 'carol'],
    fps: 15,
    prefix: 'early-',
  });
  const { alice, bob, carol } = callers as Required<typeof callers>;
  if (!alice || !bob || !carol) throw new Error('A caller is missing.');
  await talk(6);
  const gone = server.next(({ msg }) => msg === 'user left');
  await press(carol, 'hangup');
  const leftUs = timeOf(await gone);
  await talk(5);
  await press(alice, 'hangup');
  const { file, path, captureFolder } = await finishedRecording(server, callId, done);
  expect(await complaintsOf(path)).toBe('');
  const at = leftUs - file.startUs;
  const everybodyInUs = 3_000_000;
  const order = await orderOfEntry(captureFolder);
  const colors = order.map((userId) => SIGNALS[userId.replace('early-', '') as keyof typeof SIGNALS].color);
  const [q0 = [], q1 = [], q2 = [], left = [], right = []] = await measureColors(path, [...QUARTERS, LEFT, RIGHT]);
  for (const [index, quarter] of [q0, q1, q2].entries()) {
    expect(strangers(quarter, [colors[index] ?? ''], { fromUs: everybodyInUs, untilUs: at - 100_000 })).toEqual([]);
  }
  const stay = order
    .filter((userId) => userId !== 'early-carol')
    .map((userId) => SIGNALS[userId.replace('early-', '') as keyof typeof SIGNALS].color);
  expect(strangers(left, [stay[0] ?? ''], { fromUs: at + 200_000 })).toEqual([]);
  expect(strangers(right, [stay[1] ?? ''], { fromUs: at + 200_000 })).toEqual([]);
  const verdicts = await judge(
    { path, startUs: file.startUs },
    captureFolder,
    await streamsOf(captureFolder),
    [
      { userId: 'early-alice', pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT },
      { userId: 'early-bob', pitchHz: SIGNALS.bob.pitchHz, rectangle: RIGHT },
    ],
    { fromUs: leftUs + 500_000, untilUs: file.startUs + file.durationUs - 200_000 },
  );
  expectInSync(verdicts, 3);
  for (const { context } of [alice, bob, carol]) await context.close();
});

test('a caller who switches the camera off and on: an empty place meanwhile, and the voice goes on', async () => {
  const done = taskFinished(server);
  const { callers, callId } = await holdCall(server, { browsers: { all: browser }, prefix: 'mute-' });
  const { alice, bob } = callers;
  if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
  await talk(4);
  await press(bob, 'camera');
  await bob.page.locator('[data-camera="false"]').waitFor({ state: 'attached' });
  const offUs = Date.now() * 1000;
  await talk(4);
  const onUs = Date.now() * 1000;
  await press(bob, 'camera');
  await bob.page.locator('[data-camera="true"]').waitFor({ state: 'attached' });
  await talk(5);
  await press(alice, 'hangup');
  const { file, path, captureFolder } = await finishedRecording(server, callId, done);
  expect(await complaintsOf(path)).toBe('');
  const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
  expect(strangers(left, [SIGNALS.alice.color], { fromUs: 500_000 })).toEqual([]);
  expect(strangers(right, [SIGNALS.bob.color], { fromUs: 500_000, untilUs: offUs - file.startUs - 1_000_000 })).toEqual(
    [],
  );
  expect(
    strangers(right, [PLACEHOLDER], {
      fromUs: offUs - file.startUs + 300_000,
      untilUs: onUs - file.startUs,
      flash: false,
    }),
  ).toEqual([]);
  // A camera needs a moment: the encoder begins with a key frame.
  expect(strangers(right, [SIGNALS.bob.color], { fromUs: onUs - file.startUs + 1_500_000 })).toEqual([]);
  const verdicts = await judge(
    { path, startUs: file.startUs },
    captureFolder,
    (await streamsOf(captureFolder)).filter(({ kind }) => kind === 'audio'),
    [
      { userId: 'mute-alice', pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT },
      { userId: 'mute-bob', pitchHz: SIGNALS.bob.pitchHz, rectangle: RIGHT },
    ],
    { fromUs: file.startUs + 500_000, untilUs: file.startUs + file.durationUs - 200_000 },
  );
  const voices = verdicts.filter(({ kind }) => kind === 'audio');
  expectInSync(voices, 11);
  for (const { context } of [alice, bob]) await context.close();
});

test('a caller whose page is killed: shown as left after the media time-out, and the recording holds what was sent', async () => {
  const done = taskFinished(server);
  const doomed = await startChromium();
  const { callers, callId } = await holdCall(server, { browsers: { all: browser, bob: doomed }, prefix: 'killed-' });
  const { alice } = callers;
  if (alice === undefined) throw new Error('A caller is missing.');
  await talk(6);
  const killedUs = Date.now() * 1000;
  await killBrowser(doomed);
  await inState(alice, 'ended');
  expect(await alice.page.locator('[data-end-reason]').first().getAttribute('data-end-reason')).toBe('offline');
  const { file, path, captureFolder, endedUs } = await finishedRecording(server, callId, done);
  const noticedMs = (endedUs - killedUs) / 1000;
  console.log(`noticed ${noticedMs.toFixed(0)} ms after the kill`);
  expect(noticedMs).toBeGreaterThan(3_500);
  expect(await complaintsOf(path)).toBe('');
  const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
  const at = killedUs - file.startUs;
  expect(
    strangers(left, [SIGNALS.alice.color], { fromUs: 500_000, untilUs: endedUs - file.startUs - 100_000 }),
  ).toEqual([]);
  expect(strangers(right, [SIGNALS.bob.color], { fromUs: 500_000, untilUs: at - 100_000 })).toEqual([]);
  expect(
    strangers(right, [PLACEHOLDER], {
      fromUs: at + 1_000_000,
      untilUs: endedUs - file.startUs - 100_000,
      flash: false,
    }),
  ).toEqual([]);
  expect(Math.abs(file.startUs + file.durationUs - endedUs) / 1e6).toBeLessThan(0.3);
  const verdicts = await judge(
    { path, startUs: file.startUs },
    captureFolder,
    await streamsOf(captureFolder),
    [{ userId: 'killed-alice', pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT }],
    { fromUs: file.startUs + 500_000, untilUs: file.startUs + file.durationUs - 200_000 },
  );
  expectInSync(verdicts, 6);
  await alice.context.close();
});

/** Ends a browser as a crash of its machine would: no goodbye of any kind is sent. */
async function killBrowser(doomed: Browser): Promise<void> {
  const session = await doomed.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const main = processInfo.find(({ type }) => type === 'browser');
  if (main === undefined) throw new Error('The browser does not tell its process.');
  const gone = new Promise((resolve) => doomed.once('disconnected', resolve));
  for (const { id } of processInfo) if (id !== main.id) process.kill(id, 'SIGSTOP');
  process.kill(main.id, 'SIGKILL');
  for (const { id } of processInfo) if (id !== main.id) process.kill(id, 'SIGKILL');
  await gone;
}

async function orderOfEntry(captureFolder: string): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile(`${captureFolder}/journal.jsonl`, 'utf8')).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as { type: string; userId: string })
    .filter(({ type }) => type === 'userEntered')
    .map(({ userId }) => userId);
}
