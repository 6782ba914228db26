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

/** A string room id or a user id, as it stands in file names. */
export function encodeId(id: string): string {
  return Buffer.from(id, 'utf8').toString('base64').replaceAll('/', '-').replaceAll('=', '.');
}
