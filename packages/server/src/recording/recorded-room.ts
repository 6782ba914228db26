import type { RecordingSettings } from '../apps/recording-settings.ts';
import { nowUs } from '../base/clock.ts';
import type { Journal } from '../capture/journal.ts';
import type { RoomIdentity } from '../room/room-parts.ts';

/** An open room as recording sees it: who is in it, since when nobody is, and what waits for that to last. */
export class RecordedRoom {
  readonly identity: RoomIdentity;
  readonly journal: Journal;
  /** Those of its application when it opened. */
  readonly settings: RecordingSettings;
  /** Whether its end has begun. */
  closing = false;
  readonly #users: Set<string>;
  #emptySinceUs: number | null;
  /** What waits in the empty room, by the names of who waits. */
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** What switches the capture off that nobody needs. */
  #tail: NodeJS.Timeout | null = null;

  constructor(identity: RoomIdentity, journal: Journal, settings: RecordingSettings) {
    this.identity = identity;
    this.journal = journal;
    this.settings = settings;
    this.#users = new Set(journal.users);
    this.#emptySinceUs = this.#users.size === 0 ? nowUs() : null;
  }

  /** Since when nobody is in it; null while somebody is. */
  get emptySinceUs(): number | null {
    return this.#emptySinceUs;
  }

  /** Somebody is in it: nothing waits any more. */
  occupied(userId: string): void {
    this.#users.add(userId);
    this.#emptySinceUs = null;
    for (const name of [...this.#waiting.keys()]) this.stopWaiting(name);
  }

  /** Somebody has left. Returns whether it is empty by that. */
  vacated(userId: string, atUs: number): boolean {
    this.#users.delete(userId);
    if (this.#users.size > 0 || this.#emptySinceUs !== null) return false;
    this.#emptySinceUs = atUs;
    return true;
  }

  /** Does something when it has been empty for so long from now on; at once nothing is done where somebody is in it. */
  wait(name: string, ms: number, work: () => void): void {
    if (this.#emptySinceUs === null) return;
    this.stopWaiting(name);
    const run = (): void => {
      this.#waiting.delete(name);
      work();
    };
    this.#waiting.set(name, setTimeout(run, ms));
  }

  /** Who has waited does not any more. */
  stopWaiting(name: string): void {
    const timer = this.#waiting.get(name);
    if (timer !== undefined) clearTimeout(timer);
    this.#waiting.delete(name);
  }

  /** Does something in a while, unless {@link RecordedRoom.stopTail} comes first. */
  setTail(ms: number, work: () => void): void {
    this.stopTail();
    this.#tail = setTimeout(work, ms);
  }

  /** What was to be done in a while is not. */
  stopTail(): void {
    if (this.#tail !== null) clearTimeout(this.#tail);
    this.#tail = null;
  }

  /** Nothing is waited for any more. */
  close(): void {
    for (const name of [...this.#waiting.keys()]) this.stopWaiting(name);
    this.stopTail();
  }
}
