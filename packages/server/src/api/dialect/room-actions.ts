import type { RestKey } from '../../apps/index.ts';
import { type Action, action } from './action.ts';
import { DialectError, type ErrorCodes, INTERNAL_ERROR } from './dialect-error.ts';
import type { ParameterCodes } from './parameter-check.ts';
import type { RoomControl, RoomName } from './room-control.ts';
import { DismissRoom, DismissRoomByStrRoomId, RemoveUser, RemoveUserByStrRoomId } from './room-schemas.ts';

/** The known system's codes for parameters of rooms. */
const parameterCodes: ParameterCodes = {
  missing: ['SdkAppId', 'RoomId', 'UserIds'],
  value: (name) => (['SdkAppId', 'RoomId', 'UserIds'].includes(name) ? `InvalidParameter.${name}` : 'InvalidParameter'),
};
const errorCodes: ErrorCodes = Object.freeze({ RoomUnknown: 'FailedOperation.RoomNotExist' });
const common = {
  scopes: ['record'] as const,
  effect: 'changes' as const,
  parameterCodes,
  errorCodes,
  internalError: INTERNAL_ERROR,
};

/** The actions that end rooms and take people out of them. */
export function roomActions({ rooms }: { rooms: RoomControl }): Action[] {
  const remove = async (room: RoomName, userIds: readonly string[]): Promise<object> => {
    const removed = await rooms.remove(room, userIds);
    if (removed.length === 0)
      throw new DialectError('FailedOperation.UserNotExist', 'None of these users is in the room.');
    return {};
  };
  return [
    action({
      ...common,
      name: 'DismissRoom',
      parameters: DismissRoom,
      run: async ({ SdkAppId, RoomId }, key) => {
        mustBeOfKey(key, SdkAppId);
        await rooms.dismiss({ sdkAppId: SdkAppId, roomId: String(RoomId), roomIdType: 'number' });
        return {};
      },
    }),
    action({
      ...common,
      name: 'DismissRoomByStrRoomId',
      parameters: DismissRoomByStrRoomId,
      run: async ({ SdkAppId, RoomId }, key) => {
        mustBeOfKey(key, SdkAppId);
        await rooms.dismiss({ sdkAppId: SdkAppId, roomId: RoomId, roomIdType: 'string' });
        return {};
      },
    }),
    action({
      ...common,
      name: 'RemoveUser',
      parameters: RemoveUser,
      run: async ({ SdkAppId, RoomId, UserIds }, key) => {
        mustBeOfKey(key, SdkAppId);
        return remove({ sdkAppId: SdkAppId, roomId: String(RoomId), roomIdType: 'number' }, UserIds);
      },
    }),
    action({
      ...common,
      name: 'RemoveUserByStrRoomId',
      parameters: RemoveUserByStrRoomId,
      run: async ({ SdkAppId, RoomId, UserIds }, key) => {
        mustBeOfKey(key, SdkAppId);
        return remove({ sdkAppId: SdkAppId, roomId: RoomId, roomIdType: 'string' }, UserIds);
      },
    }),
  ];
}

/** @throws {DialectError} `UnauthorizedOperation.SdkAppId` when the application is not one of the key's. */
export function mustBeOfKey({ sdkAppId }: RestKey, asked: number): void {
  if (sdkAppId !== null && sdkAppId !== asked)
    throw new DialectError('UnauthorizedOperation.SdkAppId', `The key does not belong to SdkAppId ${asked}.`);
}
