import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import type { JournalEvent } from './journal-event.ts';

const CHUNK_BYTES = 64 * 1024;

/**
 * Reads `journal.jsonl` while it grows. The file may not exist yet; a last line without its end is not there
 * yet, and is read again later since the writer cuts a torn one off when it starts again. A whole line that is no event is passed over and counted: the journal's writer writes none, so only
 * a broken disk does.
 */
export class JournalReader {
  readonly #path: string;
  #fd: number | null = null;
  #offset = 0;
  #brokenLines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Lines that hold no event. */
  get brokenLines(): number {
    return this.#brokenLines;
  }

  /** The events that have come since the last call, in order. @throws file errors but "no such file". */
  read(): JournalEvent[] {
    const events: JournalEvent[] = [];
    this.#fd ??= openIfThere(this.#path);
    if (this.#fd === null) return events;
    let sizeBytes = CHUNK_BYTES;
    for (;;) {
      const chunk = Buffer.allocUnsafe(sizeBytes);
      const countBytes = readSync(this.#fd, chunk, 0, sizeBytes, this.#offset);
      const taken = this.#takeLines(chunk.subarray(0, countBytes), events);
      this.#offset += taken;
      if (countBytes < sizeBytes) return events;
      if (taken === 0) sizeBytes *= 2;
    }
  }

  /** Gives the file back. May be called twice. */
  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** Returns how many bytes were whole lines. */
  #takeLines(bytes: Buffer, events: JournalEvent[]): number {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(0x0a, start);
      if (end < 0) return start;
      const line = bytes.toString('utf8', start, end).trim();
      start = end + 1;
      if (line === '') continue;
      const event = parseEvent(line);
      if (event === null) this.#brokenLines += 1;
      else events.push(event);
    }
  }
}

function parseEvent(line: string): JournalEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * The envelope is checked, and names of files; what else is inside was written by this program in the same version or
 * an older one.
 */
function isEvent(value: unknown): value is JournalEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { seq, atUs, type, dump, file } = value as Partial<Record<'seq' | 'atUs' | 'type' | 'dump' | 'file', unknown>>;
  if ((type === 'streamPublished' || type === 'streamCaptured') && dump !== null && !isFileName(dump)) return false;
  if (type === 'pictureKept' && !isFileName(file)) return false;
  return Number.isSafeInteger(seq) && Number.isSafeInteger(atUs) && typeof type === 'string';
}

function isFileName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value !== '.' && value !== '..' && basename(value) === value;
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
