import type {
  CallEndReason,
  CallInfo,
  CallMediaType,
  CallRole,
  ServerEventName,
  ServerEvents,
} from '@callreel/protocol';
import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';

/** A signed-in device. */
export type DeviceRef = { sdkAppId: number; userId: string; deviceId: string };

/**
 * What a user does in a call. `ringing` → `active` → `left`, or from `ringing` straight to one of the ends. The
 * caller begins as `active`. An end is never left again.
 */
export type MemberState =
  | 'ringing'
  | 'active'
  | 'left'
  | 'rejected'
  | 'noResponse'
  | 'lineBusy'
  | 'canceled'
  | 'offline';

/** A user in a call. */
export type CallMember = { userId: string; role: CallRole; state: MemberState; deviceId: string | null };

/** A call. `calling` nobody has answered; `active` a room is open; `ended` only its record is left. */
export type Call = {
  callId: string;
  sdkAppId: number;
  callerId: string;
  mediaType: CallMediaType;
  callType: 'single' | 'multi';
  roomId: string;
  roomIdType: 'number' | 'string';
  userData: string;
  chatGroupId: string;
  timeoutMs: number;
  startedUs: number;
  acceptedUs: number | null;
  state: 'calling' | 'active' | 'ended';
  members: CallMember[];
};

/** What calls tell the other stages. */
export type CallEvent =
  /** The first to answer did: the caller and this user are in the call. */
  | { type: 'answered'; call: Call; caller: DeviceRef; callee: DeviceRef }
  /** A further user answered. */
  | { type: 'joined'; call: Call; member: DeviceRef }
  /** A user who was in the call is in it no more; the others go on. */
  | { type: 'left'; call: Call; userId: string; reason: CallEndReason }
  | { type: 'ended'; call: Call; reason: CallEndReason };

/** Whom a message is for: all devices of a user, one of them, or all but one. */
export type Addressee = { sdkAppId: number; userId: string; deviceId?: string; exceptDeviceId?: string };

/** Where the words of calls go. */
export interface CallOutlet {
  /** Awaited before the event takes effect; an error refuses it. */
  event(event: CallEvent): Promise<void>;
  /** Tells devices. Never waits for them. */
  notify<N extends ServerEventName>(to: Addressee, name: N, body: ServerEvents[N]): void;
}

/**
 * What a member did, as it is told outside. `ring`: the call rings for him, or does again; `cancel`: it was taken back
 * before he answered.
 */
export type MemberAction = 'accept' | 'reject' | 'noResponse' | 'lineBusy' | 'hangup' | 'offline' | 'ring' | 'cancel';

/** A change of a call that is told outside. */
export type CallChange = { atUs: number } & (
  | { type: 'started' }
  | { type: 'membersChanged'; members: readonly { userId: string; action: MemberAction }[] }
  | { type: 'ended'; reason: CallEndReason }
);

/** Takes what is told outside. */
export interface CallOutbox {
  /** Called in the transaction that writes the change; what it throws undoes that. The call is as it is after the change. */
  write(transaction: Kysely<Tables>, call: Call, change: CallChange): Promise<void>;
  /** The transaction is over: what was written is there. */
  committed(): void;
}

/** What a user's devices are told of a call. */
export function infoFor(call: Call, userId: string): CallInfo {
  return {
    callId: call.callId,
    mediaType: call.mediaType,
    callerId: call.callerId,
    calleeIdList: call.members.filter(({ role }) => role === 'callee').map((member) => member.userId),
    roomId: call.roomIdType === 'number' ? Number(call.roomId) : call.roomId,
    role: userId === call.callerId ? 'caller' : 'callee',
    userData: call.userData,
    chatGroupId: call.chatGroupId,
  };
}

/** Whether a user rings or speaks in a call. */
export function isBusyState(state: MemberState): boolean {
  return state === 'ringing' || state === 'active';
}
