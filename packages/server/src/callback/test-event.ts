import type { CallbackKind } from '../apps/callback-settings.ts';
import { callChanged } from './call-callbacks.ts';
import type { CallbackEvent } from './callback-event.ts';
import { recordingCallback } from './recording-callbacks.ts';
import { mediaStarted, roomCallback } from './room-callbacks.ts';
import { TEST_ORDER_KEY } from './sending.ts';

/** `EventType` of the test event of group 90. */
const OWN_TEST_TYPE = 9000;
const USER_ID = 'callreel-test';
const ROOM = { roomId: '1', roomIdType: 'number' } as const;

/** An event in the form of its kind that tells of nothing: user, task and call are named `callreel-test`. */
export function testEvent(sdkAppId: number, kind: CallbackKind, atUs: number): CallbackEvent {
  const room = { sdkAppId, orderKey: TEST_ORDER_KEY, ...ROOM };
  const facts = { userId: USER_ID, atUs };
  switch (kind) {
    case 'room':
      return roomCallback(room, 'entered', facts);
    case 'media':
      return mediaStarted(room, 'audio', facts);
    case 'recording':
      return {
        ...recordingCallback(
          { sdkAppId, taskId: 'callreel-test', robotId: USER_ID, ...ROOM },
          { type: 'started', ok: true },
          atUs,
        ),
        orderKey: TEST_ORDER_KEY,
      };
    case 'call':
      return { ...testCall(sdkAppId, atUs), orderKey: TEST_ORDER_KEY };
    case 'own':
      return {
        sdkAppId,
        orderKey: TEST_ORDER_KEY,
        kind,
        type: OWN_TEST_TYPE,
        info: { EventMsTs: Math.floor(atUs / 1000) },
      };
  }
}

function testCall(sdkAppId: number, atUs: number): CallbackEvent {
  return callChanged(
    {
      callId: 'callreel-test',
      sdkAppId,
      callerId: USER_ID,
      mediaType: 'audio',
      callType: 'single',
      ...ROOM,
      userData: '',
      chatGroupId: '',
      timeoutMs: 30_000,
      startedUs: atUs,
      acceptedUs: null,
      state: 'calling',
      members: [
        { userId: USER_ID, role: 'caller', state: 'active', deviceId: null },
        { userId: 'callreel-test-2', role: 'callee', state: 'ringing', deviceId: null },
      ],
    },
    { type: 'started', atUs },
  );
}
