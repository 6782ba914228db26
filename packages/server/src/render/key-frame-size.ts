import type { EncodedFrame } from '../capture/index.ts';
import type { Size } from '../timeline/index.ts';
import type { OriginalCodec } from './original-file.ts';
import { VideoDecoder } from './video-decoder.ts';

/** Size of a coded key frame, as it was sent; null when it cannot be decoded. */
export function keyFrameSize(codec: OriginalCodec, data: Buffer): Size | null {
  const [ordinal, mediaUs, epoch, rtpTime, lostBefore] = [0, 0, 0, 0, 0];
  const orientation = { turnDegrees: 0 as const, mirrored: false };
  const frame: EncodedFrame = {
    ...{ ordinal, mediaUs, epoch, rtpTime, lostBefore, orientation, data },
    key: true,
    afterLoss: false,
  };
  using decoder = new VideoDecoder(codec);
  decoder.decode(frame);
  decoder.drain();
  const picture = decoder.shift(Number.POSITIVE_INFINITY);
  if (picture === null) return null;
  const { width: widthPx, height: heightPx } = picture.frame;
  decoder.release(picture);
  return { widthPx, heightPx };
}
