import type { ResumedCall } from '@callreel/protocol';
import { CallreelError } from '../base/callreel-error.ts';
import type { Call, Calls, DeviceRef } from '../call/index.ts';
import type { Room, Rooms } from '../room/index.ts';
import type { RequestHandlers } from '../signalling/index.ts';

/** Answers the requests of devices from calls and rooms. */
export function requestHandlers({ calls, rooms }: { calls: Calls; rooms: Rooms }): RequestHandlers {
  const roomOf = (call: Call): Room => {
    const room = rooms.find(call.sdkAppId, call.roomId);
    if (room === null) throw new CallreelError('RoomUnknown');
    return room;
  };
  const roomFor = (device: DeviceRef, callId: string): Room => roomOf(calls.activeCall(device, callId));
  return {
    'call.start': async (device, body) => ({ info: await calls.start(device, body) }),
    'call.accept': async (device, { callId }) => {
      const { info, acceptedUs } = await calls.accept(device, callId);
      return { info, room: roomFor(device, callId).snapshot, acceptedAtMs: Math.round(acceptedUs / 1000) };
    },
    'call.reject': async (device, { callId }) => {
      await calls.reject(device, callId);
      return {};
    },
    'call.hangup': async (device, { callId }) => {
      await calls.hangup(device, callId);
      return {};
    },
    'call.resume': async (device) => ({
      calls: calls.of(device).flatMap(({ call, member, info, remainingMs }): ResumedCall[] => {
        if (call.state === 'active' && member.state === 'active') {
          const room = rooms.find(call.sdkAppId, call.roomId);
          return room === null || call.acceptedUs === null
            ? []
            : [{ state: 'active', info, room: room.snapshot, acceptedAtMs: Math.round(call.acceptedUs / 1000) }];
        }
        return [{ state: member.state === 'ringing' ? 'ringing' : 'calling', info, remainingMs }];
      }),
    }),
    'room.publish': (device, { callId, sdp, streams }) =>
      roomFor(device, callId).publish(device.userId, { sdp, streams }),
    'room.mute': async (device, { callId, kind, source, muted }) => {
      await roomFor(device, callId).mute(device.userId, { kind, source, muted });
      return {};
    },
    'room.answer': async (device, { callId, offerId, sdp }) => {
      await roomFor(device, callId).answer(device.userId, offerId, sdp);
      return {};
    },
    'room.subscribe': async (device, { callId, restart }) => {
      await roomFor(device, callId).subscribe(device.userId, restart);
      return {};
    },
    'room.candidate': async (device, { callId, connection, candidate }) => {
      await roomFor(device, callId).candidate(device.userId, connection, candidate);
      return {};
    },
  };
}
