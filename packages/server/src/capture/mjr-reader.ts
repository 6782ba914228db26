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
  /** Ids of the RTP header extensions that were agreed on, by their URIs. */
  extensionIds: ReadonlyMap<string, number>;
};

/** One packet of a dump. The receiver may keep `packet`: it is a part of a larger block that is never written again. */
export type MjrRecord = { arrivalUs: number; packet: Buffer };

const MAGIC = Buffer.from('MJR00002', 'latin1');
const MEET = Buffer.from('MEET', 'latin1');
const MEET_WORD = MEET.readUInt32BE(0);
const RECORD_HEAD_BYTES = 10;
/** A step in time that is looked at twice: packets of a stream that runs come closer together. */
const STEP_MS = 1000;
/** Largest step that is believed when nothing behind it confirms it. */
const UNCONFIRMED_STEP_MS = 60_000;
/** Largest step that is believed at all. */
const LARGEST_STEP_MS = 86_400_000;
const CHUNK_BYTES = 64 * 1024;
/** What is read is copied out of here at once: a live dump is looked at often and has grown by 4 KB. */
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/**
 * Reads a Janus dump (`.mjr`) packet by packet while it grows. The file may not exist yet. What is torn at
 * the end is "not there yet"; what is garbage in the middle is skipped up to the next record and counted.
 * Arrivals never fall: one that leaps and is not confirmed by the record behind it is damaged, and that of the
 * record before it stands for it. Holds one chunk at most.
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
  #ended = false;
  #lastMs = 0;

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
      const arrivalMs = this.#arrivalMs(lengthBytes);
      if (arrivalMs === null) return null;
      this.#lastMs = arrivalMs;
      const start = this.#position + RECORD_HEAD_BYTES;
      const packet = this.#buffer.subarray(start, start + lengthBytes);
      this.#position = start + lengthBytes;
      return { arrivalUs: (this.#header?.firstPacketUs ?? 0) + arrivalMs * 1000, packet };
    }
  }

  /** Says that no byte will be added any more. */
  end(): void {
    this.#ended = true;
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

  /** Arrival of the record at the position; null: the record behind it, which has to confirm it, is not there yet. */
  #arrivalMs(lengthBytes: number): number | null {
    const ms = this.#buffer.readUInt32BE(this.#position + 4);
    const stepMs = ms - this.#lastMs;
    if (stepMs >= 0 && stepMs <= STEP_MS) return ms;
    if (stepMs < 0 || stepMs > LARGEST_STEP_MS) return this.#lastMs;
    const isThere = this.#ensure(RECORD_HEAD_BYTES * 2 + lengthBytes);
    if (!isThere && !this.#ended) return null;
    const next = this.#position + RECORD_HEAD_BYTES + lengthBytes;
    if (!isThere || this.#buffer.readUInt32BE(next) !== MEET_WORD)
      return stepMs <= UNCONFIRMED_STEP_MS ? ms : this.#lastMs;
    const nextMs = this.#buffer.readUInt32BE(next + 4);
    return nextMs >= ms && nextMs - ms <= LARGEST_STEP_MS ? ms : this.#lastMs;
  }

  #isRecordHead(): boolean {
    return this.#buffer.readUInt32BE(this.#position) === MEET_WORD;
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
  const { t, c, s, u, x } = value as { t?: unknown; c?: unknown; s?: unknown; u?: unknown; x?: unknown };
  const kind = t === 'a' ? 'audio' : t === 'v' ? 'video' : t === 'd' ? 'data' : null;
  if (kind === null || typeof c !== 'string' || !isTime(u)) return null;
  const createdUs = isTime(s) ? s : u;
  return { kind, codec: c.toLowerCase(), createdUs, firstPacketUs: u, extensionIds: extensionIdsOf(x) };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** The head's map is from id to URI. */
function extensionIdsOf(value: unknown): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  if (typeof value !== 'object' || value === null) return ids;
  for (const [id, uri] of Object.entries(value)) if (typeof uri === 'string') ids.set(uri, Number(id));
  return ids;
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
