import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { FrameAssembler } from './frame-assembler.ts';

/** Where the VP8 bytes of a packet begin and whether they begin a frame (RFC 7741 4.2). Null: not readable. */
export function readVp8Descriptor(payload: Buffer): { startsFrame: boolean; offset: number } | null {
  const first = payload[0];
  if (first === undefined) return null;
  let offset = 1;
  if ((first & 0x80) !== 0) {
    const extensions = payload[1];
    if (extensions === undefined) return null;
    offset = 2;
    if ((extensions & 0x80) !== 0) {
      const pictureId = payload[offset];
      if (pictureId === undefined) return null;
      offset += (pictureId & 0x80) !== 0 ? 2 : 1;
    }
    if ((extensions & 0x40) !== 0) offset += 1;
    if ((extensions & 0x30) !== 0) offset += 1;
  }
  if (offset >= payload.length) return null;
  // A frame begins with the start bit in partition 0; later partitions carry the bit too.
  return { startsFrame: (first & 0x10) !== 0 && (first & 0x0f) === 0, offset };
}

/** Whether a VP8 frame is a key frame (RFC 6386 9.1: the lowest bit of its first byte is 0). */
export function isVp8KeyFrame(frame: Buffer): boolean {
  return frame.length >= 10 && ((frame[0] ?? 1) & 1) === 0;
}

/** Puts VP8 frames together (RFC 7741). */
export class Vp8Depacketizer implements Depacketizer {
  readonly #assembler = new FrameAssembler();
  #key = false;

  get broken(): number {
    return this.#assembler.broken;
  }

  push(packet: TimedPacket): EncodedFrame | null {
    const descriptor = readVp8Descriptor(packet.payload);
    if (!this.#assembler.begin(packet, descriptor?.startsFrame === true ? 'yes' : 'no')) return null;
    if (descriptor === null) {
      // Padding between pictures carries nothing; inside a picture it means that the picture is spoilt.
      if (packet.payload.length > 0) this.#assembler.spoil();
      return null;
    }
    const bytes = packet.payload.subarray(descriptor.offset);
    if (descriptor.startsFrame) this.#key = isVp8KeyFrame(bytes);
    this.#assembler.add(bytes);
    return packet.marker ? this.#assembler.end(this.#key) : null;
  }
}
