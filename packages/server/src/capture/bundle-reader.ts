import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { JOURNAL_FILE } from './journal.ts';
import type { JournalEvent } from './journal-event.ts';
import { JournalReader } from './journal-reader.ts';
import { PacketStream } from './packet-stream.ts';

/**
 * How often the dumps are looked at. They grow by 4 KB dozens of times a second, so waking at each step would
 * cost more than rendering; only the journal, which ends a render, is watched.
 */
const SLOW_LOOK_MS = 250;

/**
 * Reads a capture bundle, live or finished.
 *
 * States: open → closed. While open, `refresh` takes what the journal has got since, `changed` waits until the
 * folder may hold more, `openDump` gives readers of dumps, which their users close. `close` ends a waiting
 * `changed` and may be called twice.
 */
export class BundleReader {
  readonly #folder: string;
  readonly #journal: JournalReader;
  readonly #events: JournalEvent[] = [];
  #watcher: FSWatcher | null = null;
  #wake: (() => void) | null = null;
  #dirty = true;
  #closed = false;

  /** Folder of the bundle. */
  get folder(): string {
    return this.#folder;
  }

  /** @param folder Of the bundle; may not exist yet. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#journal = new JournalReader(join(folder, JOURNAL_FILE));
  }

  /** All events read so far, in order. */
  get events(): readonly JournalEvent[] {
    return this.#events;
  }

  /** Takes new lines of the journal. Returns whether there were any. @throws file errors. */
  refresh(): boolean {
    const fresh = this.#journal.read();
    this.#events.push(...fresh);
    return fresh.length > 0;
  }

  /** A new reader of a dump, from its beginning. @throws {Error} when `name` is more than a file name. */
  openDump(name: string): PacketStream {
    if (basename(name) !== name || name === '' || name === '.' || name === '..')
      throw new Error(`not a file name: ${name}`);
    return new PacketStream(join(this.#folder, name));
  }

  /** Waits until the journal has changed since the last call, or 250 ms. */
  async changed(): Promise<void> {
    this.#watch();
    if (this.#dirty || this.#closed) {
      this.#dirty = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), SLOW_LOOK_MS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
    this.#dirty = false;
  }

  /** Gives files and watcher back. */
  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    this.#watcher = null;
    this.#journal.close();
    this.#wake?.();
  }

  /** The journal and not the folder: else every 4 KB of every dump would wake the render. */
  #watch(): void {
    const journal = join(this.#folder, JOURNAL_FILE);
    if (this.#watcher !== null || this.#closed || !existsSync(journal)) return;
    this.#watcher = watch(journal, () => {
      this.#dirty = true;
      this.#wake?.();
    });
    // A watcher that fails (too many of them, folder gone) leaves the slow look.
    this.#watcher.on('error', () => this.#watcher?.close());
  }
}
