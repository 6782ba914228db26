import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from '../capture/journal.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomEvent, RoomIdentity } from '../room/index.ts';

/**
 * The journals of the open rooms. A room that ends without anything captured leaves nothing behind.
 */
export class CaptureJournals {
  readonly #capturesFolder: string;
  readonly #open = new Map<string, { journal: Journal; captured: boolean }>();

  constructor(capturesFolder: string) {
    this.#capturesFolder = capturesFolder;
  }

  /** The journal of a room session, opened when it is not; null when an earlier process left none. */
  of({ roomSessionId }: RoomIdentity, create: boolean): Journal | null {
    const known = this.#open.get(roomSessionId);
    if (known !== undefined) return known.journal;
    const folder = join(this.#capturesFolder, roomSessionId);
    if (!create && !Journal.exists(folder)) return null;
    const journal = Journal.open(folder);
    this.#open.set(roomSessionId, { journal, captured: !create });
    return journal;
  }

  /** Writes an event, and hands it to `then` with its journal before the room goes on. */
  async record(
    room: RoomIdentity,
    event: RoomEvent,
    then: (journal: Journal, event: JournalEvent) => Promise<void>,
  ): Promise<void> {
    const journal = this.of(room, event.type === 'roomOpened');
    if (journal === null) throw new Error('A room without a journal had an event.');
    const written = journal.append(event);
    await then(journal, written);
    const entry = this.#open.get(room.roomSessionId);
    if (entry === undefined) return;
    if ((event.type === 'streamPublished' || event.type === 'streamCaptured') && event.dump !== null)
      entry.captured = true;
    if (event.type !== 'roomClosed') return;
    journal.close();
    this.#open.delete(room.roomSessionId);
    if (!entry.captured) await rm(journal.folder, { recursive: true, force: true });
  }

  /** Closes all journals; the rooms may go on in another process. */
  close(): void {
    for (const { journal } of this.#open.values()) journal.close();
    this.#open.clear();
  }
}
