import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import type { Sfu } from '../sfu/index.ts';
import { closeRoom, insertRoom, openRooms, saveRoom } from './queries.ts';
import { Room } from './room.ts';
import type { RoomEvent } from './room-event.ts';
import { noteStay } from './room-history.ts';
import type { RoomIdentity, RoomNotice, RoomParts } from './room-parts.ts';
import type { RoomState } from './room-state.ts';

/** Where the words of all rooms go; see `RoomOutlet`. */
export interface RoomsOutlet {
  event(room: RoomIdentity, event: RoomEvent): Promise<void>;
  notify(room: RoomIdentity, userIds: string[], notice: RoomNotice): void;
  userLost(room: RoomIdentity, userId: string): void;
}

/** What rooms work with. */
export type RoomsParts = {
  db: Kysely<Tables>;
  sfu: Sfu;
  outlet: RoomsOutlet;
  log: Log;
  /** Folder of all captures; each room session has one of its own inside. */
  capturesFolder: string;
  mediaTimeoutMs: number;
};

/** What the journal of a room session says is there. */
export type JournalledRoom = { users: string[]; streams: { streamId: string; userId: string }[] };

/** A room session that an earlier process left open; `state` is null when it never got that far. */
export type LeftRoom = { identity: RoomIdentity; state: RoomState | null };

/** The open rooms of this media node. */
export class Rooms {
  readonly #parts: RoomsParts;
  readonly #rooms = new Map<string, Room>();
  readonly #opening = new Set<string>();

  constructor(parts: RoomsParts) {
    this.#parts = parts;
  }

  /** The number of open rooms. */
  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Opens a room session.
   * @throws {CallreelError} `RoomTaken` when the room is open, `MediaUnavailable`.
   */
  async open({
    captured,
    ...room
  }: {
    sdkAppId: number;
    roomId: string;
    roomIdType: 'number' | 'string';
    captured: boolean;
  }): Promise<Room> {
    const name = `${room.sdkAppId} ${room.roomId}`;
    if (this.#opening.has(name) || this.find(room.sdkAppId, room.roomId) !== null) throw new CallreelError('RoomTaken');
    const identity: RoomIdentity = {
      roomSessionId: `${room.sdkAppId}-${randomBytes(12).toString('base64url')}`,
      ...room,
    };
    this.#opening.add(name);
    try {
      await insertRoom(this.#parts.db, identity);
      const opened = await Room.open(identity, this.#partsOf(identity), captured);
      this.#rooms.set(identity.roomSessionId, opened);
      return opened;
    } catch (error) {
      await closeRoom(this.#parts.db, identity.roomSessionId);
      throw error;
    } finally {
      this.#opening.delete(name);
    }
  }

  /** What an earlier process left open, to be handed to {@link Rooms.resume}. */
  static left(db: Kysely<Tables>): Promise<LeftRoom[]> {
    return openRooms(db);
  }

  /** Takes over what an earlier process left open. @param journalOf what the journal of a room session says; null when there is none. */
  async resume(left: readonly LeftRoom[], journalOf: (room: RoomIdentity) => JournalledRoom | null): Promise<void> {
    for (const { identity, state } of left) {
      const journal = journalOf(identity);
      if (state === null || journal === null) {
        if (journal !== null) await this.#endUnborn(identity, journal);
        await closeRoom(this.#parts.db, identity.roomSessionId);
        continue;
      }
      this.#rooms.set(identity.roomSessionId, await Room.resume(identity, this.#partsOf(identity), state, journal));
    }
  }

  /** An open room. @throws {CallreelError} `RoomUnknown`. */
  get(roomSessionId: string): Room {
    const room = this.#rooms.get(roomSessionId);
    if (room === undefined) throw new CallreelError('RoomUnknown');
    return room;
  }

  /** The open room with this id of an application, or null. */
  find(sdkAppId: number, roomId: string): Room | null {
    return (
      [...this.#rooms.values()].find(({ identity }) => identity.sdkAppId === sdkAppId && identity.roomId === roomId) ??
      null
    );
  }

  /** Ends a room session. One that is over already stays so. */
  async close(roomSessionId: string): Promise<void> {
    const room = this.#rooms.get(roomSessionId);
    if (room === undefined) return;
    await room.close();
    this.#rooms.delete(roomSessionId);
    await closeRoom(this.#parts.db, roomSessionId);
  }

  /** Every open room. */
  [Symbol.iterator](): IterableIterator<Room> {
    return this.#rooms.values();
  }

  /** Lets go of all rooms without ending them. */
  async letGo(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map((room) => room.letGo()));
  }

  /** Ends what a crash interrupted before there was a state to go on with: the journal may have told of users already. */
  async #endUnborn(identity: RoomIdentity, { users }: JournalledRoom): Promise<void> {
    const { outlet } = this.#parts;
    await outlet.event(identity, { type: 'roomClosing' });
    for (const userId of users) await outlet.event(identity, { type: 'userLeft', userId, reason: 'timeout' });
    await outlet.event(identity, { type: 'roomClosed' });
  }

  #partsOf(identity: RoomIdentity): RoomParts {
    const { db, sfu, outlet, log, capturesFolder, mediaTimeoutMs } = this.#parts;
    return {
      sfu,
      log,
      mediaTimeoutMs,
      captureFolder: join(capturesFolder, identity.roomSessionId),
      outlet: {
        event: async (room, event) => {
          await outlet.event(room, event);
          await noteStay(db, room, event);
        },
        notify: (room, userIds, notice) => outlet.notify(room, userIds, notice),
        userLost: (room, userId) => outlet.userLost(room, userId),
        save: (room, state) => saveRoom(db, room, state),
      },
    };
  }
}
