import type { Orientation } from './orientation.ts';
import type { CapturedPacket } from './packet-stream.ts';

/** A packet whose media time is known, in the order of its sequence number. */
export type TimedPacket = CapturedPacket & {
  /** Media time of its RTP time: integer µs since the epoch. */
  mediaUs: number;
};

/** One coded picture or one block of sound, ready for a decoder. */
export type EncodedFrame = {
  /** Counts the frames of a dump from 0. The same in every reading of the same dump. */
  ordinal: number;
  mediaUs: number;
  epoch: number;
  /** Unwrapped within the epoch, in units of the codec's clock. */
  rtpTime: number;
  /** Whether decoding can begin here. Always true for sound. */
  key: boolean;
  /** Whether something before it is missing, so that only a key frame can be trusted. */
  afterLoss: boolean;
  /** Packets of the same epoch that are missing since the frame before it. */
  lostBefore: number;
  /** How the picture is brought upright. Upright for sound. */
  orientation: Orientation;
  /**
   * VP8: the frame as it is. VP9: a frame or superframe. H.264: an access unit in Annex B. AV1: a temporal unit,
   * every OBU with its size. Opus: the packet.
   */
  data: Buffer;
};

/** Puts packets together to frames. */
export interface Depacketizer {
  /** Takes the next packet in order; gives the frame that it completes, or null. */
  push(packet: TimedPacket): EncodedFrame | null;
  /** Frames begun that were never completed, or could not be read. */
  readonly broken: number;
}
