import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../packages/server/src/recording/task-parameters.ts';
import { renderToEnd } from '../packages/server/src/render/test-call.ts';
import { inState, press, startChromium } from './harness/chromium.ts';
import { holdCall, SIGNALS, talk } from './harness/held-call.ts';
import { Player } from './harness/player.ts';
import { type RecordedCall, recordingOf } from './harness/recording-of.ts';
import { renderAgain } from './harness/render-again.ts';
import { ServerProcess } from './harness/server-process.ts';
import { expectTrue, judge } from './harness/verdict.ts';
import { streamsOf, wireOnsetsUs } from './harness/wire-truth.ts';
import { complaintsOf, farness, probeFile, readSound, rgbOf } from './scorer/index.ts';

const FPS = 15;
const VIDEO = { widthPx: 640, heightPx: 360, fps: FPS, bitrateBps: 800_000, keyframeIntervalS: 2 };
const PLACES = [
  { userId: 'alice', pitchHz: SIGNALS.alice.pitchHz, rectangle: { xPx: 110, yPx: 120, widthPx: 100, heightPx: 80 } },
  { userId: 'bob', pitchHz: SIGNALS.bob.pitchHz, rectangle: { xPx: 430, yPx: 120, widthPx: 100, heightPx: 80 } },
];
const POINTS = [
  { xPx: 160, yPx: 160 },
  { xPx: 480, yPx: 160 },
];
const COLORS = [SIGNALS.alice.color, SIGNALS.bob.color];

type Format = { name: string; output: TaskParameters['output']; picture: boolean; sound: boolean };

const FORMATS: Format[] = [
  { name: 'mp4', output: { format: 'mp4' }, picture: true, sound: true },
  { name: 'mp4, sound alone', output: { format: 'mp4', media: 'audio' }, picture: false, sound: true },
  { name: 'mp4, picture alone', output: { format: 'mp4', media: 'video' }, picture: true, sound: false },
  { name: 'aac', output: { format: 'aac' }, picture: false, sound: true },
  { name: 'hls, MPEG-TS', output: { format: 'hls', hlsSegments: 'ts' }, picture: true, sound: true },
  { name: 'hls, fMP4', output: { format: 'hls', hlsSegments: 'fmp4' }, picture: true, sound: true },
];

let server: ServerProcess;
let browser: Browser;
let player: Player;
let folder: string;
let recorded: RecordedCall;
/** When the flashes of alice came over the wire, in µs of the file. */
let flashesUs: number[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callreel-again-'));
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
  browser = await startChromium();
  player = await Player.open(browser, folder);
  await server.setTemplate({ video: VIDEO });
  const { callers, callId } = await holdCall(server, {
    browsers: { all: browser },
    codecs: { alice: 'vp8', bob: 'h264' },
  });
  const { alice, bob } = callers;
  if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
  await talk(9);
  await press(alice, 'hangup');
  await inState(bob, 'ended');
  recorded = await recordingOf(server, callId);
  for (const { context } of [alice, bob]) await context.close();
  const picture = (await streamsOf(recorded.captureFolder)).find(
    ({ userId, kind }) => userId === 'alice' && kind === 'video',
  );
  if (picture === undefined) throw new Error('Alice has sent no picture.');
  flashesUs = (await wireOnsetsUs(recorded.captureFolder, picture, SIGNALS.alice.pitchHz)).map(
    (atUs) => atUs - recorded.file.startUs,
  );
});
afterAll(async () => {
  await player.close();
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true });
});

/** Chromium plays it, seeks in it, comes to its end, and shows what was to be seen at three times. */
async function expectPlays(
  path: string,
  { picture, durationUs }: { picture: boolean; durationUs: number | null },
): Promise<void> {
  // Within a flash, between two, and back. Chromium's guess of a length may be half of it, beyond which it does not seek.
  const early = flashesUs[2] ?? 0;
  const late = durationUs === null ? early : (flashesUs[6] ?? 0);
  const seeksS = [late + 100_000, early + 500_000, early + 100_000].map((atUs) => atUs / 1e6);
  const played = await player.play(relative(folder, path), seeksS, picture ? POINTS : []);
  const name = basename(path);
  if (durationUs !== null) expect(Math.abs(played.durationS - durationUs / 1e6), `${name}: duration`).toBeLessThan(0.1);
  expect(played.advancedS, `${name}: played`).toBeGreaterThan(1);
  // Where the length is a guess it changes while the file is played.
  if (durationUs !== null) expect(Math.abs(played.endedS - played.durationS), `${name}: end`).toBeLessThan(0.1);
  expect(played.seeks.map(({ atS }) => atS.toFixed(2))).toEqual(seeksS.map((atS) => atS.toFixed(2)));
  if (!picture) return;
  for (const [index, wanted] of [['#ffffff', '#ffffff'], COLORS, ['#ffffff', '#ffffff']].entries())
    for (const [place, color] of wanted.entries()) {
      const seen = played.seeks[index]?.colors[place] ?? { r: -1, g: -1, b: -1 };
      expect(farness(seen, rgbOf(color)), `${name}: place ${place} after seek ${index}`).toBeLessThan(45);
    }
}

describe.each(FORMATS)('$name', ({ name, output, picture, sound }) => {
  const isGuessed = output.format === 'aac';
  test('callreel render makes it; ffmpeg, ffprobe and Chromium read it; it is true to the wire', async () => {
    const [path, ...more] = await renderAgain(recorded.captureFolder, join(folder, name.replaceAll(/\W+/g, '-')), {
      video: VIDEO,
      output,
    });
    if (path === undefined) throw new Error('There is no file.');
    expect(more).toEqual([]);
    expect(await complaintsOf(path)).toBe('');
    const facts = await probeFile(path);
    expect(facts.video?.codec ?? null).toBe(picture ? 'h264' : null);
    expect(facts.audio?.codec ?? null).toBe(sound ? 'aac' : null);
    // A stream of ADTS frames does not say how long it is: whoever plays it guesses by the bitrate of its beginning.
    const lengthUs = isGuessed ? ((await readSound(path)).length / 48_000) * 1e6 : facts.durationUs;
    expect(Math.abs(lengthUs - recorded.file.durationUs), 'duration, µs').toBeLessThan(100_000);
    const kinds = [...(picture ? (['video'] as const) : []), ...(sound ? (['audio'] as const) : [])];
    const verdicts = await judge(
      { path, startUs: recorded.file.startUs },
      recorded.captureFolder,
      await streamsOf(recorded.captureFolder),
      PLACES.map((place) => ({ ...place, kinds })),
      {
        fromUs: recorded.file.startUs + 1_000_000,
        untilUs: recorded.file.startUs + recorded.file.durationUs - 200_000,
      },
    );
    expectTrue(verdicts, { title: name, leastOnsets: 7, fps: FPS });
    await expectPlays(path, { picture, durationUs: isGuessed ? null : recorded.file.durationUs });
  });
});

test.each([
  ['encoded and copied', { merged: true }, ['h264', 'h264'], 'aac'],
  ['as captured', { merged: true, original: true }, ['vp8', 'h264'], 'opus'],
] as const)('single files, %s: true to the wire, and Chromium plays them', async (name, single, codecs, soundCodec) => {
  const outFolder = join(folder, `single-${name.replaceAll(' ', '-')}`);
  await mkdir(outFolder);
  const taskId = String(recorded.journal.find(({ type }) => type === 'taskStarted')?.['taskId']);
  const { files } = await renderToEnd({
    taskId,
    bundleFolder: recorded.captureFolder,
    workFolder: `${outFolder}-work`,
    outFolder,
    baseName: 'single',
    indexAlways: false,
    complete: true,
    parameters: { ...DEFAULT_TASK_PARAMETERS, mode: 'single', single },
  });
  expect(files.map(({ userId }) => userId).sort()).toEqual(['alice', 'bob']);
  for (const { path, userId, startUs, durationUs, widthPx, heightPx } of files) {
    const index = userId === 'alice' ? 0 : 1;
    expect(await complaintsOf(path)).toBe('');
    const facts = await probeFile(path);
    expect([facts.video?.codec, facts.audio?.codec]).toEqual([codecs[index], soundCodec]);
    const middle = { xPx: widthPx / 4, yPx: heightPx / 4, widthPx: widthPx / 2, heightPx: heightPx / 2 };
    const verdicts = await judge(
      { path, startUs },
      recorded.captureFolder,
      await streamsOf(recorded.captureFolder),
      [{ userId: String(userId), pitchHz: PLACES[index]?.pitchHz ?? 0, rectangle: middle, kinds: ['video', 'audio'] }],
      { fromUs: startUs + 1_000_000, untilUs: startUs + durationUs - 200_000 },
    );
    expectTrue(verdicts, { title: `single, ${name}, ${userId}`, leastOnsets: 7, fps: FPS });
    const played = await player.play(relative(folder, path), [durationUs / 2e6], []);
    expect(Math.abs(played.durationS - durationUs / 1e6), `${userId}: duration`).toBeLessThan(0.15);
    expect(played.advancedS).toBeGreaterThan(1);
  }
});

test('a pair that was split: each part plays by itself, and nothing lies between them', async () => {
  const outFolder = join(folder, 'split');
  await mkdir(outFolder);
  const taskId = String(recorded.journal.find(({ type }) => type === 'taskStarted')?.['taskId']);
  const { files } = await renderToEnd({
    taskId,
    bundleFolder: recorded.captureFolder,
    workFolder: join(folder, 'split-work'),
    outFolder,
    baseName: 'split',
    indexAlways: true,
    complete: true,
    splitAt: { durationMs: 6_000 },
  });
  expect(files.length).toBe(2);
  const [first, second] = files;
  if (first === undefined || second === undefined) throw new Error('A part is missing.');
  expect(second.startUs - (first.startUs + first.durationUs)).toBe(0);
  for (const { path, durationUs } of files) {
    expect(await complaintsOf(path)).toBe('');
    const played = await player.play(relative(folder, path), [durationUs / 2e6], POINTS);
    expect(Math.abs(played.durationS - durationUs / 1e6)).toBeLessThan(0.1);
  }
});
