import {
  AV_CODEC_ID_H264,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_VP8,
  type AVCodecID,
  Codec,
  CodecContext,
  Frame,
  Packet,
  Rational,
} from 'node-av';
import { describe, expect, it } from 'vitest';
import { encodeAudioLoop } from './audio-loop.ts';
import { yuvOf } from './picture.ts';
import { FLASH_FRAMES, FRAME_RATE, LOOP_S, PICTURE, signalOf, TONE_MS } from './signal.ts';
import { encodeVideoLoop } from './video-loop.ts';

/** Decodes one access unit after the other and hands over each frame. */
function decode(codecId: AVCodecID, units: Buffer[], take: (frame: Frame) => void): void {
  using context = new CodecContext();
  const codec = Codec.findDecoder(codecId);
  context.allocContext3(codec);
  context.pktTimebase = new Rational(1, 1000);
  context.threadCount = 1;
  if (codecId === AV_CODEC_ID_OPUS) context.sampleRate = 48_000;
  expect(context.open2Sync(codec, null)).toBeGreaterThanOrEqual(0);
  const drain = (): void => {
    for (;;) {
      using frame = new Frame();
      frame.alloc();
      if (context.receiveFrameSync(frame) < 0) return;
      take(frame);
    }
  };
  units.forEach((unit, number) => {
    using packet = new Packet();
    packet.alloc();
    packet.data = unit;
    packet.pts = BigInt(number);
    packet.dts = BigInt(number);
    expect(context.sendPacketSync(packet)).toBeGreaterThanOrEqual(0);
    drain();
  });
  context.sendPacketSync(null);
  drain();
}

/** Puts the payloads of a picture together as a receiver does. */
function assemble(codec: 'vp8' | 'h264', payloads: readonly Buffer[]): Buffer {
  if (codec === 'vp8') return Buffer.concat(payloads.map((payload) => payload.subarray(1)));
  return Buffer.concat(
    payloads.flatMap((payload) => {
      const [first = 0, second = 0] = payload;
      if ((first & 0x1f) !== 28) return [Buffer.of(0, 0, 0, 1), payload];
      return second & 0x80
        ? [Buffer.of(0, 0, 0, 1, (first & 0xe0) | (second & 0x1f)), payload.subarray(2)]
        : [payload.subarray(2)];
    }),
  );
}

describe.each(['vp8', 'h264'] as const)('the %s loop', (codec) => {
  it('flashes on each second and shows the colour between, also where the loop starts again', async () => {
    const signal = signalOf(1);
    const loop = await encodeVideoLoop(signal, codec);
    expect(loop.units).toHaveLength(LOOP_S * FRAME_RATE);
    for (const [number, { key }] of loop.units.entries()) expect(key).toBe(number % 5 === 0);
    const wanted = yuvOf(signal.color);
    const seen: { y: number; u: number; v: number }[] = [];
    const twice = [...loop.units, ...loop.units].map(({ payloads }) => assemble(codec, payloads));
    decode(codec === 'vp8' ? AV_CODEC_ID_VP8 : AV_CODEC_ID_H264, twice, (frame) => {
      expect([frame.width, frame.height]).toEqual([PICTURE.width, PICTURE.height]);
      const [y, u, v] = frame.data ?? [];
      const [yLine = 0, uLine = 0] = frame.linesize;
      seen.push({ y: y?.[180 * yLine + 320] ?? -1, u: u?.[90 * uLine + 160] ?? -1, v: v?.[90 * uLine + 160] ?? -1 });
    });
    expect(seen).toHaveLength(2 * LOOP_S * FRAME_RATE);
    seen.forEach(({ y, u, v }, number) => {
      if (number % FRAME_RATE < FLASH_FRAMES) expect(y, `picture ${number}`).toBeGreaterThan(225);
      else
        expect(
          Math.max(Math.abs(y - wanted.y), Math.abs(u - wanted.u), Math.abs(v - wanted.v)),
          `picture ${number}`,
        ).toBeLessThan(8);
    });
  });
});

describe('the sound loop', () => {
  it('sounds at the pitch of the user from the whole second on, and is silent otherwise', async () => {
    const signal = signalOf(2);
    const loop = await encodeAudioLoop(signal);
    expect(loop.units).toHaveLength(50);
    const packets = [...loop.units, ...loop.units, ...loop.units].flatMap(({ payloads }) => payloads);
    const heard: number[] = [];
    decode(AV_CODEC_ID_OPUS, packets, (frame) => {
      const [plane] = frame.data ?? [];
      for (let n = 0; plane !== undefined && n < frame.nbSamples; n++) heard.push(plane.readFloatLE(4 * n));
    });
    // The decoder may take the look-ahead of the very first packet off: count from the end, where whole seconds end.
    const start = heard.length - 2 * 48_000;
    const energyMs = Array.from({ length: 2000 }, (_, ms) => {
      let sum = 0;
      for (let n = 0; n < 48; n++) sum += (heard[start + 48 * ms + n] ?? 0) ** 2;
      return Math.sqrt(sum / 48);
    });
    expect(energyMs.at(-5)).toBeLessThan(0.01);
    for (const second of [0, 1000]) {
      const loud = energyMs.flatMap((level, ms) =>
        level > 0.05 && ms >= second - 20 && ms < second + 980 ? [ms] : [],
      );
      expect(loud[0]).toBeLessThanOrEqual(second + 3);
      expect(loud.at(-1)).toBeGreaterThanOrEqual(second + TONE_MS - 4);
      expect(loud.at(-1)).toBeLessThanOrEqual(second + TONE_MS + 6);
    }
    const power = (hz: number): number => {
      let [re, im] = [0, 0];
      for (let n = 0; n < 3840; n++) {
        re += (heard[start + n] ?? 0) * Math.cos((2 * Math.PI * hz * n) / 48_000);
        im += (heard[start + n] ?? 0) * Math.sin((2 * Math.PI * hz * n) / 48_000);
      }
      return re * re + im * im;
    };
    expect(power(signal.pitchHz)).toBeGreaterThan(100 * power(signalOf(1).pitchHz));
    expect(power(signal.pitchHz)).toBeGreaterThan(100 * power(signalOf(3).pitchHz));
  });
});
