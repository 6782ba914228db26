import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Av1Depacketizer, readAv1Payload, readLeb128, writeLeb128 } from './av1-depacketizer.ts';
import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { H264Depacketizer } from './h264-depacketizer.ts';
import { av1Payloads, h264Payloads, nalUnits, vp8Payloads, vp9Payloads } from './mjr-testkit.ts';
import { OpusDepacketizer, opusPacketSamples } from './opus-depacketizer.ts';
import { readOrientation, UPRIGHT } from './orientation.ts';
import { readVp8Descriptor, Vp8Depacketizer } from './vp8-depacketizer.ts';
import { isVp9KeyFrame, readVp9Descriptor, Vp9Depacketizer } from './vp9-depacketizer.ts';

/** Packets of frames, 3000 units apart. */
function packetsOf(frames: Buffer[][]): TimedPacket[] {
  const before = frames.map((_, frame) => frames.slice(0, frame).reduce((sum, { length }) => sum + length, 0));
  return frames.flatMap((payloads, frame) =>
    payloads.map((payload, index) => ({
      sequence: (before[frame] ?? 0) + index,
      epoch: 0,
      rtpTime: frame * 3000,
      mediaUs: frame * 33_333,
      arrivalUs: frame * 33_333 + index,
      marker: index === payloads.length - 1,
      orientation: null,
      payload,
    })),
  );
}

function framesOf(depacketizer: Depacketizer, packets: TimedPacket[]): EncodedFrame[] {
  return packets.flatMap((packet) => depacketizer.push(packet) ?? []);
}

const vp8Frame = fc
  .record({ key: fc.boolean(), rest: fc.uint8Array({ minLength: 10, maxLength: 4000 }) })
  .map(({ key, rest }) => Buffer.concat([Buffer.from([key ? 0x10 : 0x11]), rest]));
// Bytes of slices without anything that looks like a start code; the first bit says "first of its picture".
const slice = (type: number): fc.Arbitrary<Buffer> =>
  fc
    .uint8Array({ min: 1, minLength: 5, maxLength: 4000 })
    .map((rest) => Buffer.concat([Buffer.from([0x60 | type, 0x88]), rest]));
const START = Buffer.from([0, 0, 0, 1]);
const annexB = (units: Buffer[]): Buffer => Buffer.concat(units.flatMap((unit) => [START, unit]));
const h264Frame = fc.oneof(
  slice(5).map((idr) => annexB([Buffer.from([0x67, 66, 192, 31, 5]), Buffer.from([0x68, 9, 9]), idr])),
  slice(1).map((other) => annexB([other])),
);

const vp9Frame = fc
  .record({ key: fc.boolean(), rest: fc.uint8Array({ minLength: 10, maxLength: 4000 }) })
  .map(({ key, rest }) => Buffer.concat([Buffer.from([key ? 0x82 : 0x86]), rest]));
/** An OBU with its size. */
const obu = (type: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(type << 3) | 2]), writeLeb128(content.length), content]);
const av1Content = fc.uint8Array({ minLength: 1, maxLength: 4000 });
const av1Frame = fc
  .record({ key: fc.boolean(), frame: av1Content, metadata: fc.option(fc.uint8Array({ minLength: 1, maxLength: 90 })) })
  .map(({ key, frame, metadata }) =>
    Buffer.concat([
      ...(key ? [obu(1, Uint8Array.of(1, 2, 3))] : []),
      ...(metadata === null ? [] : [obu(5, metadata)]),
      obu(6, Uint8Array.of(key ? 0x10 : 0x30, ...frame)),
    ]),
  );

describe.each([
  {
    name: 'VP8',
    make: () => new Vp8Depacketizer(),
    frames: vp8Frame,
    cut: (frame: Buffer, index: number) => vp8Payloads(frame, index),
    isKey: (frame: Buffer) => ((frame[0] ?? 1) & 1) === 0,
  },
  {
    name: 'H.264',
    make: () => new H264Depacketizer(),
    frames: h264Frame,
    cut: (frame: Buffer) => h264Payloads(frame),
    isKey: (frame: Buffer) => ((frame[4] ?? 0) & 0x1f) === 7,
  },
  {
    name: 'VP9',
    make: () => new Vp9Depacketizer(),
    frames: vp9Frame,
    cut: (frame: Buffer, index: number) => vp9Payloads(frame, index),
    isKey: isVp9KeyFrame,
  },
  {
    name: 'AV1',
    make: () => new Av1Depacketizer(),
    frames: av1Frame,
    cut: (frame: Buffer) => av1Payloads(frame),
    isKey: (frame: Buffer) => (frame[0] ?? 0) >> 3 === 1,
    // The middle of a unit can look like its beginning.
    needsKey: true,
  },
])('$name', ({ make, frames, cut, isKey, needsKey = false }) => {
  test('puts every frame together as it was', () => {
    fc.assert(
      fc.property(fc.array(frames, { minLength: 1, maxLength: 8 }), (list) => {
        fc.pre(!needsKey || isKey(list[0] ?? Buffer.alloc(0)));
        const out = framesOf(make(), packetsOf(list.map(cut)));
        expect(out.map(({ data }) => data.toString('hex'))).toEqual(list.map((frame) => frame.toString('hex')));
        expect(out.map(({ key }) => key)).toEqual(list.map(isKey));
        expect(out.map(({ ordinal }) => ordinal)).toEqual(list.map((_, index) => index));
        expect(out.map(({ afterLoss }) => afterLoss)).toEqual(list.map((_, index) => index === 0));
      }),
      { numRuns: 60 },
    );
  });

  test('gives only whole frames after losses, and says which follow one', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { minLength: 2, maxLength: 8 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        (list, losses) => {
          const packets = packetsOf(list.map(cut));
          const lost = new Set(losses.map((value) => value % packets.length));
          const whole = new Map(list.map((frame, index) => [index * 3000, frame.toString('hex')]));
          const out = framesOf(
            make(),
            packets.filter((_, index) => !lost.has(index)),
          );
          for (const frame of out) expect(frame.data.toString('hex')).toBe(whole.get(frame.rtpTime));
          let expected = 0;
          for (const frame of out) {
            expect(frame.afterLoss).toBe(frame.rtpTime !== expected || frame.rtpTime === 0);
            expected = frame.rtpTime + 3000;
          }
          // A frame is given exactly when none of its packets is lost.
          const touched = new Set([...lost].map((index) => packets[index]?.rtpTime));
          const isGiven = (rtpTime: number): boolean => {
            if (touched.has(rtpTime)) return false;
            if (!needsKey || isKey(list[rtpTime / 3000] ?? Buffer.alloc(0))) return true;
            const first = packets.findIndex((packet) => packet.rtpTime === rtpTime);
            return first > 0 && !lost.has(first - 1);
          };
          expect(out.map(({ rtpTime }) => rtpTime)).toEqual([...whole.keys()].filter(isGiven));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('never throws on garbage', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            payload: fc.uint8Array({ maxLength: 40 }),
            marker: fc.boolean(),
            rtpTime: fc.nat(3),
            sequence: fc.nat(9),
          }),
        ),
        (list) => {
          const depacketizer = make();
          for (const { payload, ...fields } of list)
            depacketizer.push({
              ...fields,
              payload: Buffer.from(payload),
              orientation: null,
              epoch: 0,
              mediaUs: 0,
              arrivalUs: 0,
            });
        },
      ),
    );
  });
});

describe('VP8 payload descriptor', () => {
  test('of RFC 7741, figure 2, in its lengths', () => {
    expect(readVp8Descriptor(Buffer.from([0x10, 1]))).toEqual({ startsFrame: true, offset: 1 });
    expect(readVp8Descriptor(Buffer.from([0x90, 0x80, 0x11, 1]))).toEqual({ startsFrame: true, offset: 3 });
    expect(readVp8Descriptor(Buffer.from([0x90, 0xe0, 0x80, 0x11, 7, 0x20, 1]))).toEqual({
      startsFrame: true,
      offset: 6,
    });
    expect(readVp8Descriptor(Buffer.from([0x80, 0x30, 5, 1]))).toEqual({ startsFrame: false, offset: 3 });
    expect(readVp8Descriptor(Buffer.from([0x91, 0x80, 0x81]))).toBeNull();
  });
});

describe('H.264', () => {
  test('does not trust a picture after a loss whose parameter sets may be missing', () => {
    const packets = packetsOf([
      [Buffer.from([0x61, 0x88, 1])],
      [Buffer.from([0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]), Buffer.from([0x65, 0x88, 5])],
    ]);
    expect(
      framesOf(
        new H264Depacketizer(),
        packets.filter((_, index) => index !== 1),
      ).map(({ key }) => key),
    ).toEqual([false]);
    expect(framesOf(new H264Depacketizer(), packets).map(({ key }) => key)).toEqual([false, true]);
  });

  test('takes the rest of a broken picture for none', () => {
    const slices = [
      [0x65, 0x88, 1],
      [0x65, 0x88, 2],
      [0x65, 0x88, 3],
    ].map((bytes) => Buffer.from(bytes));
    const packets = packetsOf([slices, [Buffer.from([0x61, 0x88, 9])]]);
    const out = framesOf(
      new H264Depacketizer(),
      packets.filter((_, index) => index !== 1),
    );
    expect(out.map(({ rtpTime, afterLoss }) => [rtpTime, afterLoss])).toEqual([[3000, true]]);
  });

  test('test kit and reader agree on units', () => {
    expect(nalUnits(annexB([Buffer.from([1, 2]), Buffer.from([3])]))).toEqual([Buffer.from([1, 2]), Buffer.from([3])]);
  });
});

describe('Opus', () => {
  test('knows the length of a packet from its first bytes', () => {
    expect(opusPacketSamples(Buffer.from([0x78, 1]))).toBe(960);
    expect(opusPacketSamples(Buffer.from([0x00, 1]))).toBe(480);
    expect(opusPacketSamples(Buffer.from([0x81, 1]))).toBe(240);
    expect(opusPacketSamples(Buffer.from([0xfb, 0x03, 1]))).toBe(2880);
    expect(opusPacketSamples(Buffer.from([0x1b, 0x03, 1]))).toBe(0);
    expect(opusPacketSamples(Buffer.alloc(0))).toBe(0);
  });

  test('one packet is one frame', () => {
    const packets = packetsOf([[Buffer.from([0x78, 1])], [Buffer.alloc(0)], [Buffer.from([0x78, 2])]]);
    expect(framesOf(new OpusDepacketizer(), packets).map(({ ordinal, afterLoss }) => [ordinal, afterLoss])).toEqual([
      [0, true],
      [1, false],
    ]);
  });
});

describe('VP9', () => {
  test('descriptor of RFC 9628 in its lengths', () => {
    expect(readVp9Descriptor(Buffer.from([0x08, 9]))).toMatchObject({ startsFrame: true, endsFrame: false, offset: 1 });
    expect(readVp9Descriptor(Buffer.from([0x84, 0x05, 9]))).toMatchObject({ endsFrame: true, offset: 2 });
    expect(readVp9Descriptor(Buffer.from([0xa8, 0x80, 1, 0x02, 7, 9]))).toMatchObject({ spatialLayer: 1, offset: 5 });
    // Flexible mode: layer byte alone, then references until one says that it is the last.
    expect(readVp9Descriptor(Buffer.from([0xf8, 0x01, 0x04, 0x03, 0x04, 9]))).toMatchObject({
      spatialLayer: 2,
      interPredicted: true,
      offset: 5,
    });
    // A scalability structure: one layer with its size, a group of two pictures with one reference each.
    const structure = [0x18, 1, 64, 0, 180, 2, 0x04, 1, 0x04, 1];
    expect(readVp9Descriptor(Buffer.from([0x0a, ...structure, 9]))).toMatchObject({ offset: 11 });
    expect(readVp9Descriptor(Buffer.from([0x0a, ...structure]))).toBeNull();
  });

  test('frames of several spatial layers become a superframe', () => {
    const base = Buffer.from([0x82, 1, 2, 3]);
    const upper = Buffer.from([0x86, 4, 5, 6, 7]);
    const packets = packetsOf([
      [Buffer.concat([Buffer.from([0x2c, 0x00, 0]), base]), Buffer.concat([Buffer.from([0x2c, 0x03, 0]), upper])],
    ]);
    const [frame] = framesOf(new Vp9Depacketizer(), packets);
    const index = Buffer.from([0xd9, 4, 0, 0, 0, 5, 0, 0, 0, 0xd9]);
    expect(frame).toMatchObject({ key: true, data: Buffer.concat([base, upper, index]) });
  });
});

describe('AV1', () => {
  test('numbers in 7-bit groups are read as they were written', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (value) => {
        const bytes = writeLeb128(value);
        expect(readLeb128(bytes, 0)).toEqual({ value, offset: bytes.length });
        expect(readLeb128(bytes.subarray(0, -1), 0)).toBeNull();
      }),
    );
  });

  test('takes parts with lengths and without, and no others', () => {
    expect(readAv1Payload(Buffer.from([0x10, 1, 2]))?.parts).toEqual([Buffer.from([1, 2])]);
    expect(readAv1Payload(Buffer.from([0x20, 1, 7, 8]))?.parts).toEqual([Buffer.from([7]), Buffer.from([8])]);
    expect(readAv1Payload(Buffer.from([0x00, 1, 7, 1, 8]))?.parts).toEqual([Buffer.from([7]), Buffer.from([8])]);
    expect(readAv1Payload(Buffer.from([0xc8, 1, 7]))).toMatchObject({
      continues: true,
      goesOn: true,
      startsSequence: true,
    });
    expect(readAv1Payload(Buffer.from([0x00, 3, 7]))).toBeNull();
    expect(readAv1Payload(Buffer.from([0x30, 1, 7, 1]))).toBeNull();
  });
});

test('orientation stays until another one is said, and ends with its epoch', () => {
  const packets = packetsOf(Array.from({ length: 5 }, (_, index) => vp8Payloads(Buffer.alloc(20, 0x10), index)));
  const said = [null, { turnDegrees: 90, mirrored: true } as const, null, { turnDegrees: 0, mirrored: false } as const];
  const out = framesOf(
    new Vp8Depacketizer(),
    packets.map((packet, index) => ({ ...packet, orientation: said[index] ?? null })),
  );
  expect(out.map(({ orientation }) => orientation.turnDegrees)).toEqual([0, 90, 90, 0, 0]);
  expect(out[2]?.orientation.mirrored).toBe(true);
  const [, turned, other] = packets;
  if (turned === undefined || other === undefined) throw new Error('no packets');
  const restarted = framesOf(new Vp8Depacketizer(), [
    { ...turned, orientation: { turnDegrees: 180, mirrored: false } },
    { ...other, epoch: 1 },
  ]);
  expect(restarted.map(({ orientation }) => orientation.turnDegrees)).toEqual([180, 0]);
  expect(readOrientation(Buffer.from([0x0e]))).toEqual({ turnDegrees: 180, mirrored: true });
  expect(readOrientation(Buffer.from([0xf8]))).toEqual(UPRIGHT);
  expect(readOrientation(Buffer.alloc(0))).toBeNull();
});
