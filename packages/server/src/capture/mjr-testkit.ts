import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeLeb128 } from './av1-depacketizer.ts';
import type { CapturedCodec } from './depacketizer.ts';
import { JOURNAL_FILE } from './journal.ts';
import type { JournalEvent } from './journal-event.ts';

/** What a test says of a stream's dump. */
export type TestStream = { codec: CapturedCodec; ssrc: number; firstSequence: number; firstRtpTime: number };

/** Id under which test dumps carry the video-orientation extension. */
export const TEST_ORIENTATION_ID = 4;

/** A packet that a test has made, and when it arrives. */
export type TestPacket = { arrivalUs: number; bytes: Buffer };

/** Largest payload of a test packet: what Chromium sends. */
const PAYLOAD_BYTES = 1200;

/** The head of a dump as Janus 1.1 writes it. */
export function mjrHead({ codec }: Pick<TestStream, 'codec'>, firstPacketUs: number): Buffer {
  const x = codec === 'opus' ? {} : { x: { [TEST_ORIENTATION_ID]: 'urn:3gpp:video-orientation' } };
  const head = { t: codec === 'opus' ? 'a' : 'v', c: codec, ...x, s: firstPacketUs - 1000, u: firstPacketUs };
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(json.length);
  return Buffer.concat([Buffer.from('MJR00002'), length, json]);
}

/** One record of a dump. Arrival is cut to whole ms since the first packet, as Janus does. */
export function mjrRecord(packet: TestPacket, firstPacketUs: number): Buffer {
  const head = Buffer.alloc(10);
  head.write('MEET', 0, 'latin1');
  head.writeUInt32BE(Math.floor((packet.arrivalUs - firstPacketUs) / 1000), 4);
  head.writeUInt16BE(packet.bytes.length, 8);
  return Buffer.concat([head, packet.bytes]);
}

/** A whole dump of packets in the order of arrival. */
export function mjrDump(stream: Pick<TestStream, 'codec'>, packets: readonly TestPacket[]): Buffer {
  const firstPacketUs = packets[0]?.arrivalUs ?? 0;
  return Buffer.concat([mjrHead(stream, firstPacketUs), ...packets.map((packet) => mjrRecord(packet, firstPacketUs))]);
}

/** An RTP packet, with a one-byte header extension as browsers send it. `orientation`: the byte of that extension. */
export function rtpPacket(fields: {
  sequence: number;
  rtpTime: number;
  ssrc: number;
  marker: boolean;
  payload: Buffer;
  payloadType?: number;
  orientation?: number | undefined;
}): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 0x90;
  head[1] = (fields.marker ? 0x80 : 0) | (fields.payloadType ?? 96);
  head.writeUInt16BE(((fields.sequence % 65536) + 65536) % 65536, 2);
  head.writeUInt32BE(((fields.rtpTime % 2 ** 32) + 2 ** 32) % 2 ** 32, 4);
  head.writeUInt32BE(fields.ssrc, 8);
  head.writeUInt16BE(0xbede, 12);
  head.writeUInt16BE(1, 14);
  // Element 1 of one byte, then the orientation or padding.
  const { orientation } = fields;
  head.set([0x10, 0xff, ...(orientation === undefined ? [0, 0] : [TEST_ORIENTATION_ID << 4, orientation])], 16);
  return Buffer.concat([head, fields.payload]);
}

/** Cuts a VP8 frame into RTP payloads, with 15-bit picture ids as Chromium sends them. */
export function vp8Payloads(frame: Buffer, pictureId: number): Buffer[] {
  return pieces(frame, PAYLOAD_BYTES).map((piece, index) =>
    Buffer.concat([
      Buffer.from([0x80 | (index === 0 ? 0x10 : 0), 0x80, 0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff]),
      piece,
    ]),
  );
}

/** Cuts a VP9 frame of one layer into RTP payloads, in non-flexible mode with 15-bit picture ids as Chromium sends them. */
export function vp9Payloads(frame: Buffer, pictureId: number): Buffer[] {
  const parts = pieces(frame, PAYLOAD_BYTES);
  // The frame type is the sixth bit of a frame of profile 0.
  const isInter = ((frame[0] ?? 0) & 0x04) !== 0;
  return parts.map((part, index) => {
    const head = 0x80 | (isInter ? 0x40 : 0) | (index === 0 ? 0x08 : 0) | (index === parts.length - 1 ? 0x04 : 0);
    return Buffer.concat([Buffer.from([head, 0x80 | ((pictureId >> 8) & 0x7f), pictureId & 0xff]), part]);
  });
}

/** Cuts an AV1 temporal unit, all of its OBUs with sizes, into RTP payloads as Chromium sends them. */
export function av1Payloads(unit: Buffer): Buffer[] {
  const obus = bareObus(unit);
  const startsSequence = obus.some((obu) => (((obu[0] ?? 0) >> 3) & 15) === 1);
  const packets: { parts: Buffer[]; continues: boolean; goesOn: boolean }[] = [];
  for (const obu of obus) {
    pieces(obu, PAYLOAD_BYTES - 100).forEach((part, index, all) => {
      const last = packets.at(-1);
      const goesOn = index < all.length - 1;
      const fits = last !== undefined && index === 0 && last.parts.reduce((sum, { length }) => sum + length, 0) < 100;
      if (fits) {
        last.parts.push(part);
        last.goesOn = goesOn;
      } else packets.push({ parts: [part], continues: index > 0, goesOn });
    });
  }
  return packets.map(({ parts, continues, goesOn }, index) => {
    const count = parts.length <= 3 ? parts.length : 0;
    const flags = (continues ? 0x80 : 0) | (goesOn ? 0x40 : 0) | (index === 0 && startsSequence ? 0x08 : 0);
    const elements = parts.flatMap((part, at) =>
      count > 0 && at === parts.length - 1 ? [part] : [writeLeb128(part.length), part],
    );
    return Buffer.concat([Buffer.from([flags | (count << 4)]), ...elements]);
  });
}

/** The OBUs of a temporal unit without sizes, temporal delimiters left out. */
function bareObus(unit: Buffer): Buffer[] {
  const obus: Buffer[] = [];
  for (let offset = 0; offset < unit.length; ) {
    const head = unit[offset] ?? 0;
    let lengthBytes = 0;
    let from = offset + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = unit[from] ?? 0;
      lengthBytes |= (byte & 0x7f) << shift;
      from += 1;
      if ((byte & 0x80) === 0) break;
    }
    if (((head >> 3) & 15) !== 2)
      obus.push(Buffer.concat([Buffer.from([head & ~0x02]), unit.subarray(from, from + lengthBytes)]));
    offset = from + lengthBytes;
  }
  return obus;
}

/** Cuts an Annex B access unit into RTP payloads: small units in front together as STAP-A, large ones as FU-A. */
export function h264Payloads(accessUnit: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  const small: Buffer[] = [];
  for (const unit of nalUnits(accessUnit)) {
    const type = (unit[0] ?? 0) & 0x1f;
    if (type === 7 || type === 8 || type === 6) small.push(unit);
    else if (unit.length <= PAYLOAD_BYTES) payloads.push(unit);
    else payloads.push(...fragments(unit));
  }
  if (small.length === 1 && small[0] !== undefined) payloads.unshift(small[0]);
  if (small.length > 1) {
    const parts = small.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]);
    payloads.unshift(Buffer.concat([Buffer.from([0x78]), ...parts]));
  }
  return payloads;
}

/** The units of an Annex B byte stream, without start codes. */
export function nalUnits(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = -1;
  for (let index = 0; index + 2 < bytes.length; index += 1) {
    if (bytes[index] !== 0 || bytes[index + 1] !== 0 || bytes[index + 2] !== 1) continue;
    if (start >= 0) units.push(bytes.subarray(start, bytes[index - 1] === 0 ? index - 1 : index));
    start = index + 3;
    index += 2;
  }
  if (start >= 0) units.push(bytes.subarray(start));
  return units;
}

/** Writes (appends) to a bundle's files. */
export class TestBundle {
  readonly folder: string;
  #seq = 0;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Appends an event; gives it its number. */
  event(event: DistributiveOmit<JournalEvent, 'seq'>): void {
    this.#seq += 1;
    appendFileSync(join(this.folder, JOURNAL_FILE), `${JSON.stringify({ seq: this.#seq, ...event })}\n`);
  }

  /** Appends bytes to a dump. */
  dump(name: string, bytes: Buffer): void {
    appendFileSync(join(this.folder, name), bytes);
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function pieces(bytes: Buffer, sizeBytes: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += sizeBytes)
    parts.push(bytes.subarray(offset, offset + sizeBytes));
  return parts;
}

function fragments(unit: Buffer): Buffer[] {
  const header = unit[0] ?? 0;
  const parts = pieces(unit.subarray(1), PAYLOAD_BYTES);
  return parts.map((part, index) => {
    const position = (index === 0 ? 0x80 : 0) | (index === parts.length - 1 ? 0x40 : 0);
    return Buffer.concat([Buffer.from([(header & 0xe0) | 28, position | (header & 0x1f)]), part]);
  });
}
