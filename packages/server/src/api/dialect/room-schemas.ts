import { NumRoomId, StrRoomId } from '@callreel/protocol';
import { type Static, Type } from 'typebox';
import { SdkAppId } from './recording-schemas.ts';

// The fields of the known system's type definitions for rooms, their past, and usage.
const strict = { additionalProperties: false };
const UserIds = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 10 });
/** Seconds since the Unix epoch. */
const Time = Type.Integer({ minimum: 0, maximum: 9_999_999_999 });
const page = {
  PageNumber: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  PageSize: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
};
const CommId = Type.String({ minLength: 1, maxLength: 128 });
const AskedUserIds = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 });
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });

/** `DismissRoomRequest`. */
export const DismissRoom = Type.Object({ SdkAppId, RoomId: NumRoomId }, strict);
/** `DismissRoomByStrRoomIdRequest`. */
export const DismissRoomByStrRoomId = Type.Object({ SdkAppId, RoomId: StrRoomId }, strict);
/** `RemoveUserRequest`. */
export const RemoveUser = Type.Object({ SdkAppId, RoomId: NumRoomId, UserIds }, strict);
/** `RemoveUserByStrRoomIdRequest`. */
export const RemoveUserByStrRoomId = Type.Object({ SdkAppId, RoomId: StrRoomId, UserIds }, strict);
/** `DescribeRoomInfoRequest`. */
export const DescribeRoomInfo = Type.Object(
  { SdkAppId, StartTime: Time, EndTime: Time, RoomId: Type.Optional(Type.String({ maxLength: 64 })), ...page },
  strict,
);
/** `DescribeUserInfoRequest`. */
export const DescribeUserInfo = Type.Object(
  { CommId, StartTime: Time, EndTime: Time, SdkAppId, UserIds: Type.Optional(AskedUserIds), ...page },
  strict,
);
/** `DescribeCallDetailInfoRequest`. */
export const DescribeCallDetailInfo = Type.Object(
  {
    CommId,
    StartTime: Time,
    EndTime: Time,
    SdkAppId,
    UserIds: Type.Optional(AskedUserIds),
    DataType: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 32 })),
    ...page,
  },
  strict,
);
/** `DescribeRecordStatisticRequest`. */
export const DescribeRecordStatistic = Type.Object(
  { StartTime: Day, EndTime: Day, SdkAppId: Type.Optional(SdkAppId) },
  strict,
);
/** `DescribeRecordingUsageRequest`. */
export const DescribeRecordingUsage = Type.Object(
  {
    StartTime: Day,
    EndTime: Day,
    MixType: Type.String({ pattern: '^(single|multi)$' }),
    SdkAppId: Type.Optional(SdkAppId),
  },
  strict,
);

/** What the two actions that ask for people in a room have in common. */
export type StaysRequest = Static<typeof DescribeUserInfo>;
