/** Video codec that a device sends where it can. */
export type VideoCodec = 'vp8' | 'h264';

type Codec = { mimeType: string; sdpFmtpLine?: string };

/**
 * Puts one codec first, and of H.264 only the form that every browser decodes: constrained baseline with
 * packetization mode 1. The others stay behind it as second choices.
 */
export function preferCodec<C extends Codec>(codecs: readonly C[], wanted: VideoCodec): C[] {
  const usable = codecs.filter(
    ({ mimeType, sdpFmtpLine = '' }) =>
      mimeType.toLowerCase() !== 'video/h264' || /packetization-mode=1/.test(sdpFmtpLine),
  );
  const rank = ({ mimeType, sdpFmtpLine = '' }: Codec): number => {
    if (mimeType.toLowerCase() !== `video/${wanted}`) return 2;
    return wanted === 'h264' && !/profile-level-id=42e0/i.test(sdpFmtpLine) ? 1 : 0;
  };
  return usable.toSorted((one, other) => rank(one) - rank(other));
}
