import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inState, press, type SentCodec, startChromium } from './harness/chromium.ts';
import { type HeldCall, holdCall, SIGNALS, talk } from './harness/held-call.ts';
import { PLANNED_SIGNALS, PlannedCall, SCREEN_SIGNAL } from './harness/planned-call.ts';
import { type RecordedCall, recordingOf } from './harness/recording-of.ts';
import { expectSamePackets } from './harness/same-packets.ts';
import { ServerProcess } from './harness/server-process.ts';
import { PLACEHOLDER, strangers } from './harness/strangers.ts';
import { type Asked, expectTrue, judge, type Verdict } from './harness/verdict.ts';
import { streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors, measureTones, type Rectangle } from './scorer/index.ts';

/** More pictures than by default: a picture waits for the file's next one, which is what blurs the figures. */
const FPS = 30;
const VIDEO = { widthPx: 640, heightPx: 360, fps: FPS, bitrateBps: 800_000, keyframeIntervalS: 2 };
/** Two callers side by side, each whole: 320 × 180 from y = 90 on. The mark moves 12 pixels above the lower border. */
const PLACES: readonly { rectangle: Rectangle; strip: Rectangle }[] = [0, 320].map((xPx) => ({
  rectangle: { xPx: xPx + 110, yPx: 140, widthPx: 100, heightPx: 80 },
  strip: { xPx, yPx: 259, widthPx: 320, heightPx: 6 },
}));

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
  browser = await startChromium();
  await server.setTemplate({ video: VIDEO, layout: { mode: 'grid', renderMode: 'bars' } });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

function hold(alice: SentCodec, bob: SentCodec, prefix: string): Promise<HeldCall> {
  return holdCall(server, { browsers: { all: browser }, codecs: { alice, bob }, prefix });
}

async function hangUp({ callers, callId }: HeldCall): Promise<RecordedCall> {
  const { alice, bob } = callers;
  if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
  await press(alice, 'hangup');
  await inState(bob, 'ended');
  const recorded = await recordingOf(server, callId);
  expect([...alice.errors, ...bob.errors]).toEqual([]);
  for (const { context } of [alice, bob]) await context.close();
  expect(await complaintsOf(recorded.file.path)).toBe('');
  return recorded;
}

/** Where alice and bob are: side by side in order of entry. */
function asked(prefix: string): Asked[] {
  return (['alice', 'bob'] as const).map((name, index) => {
    const place = PLACES[index];
    if (place === undefined) throw new Error('There is no such place.');
    return { userId: prefix + name, pitchHz: SIGNALS[name].pitchHz, ...place };
  });
}

async function verdictsOf(recorded: RecordedCall, wanted: Asked[], fromS = 0.5): Promise<Verdict[]> {
  const { file, captureFolder } = recorded;
  return judge(file, captureFolder, await streamsOf(captureFolder), wanted, {
    fromUs: file.startUs + fromS * 1e6,
    untilUs: file.startUs + file.durationUs - 200_000,
  });
}

/** Codecs that the dumps say came over the wire, by user. */
function codecsOf({ report }: RecordedCall): Record<string, unknown> {
  return Object.fromEntries(
    report.streams.filter(({ kind }) => kind === 'video').map(({ userId, codec }) => [String(userId), codec]),
  );
}

test.for([
  ['vp8', 'h264'],
  ['vp9', 'av1'],
] as const)('Chromium sends %s and %s: seen and heard in sync with the wire', async ([one, other]) => {
  const prefix = `${one}-${other}-`;
  const call = await hold(one, other, prefix);
  await talk(9);
  const recorded = await hangUp(call);
  expect(codecsOf(recorded)).toEqual({ [`${prefix}alice`]: one, [`${prefix}bob`]: other });
  console.log(`janus-pp-rec and ours agree: ${await expectSamePackets(recorded.captureFolder)}`);
  const verdicts = await verdictsOf(recorded, asked(prefix), 1);
  expectTrue(verdicts, { title: `${one} (alice), ${other} (bob)`, leastOnsets: 7, fps: FPS });
  const colors = await measureColors(
    recorded.file.path,
    PLACES.map(({ rectangle }) => rectangle),
  );
  expect(strangers(colors[0] ?? [], [SIGNALS.alice.color], { fromUs: 1_000_000 })).toEqual([]);
  expect(strangers(colors[1] ?? [], [SIGNALS.bob.color], { fromUs: 1_000_000 })).toEqual([]);
});

test('microphone and camera off and on: silence and an empty place meanwhile, in sync before and after', async () => {
  const call = await hold('vp8', 'h264', 'mute-');
  const { alice, bob } = call.callers;
  if (alice === undefined || bob === undefined) throw new Error('A caller is missing.');
  await talk(4);
  await press(alice, 'microphone');
  await press(bob, 'camera');
  await bob.page.locator('[data-camera="false"]').waitFor({ state: 'attached' });
  const offUs = Date.now() * 1000;
  await talk(3.5);
  const onUs = Date.now() * 1000;
  await press(alice, 'microphone');
  await press(bob, 'camera');
  await bob.page.locator('[data-camera="true"]').waitFor({ state: 'attached' });
  await talk(4.5);
  const recorded = await hangUp(call);
  const { file } = recorded;
  // What was switched off is not on the wire, so that presence asks for what was sent only.
  const [aliceAsked, bobAsked] = asked('mute-');
  if (aliceAsked === undefined || bobAsked === undefined) throw new Error('Nobody is asked for.');
  const { strip: _, ...bobPlace } = bobAsked;
  expectTrue(await verdictsOf(recorded, [aliceAsked, bobPlace], 1), {
    title: 'mute and unmute',
    leastOnsets: 5,
    fps: FPS,
  });
  const tones = (await measureTones(file.path, SIGNALS.alice.pitchHz)).map((atUs) => atUs + file.startUs);
  expect(tones.filter((atUs) => atUs > offUs + 300_000 && atUs < onUs)).toEqual([]);
  const [, right = []] = await measureColors(
    file.path,
    PLACES.map(({ rectangle }) => rectangle),
  );
  const empty = { fromUs: offUs - file.startUs + 700_000, untilUs: onUs - file.startUs, flash: false };
  expect(strangers(right, [PLACEHOLDER], empty)).toEqual([]);
  expect(strangers(right, [SIGNALS.bob.color], { fromUs: onUs - file.startUs + 1_500_000 })).toEqual([]);
});

/** The upper half as it is sent, and the lower one. */
const [UPPER, LOWER] = ['#1a3fc4', '#b08a10'] as const;
/** Four pictures in 2 × 2; turned ones are 101 × 180. */
const CENTRES = [
  { xPx: 160, yPx: 90 },
  { xPx: 480, yPx: 90 },
  { xPx: 160, yPx: 270 },
  { xPx: 480, yPx: 270 },
] as const;

test('turned pictures stand upright, and a shared screen has its place, sound and time', async () => {
  const turned = PLANNED_SIGNALS.slice(0, 3).map((signal, index) => ({
    ...signal,
    color: UPPER,
    lowerColor: LOWER,
    orientation: index + 1,
  }));
  const call = await PlannedCall.place(server, ['turned-1', 'turned-2', 'turned-3'], turned);
  try {
    await Promise.all([call.caller(0).begin({ screen: SCREEN_SIGNAL }), call.caller(1).join()]);
    await call.caller(2).join();
    await talk(7);
    await call.caller(2).hangup();
    await call.caller(0).hangup();
    const recorded = await recordingOf(server, call.callId);
    const { file, journal, captureFolder } = recorded;
    expect(await complaintsOf(file.path)).toBe('');
    const leftUs = journal.find(({ type }) => type === 'userLeft')?.atUs ?? 0;
    const time = { fromUs: file.startUs + 1_500_000, untilUs: leftUs - 100_000 };
    const [first, screen, second, third] = CENTRES;
    const around = ({ xPx, yPx }: { xPx: number; yPx: number }, dx: number, dy: number): Rectangle => ({
      xPx: xPx + dx - 6,
      yPx: yPx + dy - 6,
      widthPx: 12,
      heightPx: 12,
    });
    // Byte 1 is turned clockwise by a quarter, so what was above is at the right; 2 by a half, 3 by three quarters.
    const wanted: [Rectangle, string][] = [
      [around(first, 30, 0), UPPER],
      [around(first, -30, 0), LOWER],
      [around(second, 0, -50), LOWER],
      [around(second, 0, 50), UPPER],
      [around(third, -30, 0), UPPER],
      [around(third, 30, 0), LOWER],
      // Nothing but bars beside what stands upright.
      [around(first, 90, 0), '#000000'],
      [around(third, -90, 0), '#000000'],
      [around(screen, 0, 0), SCREEN_SIGNAL.color],
    ];
    const colors = await measureColors(
      file.path,
      wanted.map(([rectangle]) => rectangle),
    );
    const within = { fromUs: time.fromUs - file.startUs, untilUs: time.untilUs - file.startUs };
    for (const [index, [, color]] of wanted.entries())
      expect(strangers(colors[index] ?? [], [color], within), `place ${index}`).toEqual([]);
    const verdicts = await judge(
      file,
      captureFolder,
      await streamsOf(captureFolder),
      [
        { userId: 'turned-1', pitchHz: turned[0]?.pitchHz ?? 0, rectangle: around(first, 30, 0) },
        { userId: 'turned-1', source: 'aux', pitchHz: SCREEN_SIGNAL.pitchHz, rectangle: around(screen, 0, 0) },
        { userId: 'turned-2', pitchHz: turned[1]?.pitchHz ?? 0, rectangle: around(second, 0, 50) },
        { userId: 'turned-3', pitchHz: turned[2]?.pitchHz ?? 0, rectangle: around(third, 30, 0) },
      ],
      time,
    );
    expectTrue(verdicts, { title: 'rotation and screen share', leastOnsets: 4, fps: FPS });
  } finally {
    call.close();
  }
});
