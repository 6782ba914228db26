import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { FrameAssembler } from './frame-assembler.ts';

/** What the payload descriptor of a VP9 packet says (RFC 9628 4.2) that a recording needs. */
export type Vp9Descriptor = {
  /** Whether a frame of some layer begins, or ends, with this packet. */
  startsFrame: boolean;
  endsFrame: boolean;
  /** Whether the frame refers to frames before its picture. */
  interPredicted: boolean;
  spatialLayer: number;
  /** Where the VP9 bytes begin. */
  offset: number;
};

/** Reads the payload descriptor. Null: not readable. */
export function readVp9Descriptor(payload: Buffer): Vp9Descriptor | null {
  const first = payload[0];
  if (first === undefined) return null;
  const has = (bit: number): boolean => (first & bit) !== 0;
  let offset = 1;
  let spatialLayer = 0;
  if (has(0x80)) offset += ((payload[offset] ?? 0) & 0x80) !== 0 ? 2 : 1;
  if (has(0x20)) {
    spatialLayer = ((payload[offset] ?? 0) >> 1) & 7;
    // Without flexible mode a byte of TL0PICIDX follows.
    offset += has(0x10) ? 1 : 2;
  }
  if (has(0x10) && has(0x40)) {
    // Up to three reference indices; the lowest bit says that another one follows.
    for (let count = 0; count < 3; count += 1) {
      const reference = payload[offset];
      offset += 1;
      if (reference === undefined || (reference & 1) === 0) break;
    }
  }
  if (has(0x02)) offset += scalabilityBytes(payload, offset);
  if (offset >= payload.length) return null;
  return { startsFrame: has(0x08), endsFrame: has(0x04), interPredicted: has(0x40), spatialLayer, offset };
}

/** Length of the scalability structure, which may stand in key pictures. */
function scalabilityBytes(payload: Buffer, offset: number): number {
  const head = payload[offset] ?? 0;
  let lengthBytes = 1;
  if ((head & 0x10) !== 0) lengthBytes += 4 * ((head >> 5) + 1);
  if ((head & 0x08) === 0) return lengthBytes;
  const pictures = payload[offset + lengthBytes] ?? 0;
  lengthBytes += 1;
  for (let picture = 0; picture < pictures; picture += 1) {
    const references = ((payload[offset + lengthBytes] ?? 0) >> 2) & 3;
    lengthBytes += 1 + references;
    if (offset + lengthBytes > payload.length) break;
  }
  return lengthBytes;
}

/**
 * Puts VP9 pictures together (RFC 9628). The frames of several spatial layers become one superframe with its
 * index (VP9 bitstream specification, annex B), as decoders expect them.
 */
export class Vp9Depacketizer implements Depacketizer {
  readonly #assembler = new FrameAssembler();
  #key = false;
  #frameBytes = 0;
  #frames: number[] = [];
  #rtpTime = Number.NaN;

  get broken(): number {
    return this.#assembler.broken;
  }

  push(packet: TimedPacket): EncodedFrame | null {
    const descriptor = readVp9Descriptor(packet.payload);
    const startsPicture = descriptor?.startsFrame === true && descriptor.spatialLayer === 0;
    if (!this.#assembler.begin(packet, startsPicture ? 'yes' : 'no')) return null;
    if (descriptor === null) {
      // Padding between pictures carries nothing; inside a picture it means that the picture is spoilt.
      if (packet.payload.length > 0) this.#assembler.spoil();
      return null;
    }
    const bytes = packet.payload.subarray(descriptor.offset);
    if (startsPicture || packet.rtpTime !== this.#rtpTime) {
      this.#key = isVp9KeyFrame(bytes) && !descriptor.interPredicted;
      this.#frames = [];
      this.#frameBytes = 0;
      this.#rtpTime = packet.rtpTime;
    }
    this.#assembler.add(bytes);
    this.#frameBytes += bytes.length;
    if (descriptor.endsFrame || packet.marker) {
      this.#frames.push(this.#frameBytes);
      this.#frameBytes = 0;
    }
    if (!packet.marker) return null;
    if (this.#frames.length > 1) this.#assembler.add(superframeIndex(this.#frames));
    return this.#assembler.end(this.#key);
  }
}

/** Whether a VP9 frame is a key frame: marker 2, profile, not "show existing", frame type 0 (specification 6.2). */
export function isVp9KeyFrame(frame: Buffer): boolean {
  const first = frame[0] ?? 0;
  if (first >> 6 !== 2) return false;
  const isProfile3 = (first & 0x30) === 0x30;
  // Profile 3 has one bit more.
  return isProfile3 ? (first & 0x06) === 0 : (first & 0x0c) === 0;
}

/** Sizes of the frames of a superframe between two markers, in four bytes each. At most eight frames. */
function superframeIndex(sizesBytes: readonly number[]): Buffer {
  const count = Math.min(8, sizesBytes.length);
  const marker = 0xc0 | (3 << 3) | (count - 1);
  const index = Buffer.alloc(2 + count * 4, marker);
  for (let frame = 0; frame < count; frame += 1) index.writeUInt32LE(sizesBytes[frame] ?? 0, 1 + frame * 4);
  return index;
}
