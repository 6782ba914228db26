import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAYLOAD_MAX_BYTES, packetiseH264, packetiseVp8, unitsOf } from './packetise.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 6000 }).map((array) => Buffer.from(array));

describe('packetiseVp8', () => {
  it('loses nothing, marks the first and keeps to the size', () => {
    fc.assert(
      fc.property(bytes, (picture) => {
        const payloads = packetiseVp8(picture);
        expect(Buffer.concat(payloads.map((payload) => payload.subarray(1)))).toEqual(picture);
        expect(payloads.map((payload) => payload[0])).toEqual(payloads.map((_, index) => (index === 0 ? 0x10 : 0)));
        expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThanOrEqual(PAYLOAD_MAX_BYTES);
      }),
    );
  });
});

// A unit holds no start code and does not end in zero: the encoder sees to that with emulation prevention.
const unit = fc
  .tuple(fc.constantFrom(0x65, 0x41, 0x67, 0x68), fc.uint8Array({ minLength: 1, maxLength: 4000 }))
  .map(([head, body]) => Buffer.from([head, ...body.map((byte) => byte | 1)]));

/** Puts units together again, as a receiver does (RFC 6184, 5.8). */
function assemble(payloads: Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  for (const payload of payloads) {
    const [first = 0, second = 0] = payload;
    if ((first & 0x1f) !== 28) units.push(payload);
    else if (second & 0x80)
      units.push(Buffer.concat([Buffer.of((first & 0xe0) | (second & 0x1f)), payload.subarray(2)]));
    else units.push(Buffer.concat([units.pop() ?? Buffer.alloc(0), payload.subarray(2)]));
  }
  return units;
}

describe('packetiseH264', () => {
  it('carries every unit whole', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 5 }), (units) => {
        const stream = Buffer.concat(
          units.flatMap((each, index) => [Buffer.from(index % 2 ? [0, 0, 1] : [0, 0, 0, 1]), each]),
        );
        const payloads = packetiseH264(stream);
        expect(unitsOf(stream)).toEqual(units);
        expect(assemble(payloads)).toEqual(units);
        expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThanOrEqual(PAYLOAD_MAX_BYTES);
      }),
    );
  });

  it('marks beginning and end of a cut unit', () => {
    const payloads = packetiseH264(Buffer.concat([Buffer.from([0, 0, 1, 0x65]), Buffer.alloc(3000, 7)]));
    expect(payloads.map((payload) => [payload[0], payload[1]])).toEqual([
      [0x7c, 0x85],
      [0x7c, 0x05],
      [0x7c, 0x45],
    ]);
  });

  it('leaves out delimiters and supplemental information', () => {
    expect(unitsOf(Buffer.from([0, 0, 0, 1, 9, 0x10, 0, 0, 1, 6, 5, 0, 0, 1, 0x65, 7]))).toEqual([
      Buffer.from([0x65, 7]),
    ]);
  });
});
