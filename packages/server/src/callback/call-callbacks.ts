import type { CallEndReason } from '@callreel/protocol';
import type { Call, CallChange, MemberAction, MemberState } from '../call/call.ts';
import { type CallbackEvent, type CallCommand, envelopeOf, msOf } from './callback-event.ts';

const ROOM_ID_TYPE = Object.freeze({ number: 1, string: 2 });
const MEDIA_TYPE = Object.freeze({ audio: 'Audio', video: 'Video' });
const CALL_TYPE = Object.freeze({ single: 'SingleCall', multi: 'MultiCall' });
/** What made the call: 2 is that of the known call kit. */
const KIT_TYPE = 2;

/** `Status` of those who are in the call or may still come; the others are not in the list any more. */
const STATUS: Partial<Record<MemberState, string>> = Object.freeze({ active: 'Calling', ringing: 'Waiting' });

const ACTION: Readonly<Record<MemberAction, string>> = Object.freeze({
  accept: 'Accept',
  reject: 'Reject',
  noResponse: 'NotAnswer',
  // The dialect has no word of its own for it: with it, the device of who is busy refuses.
  lineBusy: 'Reject',
  hangup: 'Hang Up',
  offline: 'Offline',
  ring: 'Invited',
  cancel: 'Cancel_Invite',
});

const RESULT: Readonly<Record<CallEndReason, string>> = Object.freeze({
  hangup: 'NormalEnd',
  reject: 'Reject',
  noResponse: 'NotAnswer',
  offline: 'Offline',
  lineBusy: 'CallBusy',
  canceled: 'Cancel',
  otherDeviceAccepted: 'NormalEnd',
  otherDeviceReject: 'Reject',
  endByServer: 'Interrupt',
});

/** What is told of a change of a call; the call is as it is after it. */
export function callChanged(call: Call, change: CallChange): CallbackEvent {
  switch (change.type) {
    case 'started':
      return told(call, 'Call.CallbackAfterStartCall', change.atUs, {
        CallInfo: {
          CallId: call.callId,
          CallMediaType: MEDIA_TYPE[call.mediaType],
          ChatGroupId: call.chatGroupId,
          RoomId: call.roomId,
          RoomIdType: ROOM_ID_TYPE[call.roomIdType],
        },
        UserList: userList(call),
      });
    case 'membersChanged':
      return told(call, 'Call.CallbackAfterMemberChanged', change.atUs, {
        CallId: call.callId,
        UserList: userList(call),
        ChangedUserList: change.members.map(({ userId, action }) => ({
          User_Account: userId,
          ActionType: ACTION[action],
        })),
      });
    case 'ended':
      return told(call, 'Call.CallbackAfterEndCall', change.atUs, {
        CallRecord: {
          CallId: call.callId,
          Caller_Account: call.callerId,
          MediaType: MEDIA_TYPE[call.mediaType],
          CallType: CALL_TYPE[call.callType],
          StartTime: secondsOf(call.startedUs),
          AcceptTime: call.acceptedUs === null ? 0 : secondsOf(call.acceptedUs),
          EndTime: secondsOf(change.atUs),
          CallResult: RESULT[change.reason],
          CalleeList_Account: call.members.filter(({ role }) => role === 'callee').map(({ userId }) => userId),
          RoomId: call.roomId,
          RoomIdType: ROOM_ID_TYPE[call.roomIdType],
        },
      });
  }
}

/**
 * What is told of the recording of a call, beside the event of group 3 itself.
 *
 * @param recording an event of group 3; @param atUs now: `EventTime`, and `CallbackTs` of the envelope inside.
 */
export function callRecordChanged(
  call: { sdkAppId: number; callId: string },
  recording: Exclude<CallbackEvent, { kind: 'call' }>,
  atUs: number,
): CallbackEvent {
  return told(call, 'Call.CallbackAfterRecordChanged', atUs, {
    CallId: call.callId,
    Callback: envelopeOf(recording, atUs),
    KitType: KIT_TYPE,
  });
}

function told(
  { sdkAppId, callId }: { sdkAppId: number; callId: string },
  type: CallCommand,
  atUs: number,
  body: object,
): CallbackEvent {
  return {
    sdkAppId,
    orderKey: `call ${callId}`,
    kind: 'call',
    type,
    body: { CallbackCommand: type, ...body, EventTime: msOf(atUs) },
  };
}

function userList(call: Call): object[] {
  return call.members.flatMap(({ userId, state }) => {
    const status = STATUS[state];
    return status === undefined ? [] : [{ User_Account: userId, Status: status }];
  });
}

function secondsOf(us: number): number {
  return Math.floor(us / 1_000_000);
}
