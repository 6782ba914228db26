import type { RoomControl, RoomName } from '../api/index.ts';
import { CallreelError } from '../base/index.ts';
import type { Calls } from '../call/index.ts';
import type { Room, Rooms } from '../room/index.ts';

/** Orders for rooms from outside: whoever is taken out of a room has left its call too. */
export class RoomOrders implements RoomControl {
  readonly #calls: Calls;
  readonly #rooms: Rooms;

  constructor({ calls, rooms }: { calls: Calls; rooms: Rooms }) {
    this.#calls = calls;
    this.#rooms = rooms;
  }

  async dismiss(name: RoomName): Promise<void> {
    const { identity } = this.#mustBeOpen(name);
    const call = this.#calls.inRoom(identity.sdkAppId, identity.roomId);
    if (call !== null) await this.#calls.endByServer(call.callId);
    // A room whose call is over is closed already; closing twice is the same as once.
    await this.#rooms.close(identity.roomSessionId);
  }

  async remove(name: RoomName, userIds: readonly string[]): Promise<string[]> {
    const room = this.#mustBeOpen(name);
    const present = new Set(room.users.map(({ userId }) => userId));
    const removed = [...new Set(userIds)].filter((userId) => present.has(userId));
    for (const userId of removed) {
      const call = this.#calls.inRoom(name.sdkAppId, name.roomId);
      // The room first: it says why he left, also when the call ends by it.
      await room.leave(userId, 'removed');
      if (call !== null) await this.#calls.removeMember(call.callId, userId);
    }
    return removed;
  }

  #mustBeOpen({ sdkAppId, roomId, roomIdType }: RoomName): Room {
    const room = this.#rooms.find(sdkAppId, roomId);
    if (room === null || room.identity.roomIdType !== roomIdType) throw new CallreelError('RoomUnknown');
    return room;
  }
}
