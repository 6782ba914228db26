import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inState, press, startChromium } from './harness/chromium.ts';
import { finishedRecording, holdCall, SIGNALS, talk, taskFinished } from './harness/held-call.ts';
import { FRAME_S, LEFT, LENGTH_TOLERANCE_S, RIGHT } from './harness/places.ts';
import { ServerProcess } from './harness/server-process.ts';
import { strangers } from './harness/strangers.ts';
import { expectInSync, judge } from './harness/verdict.ts';
import { keyFramesSent, streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors, probeFile } from './scorer/index.ts';

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

test.for(['vp8', 'h264'] as const)(
  'a call with %s: both seen and heard, in sync, from the first half second to the last',
  async (codec) => {
    const done = taskFinished(server);
    const { callers, callId } = await holdCall(server, {
      browsers: { all: browser },
      prefix: `${codec}-`,
      ...(codec === 'h264' ? { codecs: { alice: 'h264', bob: 'h264' } as const } : {}),
    });
    const { alice, bob } = callers;
    if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
    await alice.page.locator('[data-recording="true"]').waitFor({ state: 'attached' });
    await talk(12);
    await press(alice, 'hangup');
    await inState(bob, 'ended');
    const { file, path, captureFolder, callS, setupS, readyMs } = await finishedRecording(server, callId, done);

    const facts = await probeFile(path);
    expect(facts.video).toMatchObject({ codec: 'h264', widthPx: 1280, heightPx: 720 });
    expect(facts.audio).toMatchObject({ codec: 'aac' });
    expect(await complaintsOf(path)).toBe('');
    // From the first packet to the hang-up, whatever a busy machine needed to connect.
    expect(Math.abs(file.durationUs / 1e6 - (callS - setupS))).toBeLessThan(LENGTH_TOLERANCE_S);

    const streams = await streamsOf(captureFolder);
    expect(streams).toHaveLength(4);
    // Nobody misses anything, and the senders are asked for key frames all the same.
    for (const stream of streams.filter(({ kind }) => kind === 'video')) {
      const keys = await keyFramesSent(captureFolder, stream);
      const gapsS = keys.slice(1).map((atS, index) => atS - (keys[index] ?? 0));
      expect(keys.length, `key frames of ${stream.userId}`).toBeGreaterThanOrEqual(3);
      expect(Math.max(...gapsS), `seconds between key frames of ${stream.userId}`).toBeLessThan(7);
    }
    const asked = [
      { userId: `${codec}-alice`, pitchHz: SIGNALS.alice.pitchHz, rectangle: LEFT },
      { userId: `${codec}-bob`, pitchHz: SIGNALS.bob.pitchHz, rectangle: RIGHT },
    ];
    const untilUs = file.startUs + file.durationUs;
    const verdicts = await judge({ path, startUs: file.startUs }, captureFolder, streams, asked, {
      fromUs: file.startUs + 500_000,
      untilUs: untilUs - 200_000,
    });
    expectInSync(verdicts, 10);
    console.log(
      `${codec}: call ${callS.toFixed(2)} s, file ${(file.durationUs / 1e6).toFixed(2)} s, first packet ${(setupS * 1000).toFixed(0)} ms after the answer, ready ${readyMs.toFixed(0)} ms after hang-up`,
    );
    const medianOf = (kind: string): number[] =>
      verdicts.filter((each) => each.kind === kind).map(({ medianMs }) => medianMs);
    for (const kind of ['video', 'audio']) {
      const [first = Number.NaN, second = Number.NaN] = medianOf(kind);
      expect(Math.abs(first - second)).toBeLessThanOrEqual(FRAME_S * 1000);
    }

    const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
    expect(left.length).toBe(facts.video?.frames);
    expect(strangers(left, [SIGNALS.alice.color], { fromUs: 500_000 })).toEqual([]);
    expect(strangers(right, [SIGNALS.bob.color], { fromUs: 500_000 })).toEqual([]);
    expect([...alice.errors, ...bob.errors]).toEqual([]);
    for (const { context } of [alice, bob]) await context.close();
  },
);

/** Runs in the page: plays, seeks, and tells the size of the picture. */
const PLAY_AND_SEEK = `(async () => {
  const video = document.querySelector('#player video');
  const reached = (seconds) => new Promise((resolve, reject) => {
    video.addEventListener('error', () => reject(new Error(video.error.message)));
    video.addEventListener('timeupdate', () => { if (video.currentTime > seconds) resolve(); });
  });
  video.muted = true;
  await video.play();
  await reached(0.5);
  video.currentTime = 8;
  await reached(8.3);
  return [video.videoWidth, video.videoHeight];
})()`;

test('the library finds a recording by the beginning of its name, and Chromium plays and seeks it', async () => {
  const { admin, app } = await server.credentials();
  const { media } = (await (await server.api('/api/v1/media?limit=100')).json()) as { media: { name: string }[] };
  const [newest] = media;
  if (newest === undefined) throw new Error('There is no recording.');
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${server.address}/library`);
  await page.locator('input[name="user"]').fill(admin.user);
  await page.locator('input[name="password"]').fill(admin.password);
  await page.locator('button[type="submit"]').click();
  await page.locator('tbody tr').first().waitFor();

  await page.locator('#prefix').fill(`${app.sdkAppId}_0`);
  await page.locator('#nothing').waitFor();
  await page.locator('#prefix').fill(newest.name.slice(0, -6));
  await page.locator('tbody tr').first().waitFor();
  expect(await page.locator('tbody tr').count()).toBe(1);
  await page.locator('tbody tr button').first().click();
  const facts = await page.evaluate(PLAY_AND_SEEK);
  expect(facts).toEqual([1280, 720]);
  await context.close();
});
