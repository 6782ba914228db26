/** Video codec that a device sends where it can. */
export type VideoCodec = 'vp8' | 'h264';

type Codec = { mimeType: string; sdpFmtpLine?: string };

/**
 * The codecs to offer so that the wanted one is sent: it alone, with what repairs its losses, since media
 * servers choose by their own order and not by the offer's. Of H.264 the form that every browser decodes comes
 * first: constrained baseline with packetization mode 1. A browser without the wanted codec offers all it has.
 */
export function preferCodec<C extends Codec>(codecs: readonly C[], wanted: VideoCodec): C[] {
  const nameOf = ({ mimeType }: Codec): string => mimeType.toLowerCase().replace('video/', '');
  const isUsable = (codec: Codec): boolean =>
    nameOf(codec) !== 'h264' || /packetization-mode=1/.test(codec.sdpFmtpLine ?? '');
  const usable = codecs.filter(isUsable);
  if (!usable.some((codec) => nameOf(codec) === wanted)) return usable;
  const rank = (codec: Codec): number => {
    if (nameOf(codec) !== wanted) return 2;
    return wanted === 'h264' && !/profile-level-id=42e0/i.test(codec.sdpFmtpLine ?? '') ? 1 : 0;
  };
  return usable
    .filter((codec) => [wanted, 'rtx', 'red', 'ulpfec'].includes(nameOf(codec)))
    .toSorted((one, other) => rank(one) - rank(other));
}
