import type { RestKey } from '../../apps/index.ts';
import { type Action, action } from './action.ts';
import { DialectError, INTERNAL_ERROR } from './dialect-error.ts';
import type { ParameterCodes } from './parameter-check.ts';
import { mustBeOfKey } from './room-actions.ts';
import type { RoomHistory, RoomStay } from './room-control.ts';
import { DescribeCallDetailInfo, DescribeRoomInfo, DescribeUserInfo, type StaysRequest } from './room-schemas.ts';

/** What the actions of the past are answered by. */
export type HistoryActionParts = {
  history: RoomHistory;
  /** A clock in ms since the epoch; default the system's. */
  nowMs?: () => number;
};

const HOUR_S = 3_600;
/** How far back the known system looks. */
const DAYS_BACK_S = 14 * 24 * HOUR_S;
const ROOMS_A_PAGE = 10;
const USERS_A_PAGE = 6;

const CODES: Readonly<Record<string, string>> = Object.freeze({
  SdkAppId: 'InvalidParameter.SdkAppId',
  RoomId: 'InvalidParameter.RoomId',
  StartTime: 'InvalidParameter.StartTs',
  EndTime: 'InvalidParameter.EndTs',
  PageNumber: 'InvalidParameter.PageNumber',
  PageSize: 'InvalidParameter.PageSize',
  UserIds: 'InvalidParameter.UserIds',
});
const parameterCodes: ParameterCodes = {
  missing: ['SdkAppId', 'CommId'],
  value: (name) => (Object.hasOwn(CODES, name) ? CODES[name] : undefined) ?? 'InvalidParameter',
};
const common = {
  scopes: ['read'] as const,
  effect: 'reads' as const,
  parameterCodes,
  errorCodes: {},
  internalError: INTERNAL_ERROR,
};

/** The kinds of quality figures that the known system has. */
const DATA_TYPES = new Set([
  ...['all', 'appCpu', 'sysCpu', 'aBit', 'aBlock', 'bigvBit', 'bigvCapFps', 'bigvEncFps', 'bigvDecFps', 'bigvBlock'],
  ...['aLoss', 'bigvLoss', 'bigvWidth', 'bigvHeight', 'aCapEnergy', 'aPlayEnergy', 'rtt', 'bigvRecFps'],
]);

/** The actions that tell of rooms that were. */
export function historyActions({ history, nowMs = Date.now }: HistoryActionParts): Action[] {
  return [
    action({
      ...common,
      name: 'DescribeRoomInfo',
      parameters: DescribeRoomInfo,
      run: async (request, key) => {
        const { SdkAppId, RoomId = '' } = request;
        mustBeOfKey(key, SdkAppId);
        const { total, items } = await history.rooms({
          sdkAppId: SdkAppId,
          ...(RoomId === '' ? {} : { roomId: RoomId }),
          ...spanOf(request, 24),
          ...pageOf(request, ROOMS_A_PAGE),
        });
        return {
          Total: total,
          RoomList: items.map(({ roomId, openedUs, closedUs, creatorId }) => ({
            CommId: `${SdkAppId}_${roomId}_${toSeconds(openedUs)}`,
            RoomString: roomId,
            CreateTime: toSeconds(openedUs),
            DestroyTime: closedUs === null ? 0 : toSeconds(closedUs),
            IsFinished: closedUs !== null,
            UserId: creatorId ?? '',
          })),
        };
      },
    }),
    action({
      ...common,
      name: 'DescribeUserInfo',
      parameters: DescribeUserInfo,
      run: async (request, key) => usersOf(request, key, 4),
    }),
    action({
      ...common,
      name: 'DescribeCallDetailInfo',
      parameters: DescribeCallDetailInfo,
      run: async (request, key) => {
        const { DataType, PageSize = USERS_A_PAGE, UserIds = [] } = request;
        const unknown = DataType?.find((type) => !DATA_TYPES.has(type));
        if (unknown !== undefined)
          throw new DialectError('InvalidParameter', `DataType names ${JSON.stringify(unknown)}, which is no figure.`);
        if (DataType !== undefined && UserIds.length > USERS_A_PAGE)
          throw new DialectError(
            'InvalidParameter.UserIdsMorethanSix',
            'UserIds has more than 6 names, with DataType.',
          );
        if (DataType !== undefined && PageSize > USERS_A_PAGE)
          throw new DialectError('InvalidParameter.PageSize', `PageSize is ${PageSize}: must be <= 6 with DataType.`);
        // No figures of quality are kept: there is none to tell.
        return { ...(await usersOf(request, key, 1)), Data: [] };
      },
    }),
  ];

  async function usersOf(request: StaysRequest, key: RestKey, hoursMax: number): Promise<object> {
    const { SdkAppId, CommId, UserIds = [] } = request;
    mustBeOfKey(key, SdkAppId);
    const room = readCommId(CommId);
    const span = spanOf(request, hoursMax);
    const page = pageOf(request, USERS_A_PAGE);
    if (room === null || room.sdkAppId !== SdkAppId)
      throw new DialectError(
        'InvalidParameter',
        'CommId must be that of a room of this SdkAppId: see DescribeRoomInfo.',
      );
    const { total, items } = await history.stays({
      ...room,
      ...(UserIds.length === 0 ? {} : { userIds: UserIds }),
      ...span,
      ...page,
    });
    return { Total: total, UserList: items.map((stay) => toUser(stay, nowMs())) };
  }

  /** @throws {DialectError} `InvalidParameter.StartTs`, `.StartTsOversize`, `.EndTs`, `.QueryScaleOversize`. */
  function spanOf(
    { StartTime, EndTime }: { StartTime: number; EndTime: number },
    hoursMax: number,
  ): { fromUs: number; untilUs: number } {
    if (EndTime < StartTime)
      throw new DialectError('InvalidParameter.EndTs', `EndTime is ${EndTime}: must not be before StartTime.`);
    if (EndTime - StartTime > hoursMax * HOUR_S)
      throw new DialectError(
        'InvalidParameter.QueryScaleOversize',
        `EndTime must be within ${hoursMax} h of StartTime.`,
      );
    if (StartTime < nowMs() / 1000 - DAYS_BACK_S)
      throw new DialectError('InvalidParameter.StartTsOversize', 'StartTime must be within the last 14 days.');
    return { fromUs: StartTime * 1e6, untilUs: EndTime * 1e6 };
  }
}

/** Where one of both is not given the known system answers its first page. */
function pageOf(
  { PageNumber, PageSize }: { PageNumber?: number; PageSize?: number },
  standard: number,
): { offset: number; limit: number } {
  if (PageNumber === undefined || PageSize === undefined) return { offset: 0, limit: standard };
  return { offset: PageNumber * PageSize, limit: PageSize };
}

/** `SdkAppId_RoomId_CreateTime`; the room's id may hold underscores itself. */
function readCommId(commId: string): { sdkAppId: number; roomId: string; openedS: number } | null {
  const match = /^(\d{1,15})_(.+)_(\d{1,10})$/s.exec(commId);
  if (match === null) return null;
  const [, sdkAppId = '', roomId = '', openedS = ''] = match;
  return { sdkAppId: Number(sdkAppId), roomId, openedS: Number(openedS) };
}

/** Who has not left is said to be leaving now, as in the known system. What devices they had is not kept. */
function toUser({ roomId, userId, enteredUs, leftUs }: RoomStay, nowMs: number): object {
  return {
    RoomStr: roomId,
    UserId: userId,
    JoinTs: toSeconds(enteredUs),
    LeaveTs: leftUs === null ? Math.floor(nowMs / 1000) : toSeconds(leftUs),
    DeviceType: '',
    SdkVersion: '',
    ClientIp: '',
    Finished: leftUs !== null,
  };
}

function toSeconds(us: number): number {
  return Math.floor(us / 1e6);
}
