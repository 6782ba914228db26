import { CallreelError } from '../../../base/index.ts';
import type { Page, RoomControl, RoomHistory, RoomLife, RoomName, RoomStay } from '../room-control.ts';

/** Rooms without people, with the contracts of `RoomControl` and `RoomHistory`. */
export class MemoryRooms implements RoomControl, RoomHistory {
  /** Open rooms with who is in them. */
  readonly open = new Map<string, Set<string>>();
  /** What was asked of the past. */
  readonly asked: object[] = [];
  lives: RoomLife[] = [];
  past: RoomStay[] = [];

  /** Opens a room. */
  enter(room: RoomName, ...userIds: string[]): void {
    this.open.set(nameOf(room), new Set(userIds));
  }

  async dismiss(room: RoomName): Promise<void> {
    if (!this.open.delete(nameOf(room))) throw new CallreelError('RoomUnknown');
  }

  async remove(room: RoomName, userIds: readonly string[]): Promise<string[]> {
    const users = this.open.get(nameOf(room));
    if (users === undefined) throw new CallreelError('RoomUnknown');
    return userIds.filter((userId) => users.delete(userId));
  }

  async rooms(query: object): Promise<Page<RoomLife>> {
    this.asked.push(query);
    return { total: this.lives.length, items: this.lives };
  }

  async stays(query: object): Promise<Page<RoomStay>> {
    this.asked.push(query);
    return { total: this.past.length, items: this.past };
  }
}

function nameOf({ sdkAppId, roomId, roomIdType }: RoomName): string {
  return `${sdkAppId} ${roomIdType} ${roomId}`;
}
