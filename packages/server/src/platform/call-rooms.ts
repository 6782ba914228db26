import type { CallEndReason } from '@callreel/protocol';
import type { Log } from '../base/log.ts';
import type { CallEvent, CallOutlet, Calls, DeviceRef } from '../call/index.ts';
import type { Room, RoomIdentity, RoomNotice, Rooms } from '../room/index.ts';
import type { Signalling } from '../signalling/index.ts';

/** The stages that are connected here; made after this, since they need it. */
type Stages = { calls: Calls; rooms: Rooms; signalling: Signalling };

/** How leaving a call is called in its room, where it is not `normal`. */
const LEAVE_REASONS: Partial<Record<CallEndReason, 'timeout' | 'removed'>> = Object.freeze({
  offline: 'timeout',
  endByServer: 'removed',
});

/**
 * Holds calls and rooms together, which know nothing of each other: an answered call gets a room, and who
 * vanishes from the room leaves the call.
 */
export class CallRooms {
  readonly #stages: () => Stages;
  readonly #log: Log;
  readonly #captures: (sdkAppId: number) => Promise<boolean>;

  /** @param captures whether what an application's calls publish is captured. */
  constructor(stages: () => Stages, captures: (sdkAppId: number) => Promise<boolean>, log: Log) {
    this.#stages = stages;
    this.#captures = captures;
    this.#log = log;
  }

  /** Where the words of calls go. */
  readonly callOutlet: CallOutlet = {
    event: (event) => this.#callEvent(event),
    notify: (to, name, body) => this.#stages().signalling.notify(to, name, body),
  };

  /** Tells devices of a room what happens there. */
  notify({ sdkAppId, roomId }: RoomIdentity, userIds: string[], notice: RoomNotice): void {
    const { calls, signalling } = this.#stages();
    const call = calls.inRoom(sdkAppId, roomId);
    if (call === null) return;
    const { callId } = call;
    for (const userId of userIds) {
      const deviceId = call.members.find((member) => member.userId === userId)?.deviceId;
      const to = deviceId === undefined || deviceId === null ? { sdkAppId, userId } : { sdkAppId, userId, deviceId };
      switch (notice.type) {
        case 'userEntered':
          signalling.notify(to, 'room.userEntered', { callId, userId: notice.userId });
          break;
        case 'userLeft':
          signalling.notify(to, 'room.userLeft', { callId, userId: notice.userId, reason: notice.reason });
          break;
        case 'changed':
          signalling.notify(to, 'room.changed', { callId, room: notice.room });
          break;
        case 'offer':
          signalling.notify(to, 'room.offer', {
            callId,
            offerId: notice.offerId,
            sdp: notice.sdp,
            streams: notice.streams,
          });
          break;
      }
    }
  }

  /** Somebody vanished from a room. */
  userLost({ sdkAppId, roomId }: RoomIdentity, userId: string): void {
    const { calls } = this.#stages();
    const call = calls.inRoom(sdkAppId, roomId);
    if (call === null) return;
    calls
      .memberLost(call.callId, userId)
      .catch((error: unknown) =>
        this.#log.error({ err: error, callId: call.callId }, 'a lost caller could not be taken out of the call'),
      );
  }

  async #enter(room: Room, device: DeviceRef): Promise<void> {
    await room.enter(device.userId, device.deviceId);
    // Whose connection is cut in this very moment is waited for like anybody else.
    if (!this.#stages().signalling.isConnected(device)) room.deviceGone(device.userId);
  }

  async #callEvent(event: CallEvent): Promise<void> {
    const { calls, rooms, signalling } = this.#stages();
    const { sdkAppId, roomId, roomIdType, callId } = event.call;
    switch (event.type) {
      case 'answered': {
        // A back end may have ordered a recording of it before; the room is open then.
        const room =
          rooms.find(sdkAppId, roomId) ??
          (await rooms.open({ sdkAppId, roomId, roomIdType, captured: await this.#captures(sdkAppId) }));
        // The room is entered for them: no round trip passes between the answer and the first packet.
        for (const device of [event.caller, event.callee]) await this.#enter(room, device);
        const caller = calls.of(event.caller).find(({ call }) => call.callId === callId);
        if (caller !== undefined && event.call.acceptedUs !== null) {
          signalling.notify(event.caller, 'call.begun', {
            info: caller.info,
            room: room.snapshot,
            acceptedAtMs: Math.round(event.call.acceptedUs / 1000),
          });
        }
        break;
      }
      case 'joined': {
        const room = rooms.find(sdkAppId, roomId);
        if (room !== null) await this.#enter(room, event.member);
        break;
      }
      case 'left':
        await rooms.find(sdkAppId, roomId)?.leave(event.userId, LEAVE_REASONS[event.reason] ?? 'normal');
        break;
      case 'ended': {
        const room = rooms.find(sdkAppId, roomId);
        if (room !== null) await rooms.close(room.identity.roomSessionId);
        break;
      }
    }
  }
}
