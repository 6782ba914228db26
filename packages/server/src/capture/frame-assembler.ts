import type { EncodedFrame, TimedPacket } from './encoded-frame.ts';
import { type Orientation, UPRIGHT } from './orientation.ts';

/**
 * Whether a picture may begin with a packet. `ifWhole`: only when nothing is missing before it, as where the bytes
 * of a packet do not tell a beginning from a middle.
 */
export type PictureStart = 'yes' | 'no' | 'ifWhole';

/**
 * The part of assembling pictures that codecs share: a picture is the packets of one RTP time, without a gap,
 * from one that begins a picture to the one with the marker. A gap anywhere makes the next picture `afterLoss`.
 */
export class FrameAssembler {
  #parts: Buffer[] = [];
  #first: TimedPacket | null = null;
  #mediaUs = 0;
  #arrivalUs = 0;
  #lastSequence = Number.NaN;
  #epoch = -1;
  #afterLoss = false;
  #droppedRtpTime = Number.NaN;
  #ordinal = 0;
  #broken = 0;
  #lost = 0;
  #orientation: Orientation = UPRIGHT;

  /** Pictures begun and never completed. */
  get broken(): number {
    return this.#broken;
  }

  /** Whether something is missing before the picture that is being assembled, or in it. */
  get afterLoss(): boolean {
    return this.#afterLoss;
  }

  /**
   * Says that `packet` is next, before its bytes are read: notices gaps and new pictures.
   * Returns whether the picture it belongs to is whole so far, or can begin with it.
   */
  begin(packet: TimedPacket, start: PictureStart): boolean {
    const contiguous = packet.epoch === this.#epoch && packet.sequence === this.#lastSequence + 1;
    if (!contiguous) {
      this.#drop();
      // The very first packet of a dump follows nothing, but what it needs may be missing all the same.
      this.#afterLoss = true;
    }
    if (packet.epoch !== this.#epoch) {
      this.#droppedRtpTime = Number.NaN;
      this.#orientation = UPRIGHT;
      this.#lost = 0;
    } else if (!contiguous) {
      this.#lost += Math.max(0, packet.sequence - this.#lastSequence - 1);
    }
    // Senders say it with key frames and when it changes; what they do not say again stays as it was.
    if (packet.orientation !== null) this.#orientation = packet.orientation;
    this.#epoch = packet.epoch;
    this.#lastSequence = packet.sequence;
    if (this.#first !== null && this.#first.rtpTime !== packet.rtpTime) this.#drop();
    if (this.#first !== null) {
      if (packet.arrivalUs < this.#arrivalUs) {
        this.#arrivalUs = packet.arrivalUs;
        this.#mediaUs = packet.mediaUs;
      }
      return true;
    }
    // What is left of a picture that was given up must not pass for a picture of its own.
    const starts = start === 'yes' || (start === 'ifWhole' && contiguous);
    if (!starts || packet.rtpTime === this.#droppedRtpTime) {
      if (packet.payload.length === 0) return false;
      this.#afterLoss = true;
      this.#droppedRtpTime = packet.rtpTime;
      return false;
    }
    this.#first = packet;
    this.#mediaUs = packet.mediaUs;
    this.#arrivalUs = packet.arrivalUs;
    return true;
  }

  /** Adds bytes to the picture that is being assembled. */
  add(part: Buffer): void {
    this.#parts.push(part);
  }

  /** Gives up the picture that is being assembled. */
  spoil(): void {
    this.#drop();
    this.#afterLoss = true;
  }

  /** Ends the picture; null when there is none. A key frame ends what a loss has begun. */
  end(key: boolean): EncodedFrame | null {
    const first = this.#first;
    if (first === null || this.#parts.length === 0) {
      this.#first = null;
      return null;
    }
    const data = this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    const frame: EncodedFrame = {
      ordinal: this.#ordinal,
      mediaUs: this.#mediaUs,
      epoch: first.epoch,
      rtpTime: first.rtpTime,
      key,
      afterLoss: this.#afterLoss,
      lostBefore: this.#lost,
      orientation: this.#orientation,
      data,
    };
    this.#ordinal += 1;
    this.#parts = [];
    this.#first = null;
    this.#afterLoss = false;
    this.#lost = 0;
    return frame;
  }

  #drop(): void {
    if (this.#first === null) return;
    this.#broken += 1;
    this.#droppedRtpTime = this.#first.rtpTime;
    this.#parts = [];
    this.#first = null;
    this.#afterLoss = true;
  }
}
