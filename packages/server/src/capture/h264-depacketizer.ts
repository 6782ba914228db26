import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { FrameAssembler } from './frame-assembler.ts';

const START_CODE = Buffer.from([0, 0, 0, 1]);
const NAL_NON_IDR = 1;
const NAL_IDR = 5;
const NAL_SPS = 7;
const STAP_A = 24;
const FU_A = 28;

/**
 * Puts H.264 access units together (RFC 6184, packetization mode 1: single NAL units, STAP-A, FU-A) and gives
 * them in Annex B, parameter sets inside, as they came.
 */
export class H264Depacketizer implements Depacketizer {
  readonly #assembler = new FrameAssembler();
  #idr = false;
  #parameterSets = false;
  #fragmentOpen = false;
  #unreadable = 0;

  get broken(): number {
    return this.#assembler.broken + this.#unreadable;
  }

  push(packet: TimedPacket): EncodedFrame | null {
    const { payload } = packet;
    const type = (payload[0] ?? 0) & 0x1f;
    const before = this.#assembler.broken;
    const wanted = this.#assembler.begin(packet, startsAccessUnit(payload, type) ? 'yes' : 'no');
    if (this.#assembler.broken !== before) this.#forget();
    if (!wanted || payload.length === 0) return null;
    if (!this.#take(payload, type)) {
      this.#unreadable += 1;
      this.#assembler.spoil();
      this.#forget();
      return null;
    }
    if (!packet.marker) return null;
    // After a loss the parameter sets of a new picture size may be among what is missing.
    if (this.#idr && !this.#parameterSets && this.#assembler.afterLoss) this.#assembler.spoil();
    const frame = this.#assembler.end(this.#idr);
    this.#forget();
    return frame;
  }

  #forget(): void {
    this.#idr = false;
    this.#parameterSets = false;
    this.#fragmentOpen = false;
  }

  #take(payload: Buffer, type: number): boolean {
    if (type >= 1 && type <= 23) return this.#unit(payload);
    if (type === STAP_A) return this.#aggregate(payload);
    if (type === FU_A) return this.#fragment(payload);
    return false;
  }

  #unit(unit: Buffer): boolean {
    if (this.#fragmentOpen) return false;
    this.#note((unit[0] ?? 0) & 0x1f);
    this.#assembler.add(START_CODE);
    this.#assembler.add(unit);
    return true;
  }

  #aggregate(payload: Buffer): boolean {
    let offset = 1;
    while (offset < payload.length) {
      if (offset + 2 > payload.length) return false;
      const lengthBytes = payload.readUInt16BE(offset);
      offset += 2;
      if (lengthBytes === 0 || offset + lengthBytes > payload.length) return false;
      if (!this.#unit(payload.subarray(offset, offset + lengthBytes))) return false;
      offset += lengthBytes;
    }
    return offset > 1;
  }

  #fragment(payload: Buffer): boolean {
    const indicator = payload[0];
    const header = payload[1];
    if (indicator === undefined || header === undefined || payload.length < 3) return false;
    const starts = (header & 0x80) !== 0;
    if (starts === this.#fragmentOpen) return false;
    if (starts) {
      this.#note(header & 0x1f);
      this.#assembler.add(START_CODE);
      this.#assembler.add(Buffer.from([(indicator & 0xe0) | (header & 0x1f)]));
    }
    this.#assembler.add(payload.subarray(2));
    this.#fragmentOpen = (header & 0x40) === 0;
    return true;
  }

  #note(type: number): void {
    if (type === NAL_IDR) this.#idr = true;
    if (type === NAL_SPS) this.#parameterSets = true;
  }
}

/** Whether an access unit may begin with this packet: a slice must be the first of its picture (first_mb_in_slice 0). */
function startsAccessUnit(payload: Buffer, type: number): boolean {
  if (payload.length < 2) return false;
  if (type === STAP_A) return true;
  if (type === FU_A) {
    const header = payload[1] ?? 0;
    if ((header & 0x80) === 0) return false;
    return isSlice(header & 0x1f) ? ((payload[2] ?? 0) & 0x80) !== 0 : true;
  }
  return isSlice(type) ? ((payload[1] ?? 0) & 0x80) !== 0 : true;
}

function isSlice(type: number): boolean {
  return type === NAL_NON_IDR || type === NAL_IDR;
}
