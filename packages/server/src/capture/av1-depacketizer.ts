import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { FrameAssembler } from './frame-assembler.ts';

const SEQUENCE_HEADER = 1;
const TEMPORAL_DELIMITER = 2;
const FRAME_HEADER = 3;
const FRAME = 6;
const TILE_LIST = 8;
const PADDING = 15;
const HAS_EXTENSION = 0x04;
const HAS_SIZE = 0x02;

/** The parts of OBUs in one packet (AV1 RTP specification 4.3 and 4.4). */
export type Av1Payload = {
  /** Whether the first part goes on with an OBU of the packet before. */
  continues: boolean;
  /** Whether the last part goes on in the next packet. */
  goesOn: boolean;
  /** Whether a coded video sequence begins, as with a key frame. */
  startsSequence: boolean;
  parts: Buffer[];
};

/** Reads the aggregation header and takes the payload apart. Null: not readable. */
export function readAv1Payload(payload: Buffer): Av1Payload | null {
  const head = payload[0];
  if (head === undefined || payload.length < 2) return null;
  const count = (head >> 4) & 3;
  const parts: Buffer[] = [];
  let offset = 1;
  while (offset < payload.length) {
    let lengthBytes = payload.length - offset;
    // The last of a known number of parts has no length.
    if (count === 0 || parts.length < count - 1) {
      const length = readLeb128(payload, offset);
      if (length === null || length.offset + length.value > payload.length) return null;
      ({ offset } = length);
      lengthBytes = length.value;
    }
    parts.push(payload.subarray(offset, offset + lengthBytes));
    offset += lengthBytes;
  }
  if (count !== 0 && parts.length !== count) return null;
  return { continues: (head & 0x80) !== 0, goesOn: (head & 0x40) !== 0, startsSequence: (head & 0x08) !== 0, parts };
}

/**
 * Puts AV1 temporal units together. OBUs are given with their sizes (low-overhead format), without temporal
 * delimiters. The middle of a unit can look like its beginning, so after a loss a unit is taken only when a
 * sequence begins with it: no decoder could use another one.
 */
export class Av1Depacketizer implements Depacketizer {
  readonly #assembler = new FrameAssembler();
  #open: Buffer[] = [];
  #sequenceHeader = false;
  #keyHeader: boolean | null = null;
  #unreadable = 0;

  get broken(): number {
    return this.#assembler.broken + this.#unreadable;
  }

  push(packet: TimedPacket): EncodedFrame | null {
    const payload = readAv1Payload(packet.payload);
    const before = this.#assembler.broken;
    const start = payload === null || payload.continues ? 'no' : payload.startsSequence ? 'yes' : 'ifWhole';
    const wanted = this.#assembler.begin(packet, start);
    if (this.#assembler.broken !== before || !wanted) this.#forget();
    if (!wanted || packet.payload.length === 0) return null;
    if (payload === null || !this.#take(payload) || (packet.marker && this.#open.length > 0)) {
      this.#unreadable += 1;
      this.#assembler.spoil();
      this.#forget();
      return null;
    }
    if (!packet.marker) return null;
    const frame = this.#assembler.end(this.#sequenceHeader && this.#keyHeader === true);
    this.#forget();
    return frame;
  }

  #forget(): void {
    this.#open = [];
    this.#sequenceHeader = false;
    this.#keyHeader = null;
  }

  #take({ continues, goesOn, parts }: Av1Payload): boolean {
    if (continues !== this.#open.length > 0) return false;
    return parts.every((part, index) => {
      this.#open.push(part);
      if (goesOn && index === parts.length - 1) return true;
      const obu = this.#open.length === 1 ? part : Buffer.concat(this.#open);
      this.#open = [];
      return this.#takeObu(obu);
    });
  }

  #takeObu(obu: Buffer): boolean {
    const head = obu[0];
    // The forbidden bit is a sign that this is no OBU.
    if (head === undefined || (head & 0x80) !== 0) return false;
    const type = (head >> 3) & 15;
    if (type === TEMPORAL_DELIMITER || type === TILE_LIST || type === PADDING) return true;
    let offset = (head & HAS_EXTENSION) !== 0 ? 2 : 1;
    if (offset > obu.length) return false;
    const header = Buffer.from(obu.subarray(0, offset));
    if ((head & HAS_SIZE) !== 0) {
      const size = readLeb128(obu, offset);
      if (size === null || size.offset + size.value !== obu.length) return false;
      ({ offset } = size);
    }
    const content = obu.subarray(offset);
    if (type === SEQUENCE_HEADER) this.#sequenceHeader = true;
    // show_existing_frame 0 and frame_type 0 (AV1 specification 5.9.2). The first frame of the unit decides.
    if (type === FRAME || type === FRAME_HEADER) this.#keyHeader ??= ((content[0] ?? 0xff) & 0xe0) === 0;
    header[0] = head | HAS_SIZE;
    this.#assembler.add(header);
    this.#assembler.add(writeLeb128(content.length));
    this.#assembler.add(content);
    return true;
  }
}

/** Reads an unsigned number in 7-bit groups; null when it is torn or longer than 32 bits. */
export function readLeb128(bytes: Buffer, from: number): { value: number; offset: number } | null {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if ((byte & 0x80) === 0) return { value, offset: from + index + 1 };
  }
  return null;
}

/** Writes an unsigned number in 7-bit groups. */
export function writeLeb128(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}
