import type { CallEndReason } from '@callreel/protocol';
import { expect, test } from 'vitest';
import type { Call, MemberAction } from '../call/call.ts';
import { callChanged, callRecordChanged } from './call-callbacks.ts';
import { payloadOf } from './callback-event.ts';
import { recordingCallback } from './recording-callbacks.ts';

const S = 1_000_000;
const AT = 1_740_464_128 * S + 807_999;
const call: Call = {
  callId: '055662e1',
  sdkAppId: 1_400_000_001,
  callerId: 'ann',
  mediaType: 'audio',
  callType: 'single',
  roomId: '8489',
  roomIdType: 'number',
  userData: 'secret',
  chatGroupId: 'group',
  timeoutMs: 30_000,
  startedUs: AT - 90 * S,
  acceptedUs: null,
  state: 'calling',
  members: [
    { userId: 'ann', role: 'caller', state: 'active', deviceId: 'd' },
    { userId: 'bob', role: 'callee', state: 'ringing', deviceId: null },
    { userId: 'eve', role: 'callee', state: 'lineBusy', deviceId: null },
  ],
};
const bodyOf = (of: Call, change: Parameters<typeof callChanged>[1]): unknown =>
  JSON.parse(payloadOf(callChanged(of, change), AT));

test('a call begins', () => {
  const event = callChanged(call, { type: 'started', atUs: AT });
  expect(event).toMatchObject({
    kind: 'call',
    type: 'Call.CallbackAfterStartCall',
    orderKey: 'call 055662e1',
    sdkAppId: 1_400_000_001,
  });
  expect(JSON.parse(payloadOf(event, AT))).toEqual({
    CallbackCommand: 'Call.CallbackAfterStartCall',
    CallInfo: { CallId: '055662e1', CallMediaType: 'Audio', ChatGroupId: 'group', RoomId: '8489', RoomIdType: 1 },
    UserList: [
      { User_Account: 'ann', Status: 'Calling' },
      { User_Account: 'bob', Status: 'Waiting' },
    ],
    EventTime: 1_740_464_128_807,
  });
  const video = bodyOf(
    { ...call, mediaType: 'video', roomId: 'r', roomIdType: 'string' },
    { type: 'started', atUs: AT },
  );
  expect(video).toMatchObject({ CallInfo: { CallMediaType: 'Video', RoomId: 'r', RoomIdType: 2 } });
});

test.each([
  ['accept', 'Accept'],
  ['reject', 'Reject'],
  ['noResponse', 'NotAnswer'],
  ['lineBusy', 'Reject'],
  ['hangup', 'Hang Up'],
  ['offline', 'Offline'],
  ['ring', 'Invited'],
  ['cancel', 'Cancel_Invite'],
] as const satisfies [MemberAction, string][])('a member changes: %s is %s', (action, word) => {
  expect(bodyOf(call, { type: 'membersChanged', atUs: AT, members: [{ userId: 'bob', action }] })).toEqual({
    CallbackCommand: 'Call.CallbackAfterMemberChanged',
    CallId: '055662e1',
    UserList: [
      { User_Account: 'ann', Status: 'Calling' },
      { User_Account: 'bob', Status: 'Waiting' },
    ],
    ChangedUserList: [{ User_Account: 'bob', ActionType: word }],
    EventTime: 1_740_464_128_807,
  });
});

test('a call ends', () => {
  const over = { ...call, callType: 'multi', acceptedUs: AT - 60 * S, state: 'ended' } as const;
  expect(bodyOf(over, { type: 'ended', reason: 'hangup', atUs: AT })).toEqual({
    CallbackCommand: 'Call.CallbackAfterEndCall',
    CallRecord: {
      CallId: '055662e1',
      Caller_Account: 'ann',
      MediaType: 'Audio',
      CallType: 'MultiCall',
      StartTime: 1_740_464_038,
      AcceptTime: 1_740_464_068,
      EndTime: 1_740_464_128,
      CallResult: 'NormalEnd',
      CalleeList_Account: ['bob', 'eve'],
      RoomId: '8489',
      RoomIdType: 1,
    },
    EventTime: 1_740_464_128_807,
  });
});

test.each([
  ['hangup', 'NormalEnd'],
  ['reject', 'Reject'],
  ['noResponse', 'NotAnswer'],
  ['offline', 'Offline'],
  ['lineBusy', 'CallBusy'],
  ['canceled', 'Cancel'],
  ['endByServer', 'Interrupt'],
] as const satisfies [CallEndReason, string][])('a call that ends by %s has the result %s', (reason, result) => {
  expect(bodyOf(call, { type: 'ended', reason, atUs: AT })).toMatchObject({
    CallRecord: { CallResult: result, CallType: 'SingleCall', AcceptTime: 0 },
  });
});

test('the recording of a call changes', () => {
  const recording = recordingCallback(
    { sdkAppId: 1_400_000_001, taskId: 't', robotId: 'robot', roomId: '8489', roomIdType: 'number' },
    { type: 'started', ok: true },
    AT - S,
  );
  const event = callRecordChanged(call, recording, AT);
  expect(event).toMatchObject({ kind: 'call', type: 'Call.CallbackAfterRecordChanged', orderKey: 'call 055662e1' });
  expect(JSON.parse(payloadOf(event, AT))).toEqual({
    CallbackCommand: 'Call.CallbackAfterRecordChanged',
    CallId: '055662e1',
    Callback: {
      EventGroupId: 3,
      EventType: 301,
      CallbackTs: 1_740_464_128_807,
      EventInfo: {
        RoomId: 8489,
        EventTs: 1_740_464_127,
        EventMsTs: 1_740_464_127_807,
        UserId: 'robot',
        TaskId: 't',
        Payload: { Status: 0 },
      },
    },
    KitType: 2,
    EventTime: 1_740_464_128_807,
  });
});
