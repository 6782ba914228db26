import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Alarm, AlarmParameters } from '../recording/alarm-parameters.ts';
import type { RenderReport } from '../recording/render-protocol.ts';
import {
  cachedPicture,
  cachedSound,
  hasMade,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';
import type { SignalFrame } from './test-signal.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-alarms-'));
afterAll(() => rmSync(folder, { recursive: true }));

const RED = { codec: 'vp8', color: '#802020' } as const;
const STRICT = { missingS: 2, blackS: 2, frozenS: 2, silentS: 3, lossPercent: 10 };
const small = (alarms: AlarmParameters = STRICT): typeof TEST_PARAMETERS => ({
  ...TEST_PARAMETERS,
  video: { ...TEST_PARAMETERS.video, widthPx: 128, heightPx: 128 },
  alarms,
});

async function reportOf(name: string, call: TestCall): Promise<RenderReport> {
  const order = orderFor(join(folder, name));
  call.write(order.bundleFolder);
  return (await renderToEnd(order)).report;
}

/** Alarms with their times in seconds of the call, to half a second: pictures are looked at that often. */
function told(call: TestCall, alarms: readonly Alarm[]): [Alarm['kind'], string, number, number][] {
  const atS = (us: number): number => Math.round((us - call.startUs) / 500_000) / 2 + 0;
  return alarms.map(({ kind, userId, fromUs, untilUs }) => [kind, userId, atS(fromUs), atS(untilUs)]);
}

/** A camera that shows one picture after another, seconds apart. */
const shown = (...parts: readonly (Parameters<typeof cachedPicture>[0] & { fromS: number })[]): SignalFrame[] =>
  parts.flatMap((part) => cachedPicture(part));

describe.concurrent('alarms', () => {
  test('nothing is told of a call in which nothing is wrong', async () => {
    const call = new TestCall();
    call.task(-0.1, 6, small());
    call.caller('anna', { ...RED, pitchHz: 600, fromS: 0, untilS: 6 });
    call.caller('ben', { codec: 'h264', color: '#2020a0', pitchHz: 900, fromS: 1, untilS: 6 });
    const report = await reportOf('fine', call);
    expect(report).toMatchObject({ alarms: [], leftOut: [] });
    // Pictures lie within half a frame of 15 a second of their time, sound is hardly stretched.
    for (const { kind, syncP95Ms } of report.streams) {
      expect(syncP95Ms).toBeGreaterThanOrEqual(0);
      expect(syncP95Ms).toBeLessThanOrEqual(kind === 'video' ? 34 : 1);
    }
  });

  test('black and still cameras, but no still screens; a muted one is not looked at', async () => {
    const call = new TestCall();
    call.task(-0.1, 12, small());
    call.user('anna', { fromS: 0, untilS: 12 });
    call.stream(
      'anna',
      'vp8',
      shown(
        { ...RED, fromS: 0, seconds: 3 },
        { ...RED, color: '#000000', still: true, fromS: 3, seconds: 4 },
        { ...RED, fromS: 7, seconds: 5 },
      ),
      { fromS: 0, untilS: 12 },
    );
    call.user('ben', { fromS: 0, untilS: 12 });
    call.stream(
      'ben',
      'vp8',
      shown(
        { ...RED, fromS: 0, seconds: 2 },
        { ...RED, still: true, fromS: 2, seconds: 5 },
        { ...RED, fromS: 7, seconds: 5 },
      ),
      { fromS: 0, untilS: 12 },
    );
    call.stream('ben', 'vp8', shown({ ...RED, still: true, fromS: 0, seconds: 12 }), {
      fromS: 0,
      untilS: 12,
      source: 'aux',
    });
    call.user('cleo', { fromS: 0, untilS: 12 });
    const camera = call.stream(
      'cleo',
      'vp8',
      shown({ ...RED, fromS: 0, seconds: 3 }, { ...RED, fromS: 9, seconds: 3 }),
      {
        fromS: 0,
        untilS: 12,
      },
    );
    call.event(3, { type: 'streamMuted', userId: 'cleo', streamId: camera });
    call.event(9, { type: 'streamUnmuted', userId: 'cleo', streamId: camera });
    const { alarms } = await reportOf('pictures', call);
    expect(told(call, alarms)).toEqual([
      ['frozen', 'ben', 2, 7],
      ['black', 'anna', 3, 7],
    ]);
  });

  test('streams of which nothing comes: at their beginning, in the middle, at the end, or never', async () => {
    const call = new TestCall();
    call.task(-0.1, 12, small());
    call.caller('anna', { ...RED, pitchHz: 600, fromS: 0, untilS: 12 });
    call.user('ben', { fromS: 0, untilS: 12 });
    const sound = cachedSound({ pitchHz: 900, seconds: 12 });
    const between = (fromS: number, untilS: number): SignalFrame[] =>
      sound.filter(({ rtpTime }) => rtpTime >= fromS * 48_000 && rtpTime < untilS * 48_000);
    call.stream('ben', 'opus', [...between(3, 5), ...between(8, 9.5)], { fromS: 0, untilS: 12 });
    call.user('cleo', { fromS: 0, untilS: 12 });
    const published = { type: 'streamPublished', kind: 'video', source: 'main', muted: false } as const;
    call.event(1, { ...published, userId: 'cleo', streamId: 'c', dump: 'never.mjr' });
    call.event(6, { type: 'streamUnpublished', userId: 'cleo', streamId: 'c', reason: 'normal' });
    // Of what is not captured nothing can be missing.
    call.event(1, { ...published, userId: 'cleo', streamId: 'd', source: 'aux', dump: null });
    const { alarms } = await reportOf('missing', call);
    expect(told(call, alarms)).toEqual([
      ['missing', 'ben', 0, 3],
      ['missing', 'cleo', 1, 6],
      ['missing', 'ben', 5, 8],
      ['missing', 'ben', 9.5, 12],
    ]);
  });

  test('open microphones that are silent; sound that is not sent counts, muted sound does not', async () => {
    const call = new TestCall();
    call.task(-0.1, 14, small({ ...STRICT, missingS: 0 }));
    call.user('anna', { fromS: 0, untilS: 14 });
    const silence = cachedSound({ pitchHz: 0, seconds: 14 });
    const beeps = cachedSound({ pitchHz: 600, seconds: 14 });
    const part = (frames: SignalFrame[], fromS: number, untilS: number): SignalFrame[] =>
      frames.filter(({ rtpTime }) => rtpTime >= fromS * 48_000 && rtpTime < untilS * 48_000);
    // Silent from 2.1 to 7; of 10.1 to 14 nothing is sent but a packet now and then.
    const seldom = part(silence, 10.1, 14).filter((_, index) => index % 20 === 0);
    call.stream(
      'anna',
      'opus',
      [...part(beeps, 0, 2.1), ...part(silence, 2.1, 7), ...part(beeps, 7, 10.1), ...seldom],
      { fromS: 0, untilS: 14 },
    );
    call.user('ben', { fromS: 0, untilS: 14 });
    const microphone = call.stream('ben', 'opus', silence, { fromS: 0, untilS: 14 });
    call.event(0.01, { type: 'streamMuted', userId: 'ben', streamId: microphone });
    call.event(11.5, { type: 'streamUnmuted', userId: 'ben', streamId: microphone });
    const { alarms } = await reportOf('silent', call);
    expect(told(call, alarms)).toEqual([
      ['silent', 'anna', 2, 7],
      ['silent', 'anna', 10, 14],
    ]);
  });

  test('bursts of loss, with the worst of their shares', async () => {
    const call = new TestCall();
    call.task(-0.1, 24, small({ ...STRICT, frozenS: 0, silentS: 0 }));
    call.user('anna', { fromS: 0, untilS: 24 });
    // 50 packets a second: of those of 12 s and 13 s four in five are lost, and one in twenty all the time.
    const lost = (index: number, atS: number): boolean => index % 20 === 7 || (atS >= 12 && atS < 14 && index % 5 > 0);
    call.stream('anna', 'opus', cachedSound({ pitchHz: 600, seconds: 24 }), {
      fromS: 0,
      untilS: 24,
      network: { lost },
    });
    call.user('ben', { fromS: 0, untilS: 24 });
    call.stream('ben', 'opus', cachedSound({ pitchHz: 600, seconds: 24 }), {
      fromS: 0,
      untilS: 24,
      network: { lost: (index) => index % 20 === 7 },
    });
    const { alarms } = await reportOf('loss', call);
    expect(alarms).toMatchObject([{ kind: 'loss', userId: 'anna' }]);
    const [{ fromUs, untilUs, lossPercent } = { fromUs: 0, untilUs: 0, lossPercent: 0 }] = alarms;
    expect(lossPercent).toBeCloseTo((80 + 8 * 2.5) / 5, 0);
    // Windows of 10 s reach to both sides of the burst, as far as something is lost there.
    expect(fromUs).toBeGreaterThanOrEqual(call.startUs + 2_000_000);
    expect(untilUs).toBeLessThanOrEqual(call.startUs + 24_000_000);
    expect(fromUs).toBeLessThanOrEqual(call.startUs + 12_000_000);
    expect(untilUs).toBeGreaterThanOrEqual(call.startUs + 14_000_000);
  });

  test('who has no place is told of, and when', async () => {
    const call = new TestCall();
    const rectangles = [{ leftPx: 0, topPx: 0, widthPx: 64, heightPx: 64 }];
    const one = { ...small(), layout: { mode: 'custom' as const, rectangles } };
    call.task(-0.1, 6, one);
    call.modify(4, small());
    call.caller('anna', { ...RED, pitchHz: 600, fromS: 0, untilS: 6 });
    call.caller('ben', { ...RED, pitchHz: 600, fromS: 1, untilS: 6 });
    const { leftOut } = await reportOf('left-out', call);
    expect(leftOut).toMatchObject([{ userId: 'ben' }]);
    const [{ fromUs, untilUs } = { fromUs: 0, untilUs: 0 }] = leftOut;
    // To a frame: he enters 0.1 s before his first packet.
    expect(Math.abs(fromUs - call.startUs - 900_000)).toBeLessThan(67_000);
    expect(Math.abs(untilUs - call.startUs - 4_000_000)).toBeLessThan(67_000);
  });

  test('0 switches an alarm off', async () => {
    const call = new TestCall();
    call.task(-0.1, 8, small({ missingS: 0, blackS: 0, frozenS: 0, silentS: 0, lossPercent: 0 }));
    call.user('anna', { fromS: 0, untilS: 8 });
    call.stream('anna', 'vp8', shown({ ...RED, color: '#000000', still: true, fromS: 0, seconds: 4 }), {
      fromS: 0,
      untilS: 8,
    });
    call.stream('anna', 'opus', cachedSound({ pitchHz: 0, seconds: 8 }), {
      fromS: 0,
      untilS: 8,
      network: { lost: (index) => index % 2 === 1 },
    });
    expect((await reportOf('off', call)).alarms).toEqual([]);
  });

  test('pictures that cannot be decoded stand still; alarms end with the task', async () => {
    const call = new TestCall();
    call.task(1.9, 7.9, small());
    call.user('anna', { fromS: 0, untilS: 9 });
    const frames = shown({ ...RED, fromS: 0, seconds: 9 });
    call.stream('anna', 'vp8', frames, { fromS: 0, untilS: 9, network: { lost: (index) => index === 100 } });
    const { alarms } = await reportOf('undecodable', call);
    expect(told(call, alarms)).toEqual([['frozen', 'anna', 3.5, 8]]);
    expect(alarms[0]?.untilUs).toBeLessThanOrEqual(call.startUs + 7_900_000);
  });

  test('killed again and again, it tells the same as one that was left in peace', async () => {
    const call = new TestCall();
    call.task(-0.1, 16, small());
    call.caller('anna', {
      ...RED,
      pitchHz: 600,
      fromS: 0,
      untilS: 16,
      keyInterval: 45,
      network: { delayMs: (index) => (index * 7919) % 31, lost: (index) => index % 150 === 20 },
    });
    call.user('ben', { fromS: 0, untilS: 16 });
    call.stream(
      'ben',
      'vp8',
      shown(
        { ...RED, fromS: 0, seconds: 2 },
        { ...RED, still: true, fromS: 2, seconds: 7 },
        { ...RED, color: '#000000', still: true, fromS: 9, seconds: 7 },
      ),
      { fromS: 0, untilS: 16 },
    );
    call.stream('ben', 'opus', cachedSound({ pitchHz: 0, seconds: 16 }), {
      fromS: 0,
      untilS: 16,
      network: { lost: (index, atS) => atS > 5 && index % 3 === 0 },
    });
    const whole = await reportOf('whole', call);
    const order = orderFor(join(folder, 'killed'));
    call.write(order.bundleFolder);
    for (const segments of [1, 2, 3, 5]) {
      const { child, messages, ended } = startRender(order);
      const isFar = new Promise<void>((resolve) => {
        child.on('message', () => {
          if (messages.some((message) => hasMade(message, segments))) resolve();
        });
      });
      await Promise.race([isFar, ended]);
      child.kill('SIGKILL');
      await ended;
    }
    const { report } = await renderToEnd(order);
    expect(report.resumedAtSegment).toBeGreaterThanOrEqual(4);
    expect(whole.alarms.map(({ kind }) => kind).sort()).toEqual(['black', 'frozen', 'loss', 'silent']);
    expect(report.alarms).toEqual(whole.alarms);
    expect(whole.streams.some(({ concealedMs }) => concealedMs > 1000)).toBe(true);
    expect(whole.streams.some(({ keyFrameWaits, freezes }) => keyFrameWaits > 2 && freezes > 1)).toBe(true);
    expect(report.streams).toEqual(whole.streams);
  });
});
