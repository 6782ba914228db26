import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { syncFolderOf } from './durable-file.ts';
import { hashOf } from './file-hash.ts';
import { box, u32, u64 } from './mp4-box.ts';
import { writeMp4 } from './mp4-file.ts';
import { fileType, movieBox } from './mp4-movie.ts';
import { type Mp4Contents, sampleTables, shiftTable } from './mp4-tables.ts';
import type { SegmentIndex } from './segment-file.ts';

/** Up to here copying everything at the end takes a tenth of a second. */
const GROWS_FROM_BYTES = 64 * 1024 * 1024;
/** How much longer than now the index may become before the file must be begun anew: from 64 MB to 2 GB. */
const INDEX_HEADROOM = 32;
/** What is not on the disk yet at the end must be little, so it is sent there this often. */
const SYNC_BYTES = 32 * 1024 * 1024;
const DATA_HEAD_BYTES = 16;
/** Everything is copied through here: a block for each segment would be 64 MB of garbage when the file is begun. */
const block = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * The MP4 while it grows. The data of long files is copied as the segments come, behind room for the index, so
 * that at the end only the index has to be written: copying two hours (1.3 GB) then would take 4 to 7 s.
 * Nothing depends on this file after a crash: it is made again from the segments.
 */
export class GrowingFile implements Disposable {
  readonly #temporary: string;
  readonly #growsFromBytes: number;
  readonly #segments: SegmentIndex[] = [];
  #fd: number | null = null;
  #roomBytes = 0;
  #dataBytes = 0;
  #samples = 0;
  #unsyncedBytes = 0;
  #syncing: Promise<void> = Promise.resolve();

  /**
   * @param temporary Path of what is not finished, in the folder of the finished file.
   * @param growsFromBytes Size of the data from which on it is copied as it comes; 64 MB by default.
   */
  constructor(temporary: string, { growsFromBytes = GROWS_FROM_BYTES }: { growsFromBytes?: number } = {}) {
    this.#growsFromBytes = growsFromBytes;
    this.#temporary = temporary;
  }

  /** What the file's size would be at most if the segment were added and nothing more. */
  sizeBytesWith(segment: SegmentIndex): number {
    const dataBytes = this.#dataBytes + dataBytesOf(segment);
    const indexBytes = this.#indexBytes(segment);
    if (this.#fd === null && dataBytes < this.#growsFromBytes) return indexBytes + dataBytes;
    const roomBytes =
      this.#fd !== null && indexBytes <= this.#roomBytes ? this.#roomBytes : indexBytes * INDEX_HEADROOM;
    return fileType().length + roomBytes + DATA_HEAD_BYTES + dataBytes;
  }

  /** Adds the next segment, which is on the disk. @throws file errors. */
  add(segment: SegmentIndex): void {
    this.#segments.push(segment);
    this.#dataBytes += dataBytesOf(segment);
    this.#samples += weightOf(segment);
    if (this.#fd === null && this.#dataBytes < this.#growsFromBytes) return;
    if (this.#fd === null || this.#indexBytes() > this.#roomBytes) this.#begin();
    else this.#copy(segment, this.#dataBytes - dataBytesOf(segment));
  }

  /** Makes the finished file: durable, under its name. @param path Of the finished file. @throws file errors. */
  async finish(path: string, contents: Omit<Mp4Contents, 'segments'>): Promise<{ sizeBytes: number; sha256: string }> {
    const all = { ...contents, segments: this.#segments };
    if (this.#fd === null) return writeMp4({ ...all, path });
    await this.#syncing;
    const { video, audio, endBytes } = sampleTables(all, { whole: true });
    const start = this.#dataStart;
    const movie = movieBox(contents.tracks(shiftTable(video, start), shiftTable(audio, start)), { fragmented: false });
    // Room is for boxes of at least eight bytes; the estimate of the index leaves more than that.
    const room = box('free', Buffer.alloc(this.#roomBytes - movie.length - 8));
    const head = Buffer.concat([fileType(), movie, room, u32(1), Buffer.from('mdat'), u64(endBytes + DATA_HEAD_BYTES)]);
    writeAllSync(this.#fd, head, 0);
    ftruncateSync(this.#fd, start + endBytes);
    const [sha256] = await Promise.all([hashOf(this.#temporary), syncData(this.#fd)]);
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    this.#fd = null;
    renameSync(this.#temporary, path);
    syncFolderOf(path);
    return { sizeBytes: start + endBytes, sha256 };
  }

  /** Removes what was not finished. */
  [Symbol.dispose](): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    rmSync(this.#temporary, { force: true });
  }

  get #dataStart(): number {
    return fileType().length + this.#roomBytes + DATA_HEAD_BYTES;
  }

  /** A little more than the index of what there is: eight bytes a sample at most, 24 of a copied one, and chunks. */
  #indexBytes(next?: SegmentIndex): number {
    const samples = this.#samples + (next === undefined ? 0 : weightOf(next));
    return 4096 + samples * 8 + (this.#segments.length + (next === undefined ? 0 : 1)) * 48;
  }

  #begin(): void {
    this.#fd ??= openSync(this.#temporary, 'w+', 0o600);
    this.#roomBytes = this.#indexBytes() * INDEX_HEADROOM;
    let at = 0;
    for (const segment of this.#segments) {
      this.#copy(segment, at);
      at += dataBytesOf(segment);
    }
  }

  #copy(segment: SegmentIndex, at: number): void {
    if (this.#fd === null) return;
    const length = dataBytesOf(segment);
    copySync(segment, length, { fd: this.#fd, position: this.#dataStart + at });
    this.#unsyncedBytes += length;
    if (this.#unsyncedBytes < SYNC_BYTES) return;
    this.#unsyncedBytes = 0;
    // Only to have less to do at the end: whether it works is found out there.
    this.#syncing = syncData(this.#fd).catch(() => undefined);
  }
}

/** Samples of a segment; copied ones, whose lengths differ, count three times. */
function weightOf({ videoSizes, audioSizes, copied }: SegmentIndex): number {
  return videoSizes.length * (copied === undefined ? 1 : 3) + audioSizes.length;
}

function dataBytesOf({ videoSizes, audioSizes }: SegmentIndex): number {
  let bytes = 0;
  for (const size of videoSizes) bytes += size;
  for (const size of audioSizes) bytes += size;
  return bytes;
}

function copySync(
  { path, dataOffset }: SegmentIndex,
  length: number,
  { fd, position }: { fd: number; position: number },
): void {
  const source = openSync(path, 'r');
  try {
    for (let done = 0; done < length; ) {
      const count = readSync(source, block, 0, Math.min(block.length, length - done), dataOffset + done);
      if (count === 0) throw new Error('a segment is shorter than its index says');
      writeAllSync(fd, block.subarray(0, count), position + done);
      done += count;
    }
  } finally {
    closeSync(source);
  }
}

function writeAllSync(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

async function syncData(fd: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
  });
}
