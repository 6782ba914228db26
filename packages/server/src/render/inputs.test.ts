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
  measureTones,
  type Rectangle,
} from '../../../../test/scorer/index.ts';
import type { RenderedFile, StreamReport } from '../recording/render-protocol.ts';
import {
  cachedPicture,
  cachedSound,
  type Network,
  orderFor,
  renderToEnd,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';
import { PULSE_MS } from './test-signal.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FULL: Rectangle = { xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 };
const TOP: Rectangle = { xPx: 0, yPx: 32, widthPx: 640, heightPx: 100 };
const BOTTOM: Rectangle = { xPx: 0, yPx: 230, widthPx: 640, heightPx: 100 };
const LEFT: Rectangle = { xPx: 40, yPx: 0, widthPx: 200, heightPx: 360 };
const RIGHT: Rectangle = { xPx: 400, yPx: 0, widthPx: 200, heightPx: 360 };
const RED = { color: '#802020' };
const PITCH_HZ = 600;
const TOLERANCE_US = 40_000;

const seconds = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);
const isRed = ({ r, b }: ColorSample): boolean => r > 90 && b < 70;
const isBlue = ({ r, b }: ColorSample): boolean => b > 110 && r < 70;
const isWhite = ({ r, g, b }: ColorSample): boolean => Math.min(r, g, b) > 180;
/** Chance that is the same in every run. */
const chance = (index: number): number => ((Math.imul(index + 1, 2_654_435_761) >>> 8) % 10_000) / 10_000;

async function rendered(name: string, call: TestCall): Promise<{ file: RenderedFile; streams: StreamReport[] }> {
  const order = orderFor(join(folder, name));
  call.write(order.bundleFolder);
  const { files, report } = await renderToEnd(order);
  const [file] = files;
  if (file === undefined) throw new Error('no file');
  expect(await complaintsOf(file.path)).toBe('');
  return { file, streams: report.streams };
}

function inFile(call: TestCall, file: RenderedFile, wholeSeconds: number[]): number[] {
  return wholeSeconds.map((atS) => call.startUs + atS * 1_000_000 - file.startUs);
}

function expectFlashes(samples: ColorSample[], plannedUs: number[]): void {
  expect(matchOnsets(flashOnsets(samples), plannedUs, TOLERANCE_US)).toMatchObject({ missingUs: [], extraUs: [] });
}

async function expectTones(file: RenderedFile, plannedUs: number[]): Promise<void> {
  expect(matchOnsets(await measureTones(file.path, PITCH_HZ), plannedUs, TOLERANCE_US)).toMatchObject({
    missingUs: [],
    extraUs: [],
  });
}

describe.concurrent('inputs', () => {
  test.for([
    ['vp9', 'baseline', 1280],
    ['av1', 'baseline', 1280],
    ['h264', 'high', 640],
  ] as const)('%s (%s): seen at the right time, jitter or not', async ([codec, profile, widthPx]) => {
    const call = new TestCall();
    call.task(-0.1, 6);
    call.user('anna', { fromS: 0, untilS: 6 });
    const size = { widthPx, heightPx: (widthPx * 9) / 16 };
    const frames = cachedPicture({ codec, profile, ...RED, ...size, seconds: 6 });
    if (profile === 'high')
      expect(frames.some(({ rtpTime }, index) => rtpTime < (frames[index - 1]?.rtpTime ?? 0))).toBe(true);
    call.stream('anna', codec, frames, { fromS: 0, untilS: 6, network: { delayMs: (index) => chance(index) * 30 } });
    const { file, streams } = await rendered(`codec-${codec}`, call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expectFlashes(full, inFile(call, file, seconds(0, 6)));
    expect(streams).toMatchObject([{ codec, lostPackets: 0, undecodable: 0, freezes: 0, keyFrameWaits: 0 }]);
  });

  test.for(['vp9', 'av1'] as const)('%s: after a loss the last picture is held until a key frame', async (codec) => {
    const call = new TestCall();
    call.task(-0.1, 8);
    call.user('anna', { fromS: 0, untilS: 8 });
    const frames = cachedPicture({ codec, ...RED, seconds: 8, keyInterval: 75 });
    const lost = (_: number, atS: number): boolean => atS > 3.65 && atS < 3.95;
    call.stream('anna', codec, frames, { fromS: 0, untilS: 8, network: { lost } });
    const { file, streams } = await rendered(`loss-${codec}`, call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expectFlashes(full, inFile(call, file, [0, 1, 2, 3, 5, 6, 7]));
    expect(streams).toMatchObject([{ undecodable: 0, freezes: 1, keyFrameWaits: 1 }]);
    expect(Math.abs((streams[0]?.freezeMs ?? 0) - 1400)).toBeLessThan(200);
    // AV1 passes pictures over until one can be told to be whole.
    expect(Math.abs((streams[0]?.keyFrameWaitMs ?? 0) - 1000)).toBeLessThan(120);
  });

  test('a picture is turned as its sender says, from the moment on in which he says it', async () => {
    const call = new TestCall();
    call.task(-0.1, 12);
    call.user('anna', { fromS: 0, untilS: 12 });
    const picture = { codec: 'vp8', color: '#802020', lowerColor: '#2020a0', seconds: 12, keyInterval: 150 } as const;
    // Turned counter-clockwise by R quarters on the link; said once at the change, as browsers do.
    const said = new Map([
      [2, 1],
      [4, 2],
      [6, 3],
      [8, 0x05],
      [10, 0],
    ]);
    const frames = cachedPicture(picture).map((frame) => {
      const orientation = said.get(frame.rtpTime / 90_000);
      return orientation === undefined ? frame : { ...frame, orientation };
    });
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 12 });
    const { file, streams } = await rendered('turned', call);
    const [top = [], bottom = [], left = [], right = []] = await measureColors(file.path, [TOP, BOTTOM, LEFT, RIGHT]);
    const startUs = call.startUs - file.startUs;
    const steady = (samples: ColorSample[], atS: number): ColorSample[] =>
      samples.filter(({ atUs }) => atUs >= startUs + (atS + 0.15) * 1e6 && atUs < startUs + (atS + 0.95) * 1e6);
    const plan: [number, ColorSample[], ColorSample[]][] = [
      [0, top, bottom],
      [2, right, left],
      [4, bottom, top],
      [6, left, right],
      [8, left, right],
      [10, top, bottom],
    ];
    for (const [atS, reds, blues] of plan) {
      for (const second of [atS, atS + 1]) {
        expect(steady(reds, second).length).toBeGreaterThan(8);
        expect(steady(reds, second).every(isRed), `red at ${second}`).toBe(true);
        expect(steady(blues, second).every(isBlue), `blue at ${second}`).toBe(true);
      }
    }
    expect(streams).toMatchObject([{ resolutionChanges: 0, keyFrameWaits: 0 }]);
  });

  test.for([
    ['another SSRC', { restartS: 3.5 }],
    ['a clock an hour ahead', { clockLeap: { atS: 3.5, byS: 3600 } }],
    ['a clock an hour behind', { clockLeap: { atS: 3.5, byS: -3600 } }],
    ['everything twice', { doubled: () => true }],
    ['a third out of order', { delayMs: (index) => (index % 3 === 0 ? 60 : 0) }],
  ] as [string, Network][])('%s in mid-stream costs nothing', async ([name, network]) => {
    const call = new TestCall();
    call.task(-0.1, 7);
    call.user('anna', { fromS: 0, untilS: 7 });
    const frames = [
      ...cachedPicture({ codec: 'vp8', ...RED, seconds: 3.5 }),
      ...cachedPicture({ codec: 'vp8', ...RED, fromS: 3.5, seconds: 3.5 }),
    ];
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 7, network });
    const sound = cachedSound({ pitchHz: PITCH_HZ, seconds: 7 });
    call.stream('anna', 'opus', sound, { fromS: 0, untilS: 7, network });
    const { file, streams } = await rendered(name.replaceAll(' ', '-'), call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    expectFlashes(full, inFile(call, file, seconds(0, 7)));
    await expectTones(file, inFile(call, file, seconds(0, 7)));
    const doubled = network.doubled === undefined ? 0 : sound.length;
    expect(streams.map(({ lostPackets, undecodable, freezes }) => ({ lostPackets, undecodable, freezes }))).toEqual([
      { lostPackets: 0, undecodable: 0, freezes: 0 },
      { lostPackets: 0, undecodable: 0, freezes: 0 },
    ]);
    expect(streams[1]).toMatchObject({ duplicatePackets: doubled, concealedMs: 0 });
  });

  test('5 % of the packets lost and 300 ms of jitter: what comes is in its place', async () => {
    const call = new TestCall();
    call.task(-0.1, 12);
    call.user('anna', { fromS: 0, untilS: 12 });
    const network = {
      lost: (index: number) => chance(index) < 0.05,
      delayMs: (index: number) => chance(index + 7) * 300,
    };
    const frames = cachedPicture({ codec: 'vp8', ...RED, seconds: 12, keyInterval: 15 });
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 12, network });
    call.stream('anna', 'opus', cachedSound({ pitchHz: PITCH_HZ, seconds: 12 }), { fromS: 0, untilS: 12, network });
    const { file, streams } = await rendered('storm', call);
    const [full = []] = await measureColors(file.path, [FULL]);
    expect(full.every((sample) => isRed(sample) || isWhite(sample))).toBe(true);
    const planned = inFile(call, file, seconds(0, 12));
    const flashes = matchOnsets(flashOnsets(full), planned, 80_000);
    // A flash that is not seen is one whose key frame was lost; none is seen where there was none.
    expect(flashes.extraUs).toEqual([]);
    expect(flashes.missingUs.length).toBeLessThanOrEqual(3);
    const tones = matchOnsets(await measureTones(file.path, PITCH_HZ), planned, 80_000);
    // Opus codes levels as differences, so a tone whose very first packet is lost is too quiet at first, or to its end.
    const audible = planned.filter((_, second) => !network.lost(second * 50));
    const quiet = planned.filter((atUs) => !audible.includes(atUs));
    const isLate = (atUs: number): boolean => quiet.some((fromUs) => atUs > fromUs && atUs < fromUs + PULSE_MS * 1000);
    expect(tones.extraUs.filter((atUs) => !isLate(atUs))).toEqual([]);
    expect(tones.missingUs.filter((atUs) => audible.includes(atUs))).toEqual([]);
    expect(audible.length).toBeGreaterThanOrEqual(11);
    const lost = (count: number): number =>
      Array.from({ length: count }, (_, index) => index).filter(network.lost).length;
    // Nothing follows what is lost at the very end, so nobody can know of it.
    expect(Math.abs((streams[1]?.lostPackets ?? 0) - lost(600))).toBeLessThanOrEqual(1);
    expect(streams[1]?.concealedMs).toBeGreaterThan((streams[1]?.lostPackets ?? 0) * 20 * 0.9);
    expect(streams[0]?.keyFrameWaits).toBeGreaterThan(5);
  });

  test('a packet that is sent again and comes 1.2 s late: nothing is lost, nothing stands still', async () => {
    const call = new TestCall();
    call.task(0, 5);
    call.user('ann', { fromS: 0, untilS: 5 });
    // One key frame only: whatever is given up costs all the rest.
    call.stream('ann', 'vp8', cachedPicture({ codec: 'vp8', ...RED, seconds: 5 }), {
      fromS: 0,
      untilS: 5,
      network: { delayMs: (index) => (index === 50 ? 1_200 : 0) },
    });
    const { file, streams } = await rendered('sent-again', call);
    expect(streams[0]).toMatchObject({ lostPackets: 0, keyFrameWaits: 0, freezes: 0 });
    const [samples = []] = await measureColors(file.path, [FULL]);
    expectFlashes(samples, inFile(call, file, seconds(0, 5)));
  });

  test('a first key frame that comes late, and what the report tells of known damage', async () => {
    const call = new TestCall();
    call.task(-0.1, 30, {
      ...TEST_PARAMETERS,
      video: { ...TEST_PARAMETERS.video, widthPx: 128, heightPx: 72, fps: 10 },
    });
    call.user('anna', { fromS: 0, untilS: 30 });
    const first = cachedPicture({
      codec: 'vp8',
      ...RED,
      seconds: 20,
      fps: 10,
      keyInterval: 30,
      widthPx: 160,
      heightPx: 90,
    });
    const later = cachedPicture({ codec: 'vp8', ...RED, fromS: 20, seconds: 10, fps: 10 });
    // The first picture is lost: the next key frame comes at 3 s. The camera is off from 8 to 12 s; its stream stands
    // still from 14 to 16 s with nothing lost, and grows at 20 s.
    const isSent = (atS: number): boolean => atS > 0.05 && (atS < 8 || atS >= 12) && (atS < 14 || atS >= 16);
    const frames = [...first, ...later].filter(({ rtpTime }) => isSent(rtpTime / 90_000));
    const network = { senderPpm: 150, delayMs: (index: number) => chance(index) * 20 };
    const video = call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 30, network });
    call.event(8, { type: 'streamMuted', userId: 'anna', streamId: video });
    call.event(12, { type: 'streamUnmuted', userId: 'anna', streamId: video });
    const lost = (index: number): boolean =>
      index === 100 || (index >= 200 && index < 203) || (index >= 300 && index < 320);
    call.stream('anna', 'opus', cachedSound({ pitchHz: PITCH_HZ, seconds: 30 }), {
      fromS: 0,
      untilS: 30,
      network: { ...network, lost, doubled: (index) => index === 50 },
    });
    const { streams } = await rendered('known', call);
    const [picture, sound] = streams;
    expect(picture).toMatchObject({
      lostPackets: 0,
      freezes: 1,
      keyFrameWaits: 1,
      resolutionChanges: 1,
      concealedMs: 0,
    });
    expect(Math.abs((picture?.freezeMs ?? 0) - 2100)).toBeLessThan(60);
    expect(Math.abs((picture?.keyFrameWaitMs ?? 0) - 2900)).toBeLessThan(60);
    // One packet and three in a row are filled; twenty are not.
    expect(sound).toMatchObject({ lostPackets: 24, duplicatePackets: 1, concealedMs: 80, packets: 1500 - 24 + 1 });
    for (const stream of streams) expect(Math.abs((stream.clockDriftPpm ?? 0) - 150)).toBeLessThan(60);
  });
});
