import { closeSync, openSync, readSync } from 'node:fs';

/** What the head of a dump says. */
export type MjrHeader = {
  kind: 'audio' | 'video' | 'data';
  /** As Janus names it: `opus`, `vp8`, `h264`, … */
  codec: string;
  /** When the dump was made, µs since the epoch. */
  createdUs: number;
  /** When its first packet came, µs since the epoch. */
  firstPacketUs: number;
};

/** One packet of a dump. `packet` is a copy that the receiver may keep. */
export type MjrRecord = { arrivalUs: number; packet: Buffer };

const MAGIC = Buffer.from('MJR00002', 'latin1');
const MEET = Buffer.from('MEET', 'latin1');
const RECORD_HEAD_BYTES = 10;
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads a Janus dump (`.mjr`) packet by packet while it grows. The file may not exist yet. What is torn at
 * the end is "not there yet"; what is garbage in the middle is skipped up to the next record and counted.
 * Holds one chunk at most.
 */
export class MjrReader {
  readonly #path: string;
  #fd: number | null = null;
  #fileOffset = 0;
  #buffer = Buffer.alloc(0);
  #position = 0;
  #header: MjrHeader | null = null;
  #skippedBytes = 0;
  #unreadable = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The head, or null as long as it was not read. */
  get header(): MjrHeader | null {
    return this.#header;
  }

  /** Bytes of garbage that were passed over. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** Whether the file is no dump at all. Nothing is read from it then. */
  get unreadable(): boolean {
    return this.#unreadable;
  }

  /** The next packet, or null when the file holds no further whole one now. @throws file errors but "no such file". */
  read(): MjrRecord | null {
    if (this.#unreadable) return null;
    if (this.#header === null && !this.#readHeader()) return null;
    for (;;) {
      if (!this.#ensure(RECORD_HEAD_BYTES)) return null;
      if (!this.#isRecordHead()) {
        if (!this.#resynchronise()) return null;
        continue;
      }
      const lengthBytes = this.#buffer.readUInt16BE(this.#position + 8);
      if (!this.#ensure(RECORD_HEAD_BYTES + lengthBytes)) {
        // Either torn at the end of the file, or a broken length that swallows the records behind it.
        if (!this.#swallowsARecord()) return null;
        this.#skip(1);
        continue;
      }
      const arrivalMs = this.#buffer.readUInt32BE(this.#position + 4);
      const start = this.#position + RECORD_HEAD_BYTES;
      const packet = Buffer.from(this.#buffer.subarray(start, start + lengthBytes));
      this.#position = start + lengthBytes;
      return { arrivalUs: (this.#header?.firstPacketUs ?? 0) + arrivalMs * 1000, packet };
    }
  }

  /** Gives the file back. May be called twice. */
  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#unreadable = true;
  }

  #readHeader(): boolean {
    if (!this.#ensure(MAGIC.length + 2)) return false;
    if (!this.#buffer.subarray(this.#position, this.#position + MAGIC.length).equals(MAGIC)) {
      this.#unreadable = true;
      return false;
    }
    const lengthBytes = this.#buffer.readUInt16BE(this.#position + MAGIC.length);
    if (!this.#ensure(MAGIC.length + 2 + lengthBytes)) return false;
    const start = this.#position + MAGIC.length + 2;
    this.#header = parseHeader(this.#buffer.toString('utf8', start, start + lengthBytes));
    this.#position = start + lengthBytes;
    if (this.#header === null) this.#unreadable = true;
    return this.#header !== null;
  }

  #isRecordHead(): boolean {
    return this.#buffer.readUInt32BE(this.#position) === 0x4d454554;
  }

  #swallowsARecord(): boolean {
    return this.#buffer.indexOf(MEET, this.#position + RECORD_HEAD_BYTES) >= 0;
  }

  #resynchronise(): boolean {
    for (;;) {
      const found = this.#buffer.indexOf(MEET, this.#position);
      if (found >= 0) {
        this.#skip(found - this.#position);
        return true;
      }
      this.#skip(Math.max(0, this.#buffer.length - this.#position - (MEET.length - 1)));
      if (!this.#fill()) return false;
    }
  }

  #skip(countBytes: number): void {
    this.#position += countBytes;
    this.#skippedBytes += countBytes;
  }

  #ensure(countBytes: number): boolean {
    while (this.#buffer.length - this.#position < countBytes) if (!this.#fill()) return false;
    return true;
  }

  #fill(): boolean {
    this.#fd ??= openIfThere(this.#path);
    if (this.#fd === null) return false;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const countBytes = readSync(this.#fd, chunk, 0, CHUNK_BYTES, this.#fileOffset);
    if (countBytes === 0) return false;
    this.#fileOffset += countBytes;
    this.#buffer = Buffer.concat([this.#buffer.subarray(this.#position), chunk.subarray(0, countBytes)]);
    this.#position = 0;
    return true;
  }
}

function parseHeader(json: string): MjrHeader | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { t, c, s, u } = value as { t?: unknown; c?: unknown; s?: unknown; u?: unknown };
  const kind = t === 'a' ? 'audio' : t === 'v' ? 'video' : t === 'd' ? 'data' : null;
  if (kind === null || typeof c !== 'string' || typeof u !== 'number') return null;
  return { kind, codec: c.toLowerCase(), createdUs: typeof s === 'number' ? s : u, firstPacketUs: u };
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
