import { type MjrHeader, MjrReader } from './mjr-reader.ts';
import { type Orientation, readOrientation, VIDEO_ORIENTATION_URI } from './orientation.ts';
import { extensionData, parseRtpPacket, type RtpPacket } from './rtp-packet.ts';
import { Unwrapper } from './unwrapper.ts';

/** A packet of a dump, in the order of arrival, with counters that do not wrap. */
export type CapturedPacket = {
  arrivalUs: number;
  /** Counts the beginnings of the stream in its dump: another SSRC or a leap of the sequence begins a new one. */
  epoch: number;
  /** Unwrapped within the epoch. */
  sequence: number;
  /** Unwrapped within the epoch, in units of the codec's clock. */
  rtpTime: number;
  marker: boolean;
  /** What the packet says of the picture's orientation, or null when it says nothing. @see readOrientation */
  orientation: Orientation | null;
  payload: Buffer;
};

/** Steps of the sequence that no loss and no reordering explains (RFC 3550 A.1: MAX_DROPOUT, and ten times MAX_MISORDER). */
const LARGEST_STEP_FORWARD = 3000;
const LARGEST_STEP_BACK = 1000;

/** Follows one dump and gives its packets as they arrived. */
export class PacketStream {
  readonly #reader: MjrReader;
  #sequences = new Unwrapper(16);
  #times = new Unwrapper(32);
  #epoch = 0;
  #ssrc: number | null = null;
  #highest = 0;
  #notRtp = 0;

  /** @param path Of the dump; the file may not exist yet. */
  constructor(path: string) {
    this.#reader = new MjrReader(path);
  }

  /** The head of the dump, or null as long as it is not there. */
  get header(): MjrHeader | null {
    return this.#reader.header;
  }

  /** Bytes of garbage between records. */
  get skippedBytes(): number {
    return this.#reader.skippedBytes;
  }

  /** Records that hold no RTP packet. */
  get notRtp(): number {
    return this.#notRtp;
  }

  /** The next packet, or null when there is none now. @throws file errors. */
  read(): CapturedPacket | null {
    for (;;) {
      const record = this.#reader.read();
      if (record === null) return null;
      const packet = parseRtpPacket(record.packet);
      if (packet === null) {
        this.#notRtp += 1;
        continue;
      }
      if (this.#ssrc !== packet.ssrc) this.#beginEpoch(packet.ssrc);
      let sequence = this.#sequences.unwrap(packet.sequence);
      if (sequence - this.#highest > LARGEST_STEP_FORWARD || this.#highest - sequence > LARGEST_STEP_BACK) {
        if (this.#highest !== Number.NEGATIVE_INFINITY) {
          this.#beginEpoch(packet.ssrc);
          sequence = this.#sequences.unwrap(packet.sequence);
        }
      }
      this.#highest = Math.max(this.#highest, sequence);
      const rtpTime = this.#times.unwrap(packet.timestamp);
      const { marker, payload } = packet;
      const orientation = this.#orientationOf(packet);
      return { arrivalUs: record.arrivalUs, epoch: this.#epoch, sequence, rtpTime, marker, orientation, payload };
    }
  }

  /** Says that no byte will be added to the dump any more. */
  end(): void {
    this.#reader.end();
  }

  /** Gives the file back. May be called twice. */
  close(): void {
    this.#reader.close();
  }

  #orientationOf({ extension }: RtpPacket): Orientation | null {
    const id = extension === null ? undefined : this.#reader.header?.extensionIds.get(VIDEO_ORIENTATION_URI);
    if (extension === null || id === undefined) return null;
    const data = extensionData(extension, id);
    return data === null ? null : readOrientation(data);
  }

  #beginEpoch(ssrc: number): void {
    if (this.#ssrc !== null) this.#epoch += 1;
    this.#ssrc = ssrc;
    this.#sequences = new Unwrapper(16);
    this.#times = new Unwrapper(32);
    this.#highest = Number.NEGATIVE_INFINITY;
  }
}
