import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { nowUs } from '../base/clock.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import type { RoomEvent } from '../room/room-event.ts';
import type { JournalEvent, PictureEvent, TaskEvent, TaskStopReason } from './journal-event.ts';
import { JournalReader } from './journal-reader.ts';

/** Name of the journal inside a bundle. */
export const JOURNAL_FILE = 'journal.jsonl';

/** What a journal says of a task: what it asks for now, whether it is paused, and why it is over, or null. */
export type JournalledTask = {
  origin: 'automatic' | 'rest';
  parameters: TaskParameters;
  paused: boolean;
  stopReason: TaskStopReason | null;
};

/**
 * Writes the journal of one room session. Every line is handed to the kernel before `append` returns, so that
 * it outlives the process; it is written synchronously since an event may not take effect before its line.
 */
export class Journal {
  /** Folder of the bundle. */
  readonly folder: string;
  readonly #fd: number;
  #seq = 0;
  #atUs = 0;
  #closed = false;
  readonly #users = new Set<string>();
  readonly #streams = new Map<string, { streamId: string; userId: string }>();
  readonly #tasks = new Map<string, JournalledTask>();
  readonly #pictures = new Set<string>();

  private constructor(folder: string, fd: number) {
    this.folder = folder;
    this.#fd = fd;
  }

  /** Opens the journal of a bundle, new or of an earlier process; a torn last line is cut off. */
  static open(folder: string): Journal {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, JOURNAL_FILE);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const journal = new Journal(folder, openSync(path, 'a', 0o600));
    if (whole.length < text.length) ftruncateSync(journal.#fd, Buffer.byteLength(whole));
    for (const line of whole.split('\n')) {
      // Lines are read back as they were written here: the type is that of our own writing.
      if (line !== '') journal.#replay(JSON.parse(line) as JournalEvent);
    }
    return journal;
  }

  /** Whether a bundle has a journal. */
  static exists(folder: string): boolean {
    return existsSync(join(folder, JOURNAL_FILE));
  }

  /** All that was written until now, from the first line on. */
  events(): JournalEvent[] {
    const reader = new JournalReader(join(this.folder, JOURNAL_FILE));
    try {
      return reader.read();
    } finally {
      reader.close();
    }
  }

  /** Users who have entered and not left. */
  get users(): string[] {
    return [...this.#users];
  }

  /** Streams that are published and not over. */
  get streams(): { streamId: string; userId: string }[] {
    return [...this.#streams.values()];
  }

  /** What the journal says of a task, or null when it says nothing. */
  task(taskId: string): Readonly<JournalledTask> | null {
    return this.#tasks.get(taskId) ?? null;
  }

  /** Whether somebody ordered the end of an automatic task of this room session. */
  get isStoppedByOrder(): boolean {
    return [...this.#tasks.values()].some(({ origin, stopReason }) => origin === 'automatic' && stopReason === 'order');
  }

  /** Whether the journal says of a picture, by its address, that it is kept or cannot be had. */
  knowsPicture(url: string): boolean {
    return this.#pictures.has(url);
  }

  /** Whether nothing more can be appended. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Appends one event with its number and time. */
  append(event: RoomEvent | TaskEvent | PictureEvent): JournalEvent {
    // The clock may be set back; the journal's time is not.
    const line: JournalEvent = { seq: this.#seq + 1, atUs: Math.max(this.#atUs, nowUs()), ...event };
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    // A disk that fills up may take a part of a line only; the next round then throws and a reader skips the torn one.
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    this.#replay(line);
    return line;
  }

  /** Makes the journal durable against a power cut and closes it. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }

  #replay(event: JournalEvent): void {
    this.#seq = event.seq;
    this.#atUs = event.atUs;
    switch (event.type) {
      case 'userEntered':
        this.#users.add(event.userId);
        break;
      case 'userLeft':
        this.#users.delete(event.userId);
        break;
      case 'streamPublished':
        this.#streams.set(event.streamId, { streamId: event.streamId, userId: event.userId });
        break;
      case 'streamUnpublished':
        this.#streams.delete(event.streamId);
        break;
      case 'taskStarted':
        this.#tasks.set(event.taskId, {
          origin: event.origin ?? 'automatic',
          parameters: event.parameters,
          paused: false,
          stopReason: null,
        });
        break;
      case 'taskStopped':
        this.#change(event.taskId, { stopReason: event.reason });
        break;
      case 'taskModified':
        this.#change(event.taskId, { parameters: event.parameters });
        break;
      case 'taskPaused':
      case 'taskResumed':
        this.#change(event.taskId, { paused: event.type === 'taskPaused' });
        break;
      case 'pictureKept':
      case 'pictureFailed':
        this.#pictures.add(event.url);
        break;
      default:
        break;
    }
  }

  #change(taskId: string, change: Partial<JournalledTask>): void {
    const task = this.#tasks.get(taskId);
    if (task !== undefined) this.#tasks.set(taskId, { ...task, ...change });
  }
}
