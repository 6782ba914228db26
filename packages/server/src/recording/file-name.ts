import type { StreamSource } from '@callreel/protocol';

/**
 * Names of recordings, as the known dialect has them: `<SdkAppId>_<RoomId>` for a mixed file, where a string
 * RoomId is base64 with `/` → `-` and `=` → `.`, so that any room id gives a safe name that can be read back.
 */
export function mixedBaseName({
  sdkAppId,
  roomId,
  roomIdType,
}: {
  sdkAppId: number;
  roomId: string;
  roomIdType: 'number' | 'string';
}): string {
  return `${sdkAppId}_${roomIdType === 'number' ? roomId : encodeId(roomId)}`;
}

/**
 * Name of the files of one user's stream: `<mixed name>_UserId_s_<UserId>_UserId_e_<MediaId>`, the user's id always in base64.
 * @param underscores On both sides of the user: one in the library, two in other stores.
 */
export function singleBaseName(
  mixedName: string,
  { userId, source }: { userId: string; source: StreamSource },
  underscores: 1 | 2 = 1,
): string {
  const gap = '_'.repeat(underscores);
  return `${mixedName}${gap}UserId_s_${encodeId(userId)}${gap}UserId_e_${source}`;
}

/** A mixed name with what a back end wants in front of it. */
export function prefixedName(prefix: string | null, name: string): string {
  return prefix === null ? name : `${prefix}__UserDefine_u_${name}`;
}

/** What the name of a user's playlist ends with: what is in it. */
export function playlistType(media: 'both' | 'audio' | 'video'): string {
  return media === 'both' ? 'audiovideo' : media;
}

/** A string room id or a user id, as it stands in file names. */
export function encodeId(id: string): string {
  return Buffer.from(id, 'utf8').toString('base64').replaceAll('/', '-').replaceAll('=', '.');
}
