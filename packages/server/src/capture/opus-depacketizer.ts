import type { Depacketizer, EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { UPRIGHT } from './orientation.ts';

/** Clock of Opus in RTP, whatever the sound's own rate (RFC 7587 4.1). */
export const OPUS_CLOCK_HZ = 48_000;

/** Samples at 48 kHz of one frame by configuration number (RFC 6716 3.1, table 2). */
const FRAME_SAMPLES: readonly number[] = Object.freeze([
  ...[480, 960, 1920, 2880],
  ...[480, 960, 1920, 2880],
  ...[480, 960, 1920, 2880],
  ...[480, 960],
  ...[480, 960],
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
  ...[120, 240, 480, 960],
]);

/** Length of an Opus packet in samples at 48 kHz, from its first bytes; 0 when it is none (RFC 6716 3.1 and 3.2). */
export function opusPacketSamples(packet: Buffer): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const frameSamples = FRAME_SAMPLES[toc >> 3] ?? 0;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
  const samples = frames * frameSamples;
  // 120 ms is the longest that a packet may hold.
  return samples > 5760 ? 0 : samples;
}

/** One RTP packet is one Opus packet (RFC 7587 4.2). */
export class OpusDepacketizer implements Depacketizer {
  #ordinal = 0;
  #broken = 0;
  #lastSequence = Number.NaN;
  #epoch = -1;
  #lost = 0;

  get broken(): number {
    return this.#broken;
  }

  push(packet: TimedPacket): EncodedFrame | null {
    const isSameEpoch = packet.epoch === this.#epoch;
    const afterLoss = !isSameEpoch || packet.sequence !== this.#lastSequence + 1;
    this.#lost = isSameEpoch ? this.#lost + packet.sequence - this.#lastSequence - 1 : 0;
    this.#epoch = packet.epoch;
    this.#lastSequence = packet.sequence;
    if (packet.payload.length === 0) return null;
    if (opusPacketSamples(packet.payload) === 0) {
      this.#broken += 1;
      return null;
    }
    const { mediaUs, epoch, rtpTime, payload } = packet;
    const frame: EncodedFrame = {
      ordinal: this.#ordinal,
      mediaUs,
      epoch,
      rtpTime,
      key: true,
      afterLoss,
      lostBefore: this.#lost,
      orientation: UPRIGHT,
      data: payload,
    };
    this.#ordinal += 1;
    this.#lost = 0;
    return frame;
  }
}
