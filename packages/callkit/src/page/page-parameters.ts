import type { CallMediaType } from '@callreel/protocol';
import type { VideoCodec } from '../media/codec-preference.ts';

/** What the address of the page asks for. */
export type PageParameters = {
  /** Missing: the server's first application, which it tells only in demo mode. */
  sdkAppId: number | null;
  userId: string | null;
  userSig: string | undefined;
  /** Users to call at once. */
  call: string[];
  type: CallMediaType;
  autoAccept: boolean;
  videoCodec: VideoCodec;
};

/** Reads `sdkAppId, userId, userSig, call, type, autoAccept, videoCodec` from a query. What makes no sense counts as missing. */
export function pageParameters(query: string): PageParameters {
  const given = new URLSearchParams(query);
  const sdkAppId = Number(given.get('sdkAppId') ?? '');
  return {
    sdkAppId: Number.isInteger(sdkAppId) && sdkAppId > 0 ? sdkAppId : null,
    userId: given.get('userId')?.trim() || null,
    userSig: given.get('userSig') || undefined,
    call: userIdsIn(given.get('call') ?? ''),
    type: given.get('type') === 'audio' ? 'audio' : 'video',
    autoAccept: given.get('autoAccept') === '1',
    videoCodec: given.get('videoCodec') === 'h264' ? 'h264' : 'vp8',
  };
}

/** User ids in a text, separated by commas (also those of Chinese), semicolons or line ends. */
export function userIdsIn(text: string): string[] {
  const ids = text.split(/[,;\n\uff0c\u3001\uff1b]/).map((id) => id.trim());
  return [...new Set(ids.filter((id) => id !== ''))];
}
