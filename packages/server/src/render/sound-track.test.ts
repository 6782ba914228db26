import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO, AV_SAMPLE_FMT_FLT } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import { afterAll, describe, expect, test } from 'vitest';
import { opusPacketSamples, PacketStream } from '../capture/index.ts';
import { mjrHead, mjrRecord, rtpPacket } from '../capture/mjr-testkit.ts';
import { SincKernel } from './sinc-kernel.ts';
import { SoundTrack } from './sound-track.ts';
import { StreamFeed } from './stream-feed.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-sound-'));
afterAll(() => rmSync(folder, { recursive: true }));
const START_US = 1_790_000_000_000_000;
const AMPLITUDE = 0.4;
let dumps = 0;

type Sent = { rtpTime: number; packet: Buffer };

/** A steady tone of 440 Hz, coded in packets of `frameMs`. */
function tone(seconds: number, { frameMs = 20, channels = 2, firstSample = 0 } = {}): Sent[] {
  const layout = channels === 1 ? AV_CHANNEL_LAYOUT_MONO : AV_CHANNEL_LAYOUT_STEREO;
  const encoder = Codec.findEncoderByName('libopus' as never);
  if (encoder === null) throw new Error('no encoder');
  using context = new CodecContext();
  using packet = new Packet();
  packet.alloc();
  context.allocContext3(encoder);
  context.sampleRate = 48_000;
  context.sampleFormat = AV_SAMPLE_FMT_FLT;
  context.channelLayout = layout;
  context.timeBase = new Rational(1, 48_000);
  context.bitRate = 64_000n;
  context.setOption('frame_duration', String(frameMs));
  context.setOption('vbr', 'off');
  context.open2Sync(encoder, null);
  const length = frameMs * 48;
  const sent: Sent[] = [];
  for (let at = firstSample; at < firstSample + seconds * 48_000; at += length) {
    const samples = new Float32Array(length * channels);
    for (let index = 0; index < samples.length; index += 1)
      samples[index] = AMPLITUDE * Math.sin((2 * Math.PI * 440 * (at + Math.floor(index / channels))) / 48_000);
    using frame = Frame.fromAudioBuffer(Buffer.from(samples.buffer), {
      nbSamples: length,
      format: AV_SAMPLE_FMT_FLT,
      sampleRate: 48_000,
      channelLayout: layout,
      timeBase: { num: 1, den: 48_000 },
      pts: BigInt(at),
    });
    context.sendFrameSync(frame);
    while (context.receivePacketSync(packet) >= 0) {
      sent.push({ rtpTime: firstSample + sent.length * length, packet: Buffer.from(packet.data ?? Buffer.alloc(0)) });
      packet.unref();
    }
  }
  return sent;
}

/** Joins two packets of one length and kind to one with two frames (RFC 6716 3.2.3). */
function joined(sent: Sent[]): Sent[] {
  return sent.flatMap(({ rtpTime, packet }, index) => {
    const next = sent[index + 1];
    if (index % 2 === 1 || next === undefined) return [];
    expect(next.packet.length).toBe(packet.length);
    const head = Buffer.from([((packet[0] ?? 0) & 0xfc) | 1]);
    return [{ rtpTime, packet: Buffer.concat([head, packet.subarray(1), next.packet.subarray(1)]) }];
  });
}

/** What is heard of a stream whose packets are lost as said; sequence numbers are given before the loss. */
function heard(sent: Sent[], { seconds, lost = () => false }: { seconds: number; lost?: (index: number) => boolean }) {
  dumps += 1;
  const path = join(folder, `${dumps}.mjr`);
  const records = sent.flatMap(({ rtpTime, packet }, index) => {
    const bytes = rtpPacket({
      sequence: 65_530 + index,
      rtpTime: rtpTime + 2 ** 32 - 9600,
      ssrc: 1,
      marker: false,
      payload: packet,
    });
    return lost(index) ? [] : [mjrRecord({ arrivalUs: START_US + Math.round(rtpTime / 0.048), bytes }, START_US)];
  });
  writeFileSync(path, Buffer.concat([mjrHead({ codec: 'opus' }, START_US), ...records]));
  const feed = new StreamFeed(new PacketStream(path));
  using track = new SoundTrack(feed);
  feed.end();
  const kernel = new SincKernel(1);
  const out = [new Float32Array(seconds * 48_000), new Float32Array(seconds * 48_000)];
  // In steps, as a render does: a run keeps little more than a second.
  for (let from = 0; from < seconds * 48_000; from += 4800) {
    feed.advance(START_US + (from + 9600) / 0.048);
    track.hearUntil(START_US + (from + 9600) / 0.048);
    const part = out.map((samples) => samples.subarray(from, from + 4800));
    track.mixInto(part, START_US + from / 0.048, 1 / 0.048, kernel);
  }
  const level = (fromS: number, untilS: number, channel = 0): number => {
    const part = (out[channel] ?? new Float32Array(0)).subarray(
      Math.round(fromS * 48_000),
      Math.round(untilS * 48_000),
    );
    return Math.sqrt((2 * part.reduce((sum, value) => sum + value * value, 0)) / part.length);
  };
  return {
    level,
    concealedSamples: track.concealedSamples,
    undecodable: track.undecodable,
    lost: feed.counts.lostPackets,
  };
}

describe('SoundTrack', () => {
  test.each([2.5, 5, 10, 20, 40, 60])('hears packets of %d ms without a hole', (frameMs) => {
    const sound = heard(tone(3, { frameMs }), { seconds: 3 });
    expect(sound).toMatchObject({ concealedSamples: 0, undecodable: 0, lost: 0 });
    // Very short packets are coded poorly at this rate.
    const tolerance = frameMs < 5 ? 0.1 : 0.04;
    for (let at = 0.1; at < 2.9; at += 0.05)
      expect(Math.abs(sound.level(at, at + 0.05) - AMPLITUDE)).toBeLessThan(tolerance);
  });

  test.each([5, 10, 20])('hears packets of two frames of %d ms', (frameMs) => {
    const packets = joined(tone(3, { frameMs }));
    expect(opusPacketSamples(packets[0]?.packet ?? Buffer.alloc(0))).toBe(frameMs * 96);
    const sound = heard(packets, { seconds: 3 });
    expect(sound).toMatchObject({ concealedSamples: 0, undecodable: 0 });
    for (let at = 0.1; at < 2.8; at += 0.05)
      expect(Math.abs(sound.level(at, at + 0.05) - AMPLITUDE)).toBeLessThan(0.04);
  });

  test('goes on when a sender changes between one channel and two', () => {
    const packets = [
      ...tone(1, { channels: 1 }),
      ...tone(1, { channels: 2, firstSample: 48_000 }),
      ...tone(1, { channels: 1, firstSample: 96_000 }),
    ];
    const sound = heard(packets, { seconds: 3 });
    expect(sound).toMatchObject({ concealedSamples: 0, undecodable: 0 });
    for (const channel of [0, 1]) {
      // The encoders are new ones after each change and take some ms to begin.
      for (const at of [0.1, 0.4, 0.8, 1.1, 1.4, 1.8, 2.1, 2.4, 2.8])
        expect(Math.abs(sound.level(at, at + 0.1, channel) - AMPLITUDE)).toBeLessThan(0.06);
    }
  });

  test('a short hole is filled with what the sound was', () => {
    const lost = (index: number): boolean => index === 50 || index === 100 || index === 101;
    const sound = heard(tone(3), { seconds: 3, lost });
    expect(sound).toMatchObject({ concealedSamples: 3 * 960, lost: 3, undecodable: 0 });
    // A mirrored and fading end would have 0.58 of the level, and silence in the second half of the longer hole.
    for (const at of [1, 2, 2.02]) expect(sound.level(at + 0.004, at + 0.02)).toBeGreaterThan(0.7 * AMPLITUDE);
    for (const at of [1.06, 2.08]) expect(Math.abs(sound.level(at, at + 0.2) - AMPLITUDE)).toBeLessThan(0.05);
  });

  test('a long hole is silent, and so is a gap in which nothing was lost', () => {
    const all = tone(3);
    const long = heard(all, { seconds: 3, lost: (index) => index >= 50 && index < 70 });
    expect(long).toMatchObject({ concealedSamples: 0, lost: 20 });
    expect(long.level(1.05, 1.38)).toBeLessThan(0.001);
    const discontinuous = heard(
      all.filter((_, index) => index < 50 || index >= 54),
      { seconds: 3 },
    );
    expect(discontinuous).toMatchObject({ concealedSamples: 0, lost: 0 });
    expect(discontinuous.level(1.03, 1.075)).toBeLessThan(0.001);
    expect(Math.abs(discontinuous.level(1.12, 1.9) - AMPLITUDE)).toBeLessThan(0.04);
  });

  test('a loss beside a gap fills what was lost and no more', () => {
    // Packet 49 is lost, 50 to 52 were never sent.
    const sent = tone(3).filter((_, index) => index < 50 || index >= 53);
    const sound = heard(sent, { seconds: 3, lost: (index) => index === 49 });
    expect(sound).toMatchObject({ concealedSamples: 960, lost: 1 });
    expect(sound.level(0.984, 1)).toBeGreaterThan(0.7 * AMPLITUDE);
    expect(sound.level(1.03, 1.055)).toBeLessThan(0.001);
  });
});
