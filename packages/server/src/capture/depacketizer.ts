import { Av1Depacketizer } from './av1-depacketizer.ts';
import type { Depacketizer } from './encoded-frame.ts';
import { H264Depacketizer } from './h264-depacketizer.ts';
import { OPUS_CLOCK_HZ, OpusDepacketizer } from './opus-depacketizer.ts';
import { Vp8Depacketizer } from './vp8-depacketizer.ts';
import { Vp9Depacketizer } from './vp9-depacketizer.ts';

/** A codec that can be rendered, by the name in the dump's head. */
export type CapturedCodec = 'vp8' | 'vp9' | 'av1' | 'h264' | 'opus';

type CodecFacts = { clockHz: number; makeDepacketizer: () => Depacketizer };

/** Clock of the RTP time and the way to frames, by codec. */
export const CAPTURED_CODECS: Readonly<Record<CapturedCodec, CodecFacts>> = Object.freeze({
  vp8: { clockHz: 90_000, makeDepacketizer: () => new Vp8Depacketizer() },
  vp9: { clockHz: 90_000, makeDepacketizer: () => new Vp9Depacketizer() },
  av1: { clockHz: 90_000, makeDepacketizer: () => new Av1Depacketizer() },
  h264: { clockHz: 90_000, makeDepacketizer: () => new H264Depacketizer() },
  opus: { clockHz: OPUS_CLOCK_HZ, makeDepacketizer: () => new OpusDepacketizer() },
});

/** Whether a codec's name in a dump is one that can be rendered. */
export function isCapturedCodec(name: string): name is CapturedCodec {
  return Object.hasOwn(CAPTURED_CODECS, name);
}
