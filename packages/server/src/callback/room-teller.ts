import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import type { CallbackEvent } from './callback-event.ts';
import type { Outbox } from './outbox.ts';
import { saveToldSeq, toldSeq } from './queries.ts';
import { RoomStory } from './room-story.ts';

/** What has to be written because of one line of the journal. */
type Told = { seq: number; events: CallbackEvent[]; closedUs: number | null };

type Room = { roomSessionId: string; story: RoomStory; unwritten: Told[]; writing: Promise<void> };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** What the teller works with. */
export type RoomTellerParts = { db: Kysely<Tables>; outbox: Outbox; log: Log };

/**
 * Tells of rooms: from the lines of their journals to events in the outbox.
 *
 * With the events the number of the line is written, in one transaction. So after a crash {@link RoomTeller.resume} knows
 * which lines of the journal have not been told, and tells them: none is left out, none told twice. While the database
 * is away the rooms go on, and what is to be told is kept until it is back.
 */
export class RoomTeller {
  readonly #parts: RoomTellerParts;
  readonly #rooms = new Map<string, Room>();
  #timer: NodeJS.Timeout | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #closed = false;

  constructor(parts: RoomTellerParts) {
    this.#parts = parts;
  }

  /** Goes on with a room that an earlier process left: tells what its journal says and the outbox does not. */
  async resume(identity: RoomIdentity, journal: readonly JournalEvent[]): Promise<void> {
    const room = this.#enter(identity);
    const lastSeq = journal.at(-1)?.seq ?? 0;
    const toldUntil = await toldSeq(this.#parts.db, room.roomSessionId);
    // A power cut may take the journal's last lines and leave the outbox: their numbers are given anew, to other lines.
    if (toldUntil > lastSeq) await saveToldSeq(this.#parts.db, room.roomSessionId, lastSeq, null);
    for (const event of journal) {
      const told = toldOf(room.story, event);
      if (event.seq > toldUntil && told !== null) room.unwritten.push(told);
    }
    if (room.unwritten.length > 0)
      this.#parts.log.info(
        { roomSessionId: room.roomSessionId, lines: room.unwritten.length },
        'told what a crash left untold',
      );
    await this.#write(room);
  }

  /** Tells a line of a journal. To be awaited before the room goes on; an error of the database does not stop it. */
  async tell(identity: RoomIdentity, event: JournalEvent): Promise<void> {
    const room = this.#rooms.get(identity.roomSessionId) ?? this.#enter(identity);
    const told = toldOf(room.story, event);
    if (told !== null) room.unwritten.push(told);
    await this.#write(room);
    if (event.type === 'roomClosed' && room.unwritten.length === 0) this.#rooms.delete(room.roomSessionId);
  }

  /** Writes what is left, if that can be done; the next process does the rest. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all([...this.#rooms.values()].map((room) => this.#write(room)));
  }

  #enter(identity: RoomIdentity): Room {
    const room: Room = {
      roomSessionId: identity.roomSessionId,
      story: new RoomStory(identity),
      unwritten: [],
      writing: Promise.resolve(),
    };
    this.#rooms.set(identity.roomSessionId, room);
    return room;
  }

  /** Writes what is unwritten of a room, in order. Does not throw. */
  #write(room: Room): Promise<void> {
    room.writing = room.writing.then(async () => {
      if (room.unwritten.length === 0) return;
      const written = [...room.unwritten];
      try {
        await this.#writeAll(room.roomSessionId, written);
      } catch (error) {
        this.#parts.log.error({ err: error, roomSessionId: room.roomSessionId }, 'a room could not be told of');
        this.#tryLater();
        return;
      }
      room.unwritten.splice(0, written.length);
      this.#pauseMs = FIRST_PAUSE_MS;
      if (written.some(({ closedUs }) => closedUs !== null)) this.#rooms.delete(room.roomSessionId);
    });
    return room.writing;
  }

  async #writeAll(roomSessionId: string, written: readonly Told[]): Promise<void> {
    const { db, outbox } = this.#parts;
    const last = written.at(-1);
    if (last === undefined) return;
    const closedUs = written.find((told) => told.closedUs !== null)?.closedUs ?? null;
    await db.transaction().execute(async (tx) => {
      for (const { events } of written) for (const event of events) await outbox.write(tx, event);
      await saveToldSeq(tx, roomSessionId, last.seq, closedUs);
    });
    outbox.committed();
  }

  #tryLater(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      for (const room of this.#rooms.values()) void this.#write(room);
    }, this.#pauseMs);
    this.#timer.unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Null when there is nothing to tell: the line need not be kept as told, since it never says anything else. */
function toldOf(story: RoomStory, event: JournalEvent): Told | null {
  const wasOver = story.isOver;
  const events = story.next(event);
  const ends = story.isOver && !wasOver;
  if (events.length === 0 && !ends) return null;
  return { seq: event.seq, events, closedUs: ends ? event.atUs : null };
}
