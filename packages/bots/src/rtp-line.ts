import { randomInt } from 'node:crypto';
import { type RTCRtpSender, RtpHeader, RtpPacket } from 'werift';
import type { Loop } from './loop.ts';
import type { UnitSink } from './pacer.ts';

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

  constructor(sender: RTCRtpSender, loop: Loop) {
    this.#sender = sender;
    this.#ticksPerUnit = loop.clockRate / loop.unitsPerSecond;
    this.#marks = sender.kind === 'video';
  }

  /** Packets sent until now. */
  get packets(): number {
    return this.#packets;
  }

  /** Sends a unit; nothing before the connection stands, and pictures from a key picture on. */
  readonly send: UnitSink = (number, { payloads, key }) => {
    if (this.#sender.dtlsTransport?.state !== 'connected') return;
    if (!this.#started && !key) return;
    this.#started = true;
    const timestamp = (number * this.#ticksPerUnit + this.#timestampOffset) % 2 ** 32;
    payloads.forEach((payload, index) => {
      const marker = this.#marks && index === payloads.length - 1;
      const header = new RtpHeader({ timestamp, sequenceNumber: this.#sequenceNumber, marker });
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      this.#packets++;
      // werift counts what the network refuses as loss, as a network does.
      void this.#sender.sendRtp(new RtpPacket(header, payload));
    });
  };
}
