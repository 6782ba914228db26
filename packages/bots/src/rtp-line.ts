import { randomInt } from 'node:crypto';
import { type RTCRtpSender, RtpHeader, RtpPacket } from 'werift';
import type { Loop } from './loop.ts';
import type { UnitSink } from './pacer.ts';

/** How a stream's pictures are turned, as the header of its packets says (3GPP TS 26.114, 7.4.5). */
export type OrientationHeader = {
  /** Id that was agreed on for the extension. */
  id: number;
  /** `0 0 0 0 C F R1 R0`. */
  byte: number;
};

/** Sends a loop over one RTP stream: payloads as they are, with headers made anew. */
export class RtpLine {
  readonly #sender: RTCRtpSender;
  readonly #ticksPerUnit: number;
  readonly #timestampOffset = randomInt(2 ** 31);
  #sequenceNumber = randomInt(2 ** 15);
  /** Pictures end with the marker bit; of sound, only what follows a silence would have it (RFC 3551, 4.1). */
  readonly #marks: boolean;
  #started = false;
  #packets = 0;
  /** While true pictures are not sent, and sound is silent: what a loop has half a second from the beginning of each. */
  muted = false;
  /** Sent with the last packet of each picture; null: nothing is said. */
  orientation: OrientationHeader | null = null;
  readonly #loop: Loop;

  constructor(sender: RTCRtpSender, loop: Loop) {
    this.#sender = sender;
    this.#loop = loop;
    this.#ticksPerUnit = loop.clockRate / loop.unitsPerSecond;
    this.#marks = sender.kind === 'video';
  }

  /** Packets sent until now. */
  get packets(): number {
    return this.#packets;
  }

  /** Sends a unit; nothing before the connection stands, and pictures from a key picture on. */
  readonly send: UnitSink = (number, unit) => {
    if (this.#sender.dtlsTransport?.state !== 'connected') return;
    if (this.muted && this.#marks) this.#started = false;
    if (!this.#started && (!unit.key || (this.muted && this.#marks))) return;
    this.#started = true;
    const { payloads } = this.muted ? this.#silence : unit;
    const timestamp = (number * this.#ticksPerUnit + this.#timestampOffset) % 2 ** 32;
    payloads.forEach((payload, index) => {
      const marker = this.#marks && index === payloads.length - 1;
      const { orientation } = this;
      const extensions =
        marker && orientation !== null ? [{ id: orientation.id, payload: Buffer.of(orientation.byte) }] : [];
      const header = new RtpHeader({ timestamp, sequenceNumber: this.#sequenceNumber, marker, extensions });
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      this.#packets++;
      // werift counts what the network refuses as loss, as a network does.
      void this.#sender.sendRtp(new RtpPacket(header, payload));
    });
  };

  /** Sound between two tones. */
  get #silence(): Loop['units'][number] {
    const unit = this.#loop.units[Math.floor(this.#loop.unitsPerSecond / 2)];
    if (unit === undefined) throw new Error('The loop is shorter than half a second.');
    return unit;
  }
}
