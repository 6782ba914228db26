import type { Applications } from '../../apps/index.ts';
import { CallreelError } from '../../base/index.ts';
import { DialectError } from './dialect-error.ts';
import { OUT_OF_RANGE } from './given-in-vain.ts';

/** `privilegeMap`: may enter the room. */
const MAY_ENTER = 2;

/** Who a recording robot says that it is, and which room it wants to enter. */
export type RobotSignIn = {
  sdkAppId: number;
  userId: string;
  userSig: string;
  privateMapKey: string | undefined;
  roomId: string;
  roomIdType: 'number' | 'string';
};

/**
 * Checks what a recording robot signs in with, as callers do.
 * @throws {DialectError} `InvalidParameter.OutOfRange`, `InvalidParameter.SdkAppId`.
 */
export async function checkRobot(
  applications: Pick<Applications, 'verifyUserSig'>,
  { sdkAppId, userId, userSig, privateMapKey, roomId, roomIdType }: RobotSignIn,
): Promise<void> {
  await verified(applications, { sdkAppId, userId, userSig }, 'UserSig');
  if (privateMapKey === undefined) return;
  const { userBuf } = await verified(applications, { sdkAppId, userId, userSig: privateMapKey }, 'PrivateMapKey');
  const permit = userBuf === null ? null : readPermit(userBuf);
  if (permit === null) throw new DialectError(OUT_OF_RANGE, 'PrivateMapKey names no room.');
  const isOfRoom =
    roomIdType === 'number'
      ? permit.roomText === null && String(permit.roomNumber) === roomId
      : permit.roomText === roomId;
  if (!isOfRoom) throw new DialectError(OUT_OF_RANGE, 'PrivateMapKey is for another room.');
  if ((permit.privileges & MAY_ENTER) === 0)
    throw new DialectError(OUT_OF_RANGE, 'PrivateMapKey does not allow to enter the room.');
}

async function verified(
  applications: Pick<Applications, 'verifyUserSig'>,
  signIn: { sdkAppId: number; userId: string; userSig: string },
  name: string,
): Promise<{ userBuf: Uint8Array | null }> {
  try {
    return await applications.verifyUserSig(signIn);
  } catch (error) {
    if (!(error instanceof CallreelError)) throw error;
    const code = error.code === 'ApplicationUnknown' ? 'InvalidParameter.SdkAppId' : OUT_OF_RANGE;
    throw new DialectError(code, `${name}: ${error.message}`, { cause: error });
  }
}

/** What a PrivateMapKey permits, as `tls-sig-api-v2` packs it; null when it is cut off. */
function readPermit(bytes: Uint8Array): { roomNumber: number; roomText: string | null; privileges: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const hasText = view.getUint8(0) === 1;
    // Version, length and name of the account, its application; then room, end, privileges, kind of account.
    const roomAt = 3 + view.getUint16(1) + 4;
    const textAt = roomAt + 16;
    const length = hasText ? view.getUint16(textAt) : 0;
    if (textAt + (hasText ? 2 : 0) + length > bytes.length) return null;
    return {
      roomNumber: view.getUint32(roomAt),
      roomText: hasText ? Buffer.from(bytes.subarray(textAt + 2, textAt + 2 + length)).toString('utf8') : null,
      privileges: view.getUint32(roomAt + 8),
    };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
