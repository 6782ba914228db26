import { type CallbackEvent, eventTimes, roomIdOf } from './callback-event.ts';

/** The room that something is told of. */
export type RoomSubject = { sdkAppId: number; orderKey: string; roomId: string; roomIdType: 'number' | 'string' };

/** What somebody sends, as the dialect divides it. */
export type Medium = 'video' | 'audio' | 'screen';

/** Why somebody left, in our word. */
type LeaveReason = 'normal' | 'timeout' | 'removed';

/** `Role`: everybody in a room of ours may send. */
const BROADCASTER = 20;
/** `TerminalType`: what people sit at is not asked. */
const OTHER_TERMINAL = 100;
/** `UserType`: the way media comes in. */
const WEBRTC = 1;
/** `Reason` of entering. */
const ENTERED_NORMALLY = 1;
/** `Reason` of stopping. */
const STOPPED_NORMALLY = 0;

/** `EventType` of group 1. */
const ROOM_EVENT_TYPE = Object.freeze({ created: 101, dismissed: 102, entered: 103, left: 104, roleChanged: 105 });
/** `Reason` of 104. */
const LEAVE_REASON = Object.freeze({ normal: 1, timeout: 2, removed: 3 } as const satisfies Record<
  LeaveReason,
  number
>);
/** `EventType` of group 2: started; stopped is the next one. */
const STARTED_TYPE = Object.freeze({ video: 201, audio: 203, screen: 205 } as const satisfies Record<Medium, number>);

/** What is told of each event of group 1, besides room and times. */
type RoomFacts = {
  created: { userId: string };
  dismissed: object;
  entered: { userId: string };
  left: { userId: string; reason: LeaveReason };
  /** `audience` only listens. No room of ours has these as yet. */
  roleChanged: { userId: string; role: 'broadcaster' | 'audience' };
};

const INFO_OF: { readonly [what in keyof RoomFacts]: (facts: RoomFacts[what]) => object } = Object.freeze({
  created: ({ userId }) => ({ UserId: userId }),
  dismissed: () => ({}),
  entered: ({ userId }) => ({
    UserId: userId,
    Role: BROADCASTER,
    TerminalType: OTHER_TERMINAL,
    UserType: WEBRTC,
    Reason: ENTERED_NORMALLY,
  }),
  left: ({ userId, reason }) => ({ UserId: userId, Role: BROADCASTER, Reason: LEAVE_REASON[reason] }),
  roleChanged: ({ userId, role }) => ({ UserId: userId, Role: role === 'broadcaster' ? BROADCASTER : 21 }),
} satisfies { [what in keyof RoomFacts]: (facts: RoomFacts[what]) => object });

/** An event of group 1, 101 to 105. */
export function roomCallback<W extends keyof RoomFacts>(
  room: RoomSubject,
  what: W,
  facts: RoomFacts[W] & { atUs: number },
): CallbackEvent {
  return told(room, 'room', ROOM_EVENT_TYPE[what], facts.atUs, INFO_OF[what](facts));
}

/** 201, 203, 205: somebody begins to send. */
export function mediaStarted(
  room: RoomSubject,
  medium: Medium,
  { userId, atUs }: { userId: string; atUs: number },
): CallbackEvent {
  return told(room, 'media', STARTED_TYPE[medium], atUs, { UserId: userId });
}

/** 202, 204, 206: somebody sends no more, and stays. */
export function mediaStopped(
  room: RoomSubject,
  medium: Medium,
  { userId, atUs }: { userId: string; atUs: number },
): CallbackEvent {
  return told(room, 'media', STARTED_TYPE[medium] + 1, atUs, { UserId: userId, Reason: STOPPED_NORMALLY });
}

function told(room: RoomSubject, kind: 'room' | 'media', type: number, atUs: number, info: object): CallbackEvent {
  const { sdkAppId, orderKey } = room;
  return { sdkAppId, orderKey, kind, type, info: { RoomId: roomIdOf(room), ...eventTimes(atUs), ...info } };
}
