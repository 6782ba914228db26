import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { syncFolderOf } from './durable-file.ts';
import type { SegmentIndex } from './segment-file.ts';

const HEAD_BYTES = 7;
/** Rates by their number in the frame's head (ISO 14496-3 1.6.3.4). */
const RATE_NUMBERS = Object.freeze({ 48000: 3, 44100: 4, 16000: 8 });

/**
 * Sound alone as a stream of ADTS frames (ISO 14496-3 1.A.3), made from the segments at its end. Parts share
 * no frame: one behind the other they are the bytes of the unsplit file.
 */
export class AdtsFile implements Disposable {
  readonly #temporary: string;
  readonly #audio: TaskParameters['audio'];
  readonly #segments: SegmentIndex[] = [];
  #sizeBytes = 0;

  /** @param temporary Path of what is not finished, in the folder of the finished file. */
  constructor(temporary: string, audio: TaskParameters['audio']) {
    this.#temporary = temporary;
    this.#audio = audio;
  }

  /** What the file's size would be at most if the segment were added and nothing more. */
  sizeBytesWith(segment: SegmentIndex): number {
    return this.#sizeBytes + adtsBytesOf(segment);
  }

  /** Adds the next segment, which is on the disk. */
  add(segment: SegmentIndex): void {
    this.#segments.push(segment);
    this.#sizeBytes += adtsBytesOf(segment);
  }

  /**
   * Makes the finished file: durable, under its name. @throws file errors.
   * @param path Of the finished file.
   * @param skip Coded frames of the segments that are left out in front, `frames`: how many then follow.
   */
  async finish(
    path: string,
    { skip, frames }: { skip: number; frames: number },
  ): Promise<{ sizeBytes: number; sha256: string }> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const target = await open(this.#temporary, 'w', 0o600);
    try {
      let number = 0;
      for (const segment of this.#segments) {
        const bytes = await this.#adts(segment, (index) => number + index >= skip && number + index < skip + frames);
        number += segment.audioSizes.length;
        hash.update(bytes);
        sizeBytes += bytes.length;
        await writeAll(target, bytes);
      }
      await target.sync();
      await target.close();
      await rename(this.#temporary, path);
    } catch (error) {
      await rm(this.#temporary, { force: true });
      throw error;
    } finally {
      await target.close();
    }
    syncFolderOf(path);
    return { sizeBytes, sha256: hash.digest('hex') };
  }

  /** Nothing is open between calls. */
  [Symbol.dispose](): void {
    this.#segments.length = 0;
  }

  async #adts(
    { path, dataOffset, videoSizes, audioSizes }: SegmentIndex,
    isWanted: (index: number) => boolean,
  ): Promise<Buffer> {
    await using source = await open(path, 'r');
    const data = Buffer.alloc(sum(audioSizes));
    const { bytesRead } = await source.read(data, 0, data.length, dataOffset + sum(videoSizes));
    if (bytesRead < data.length) throw new Error('a segment is shorter than its index says');
    const parts: Buffer[] = [];
    let at = 0;
    audioSizes.forEach((size, index) => {
      if (isWanted(index)) parts.push(this.#head(size), data.subarray(at, at + size));
      at += size;
    });
    return Buffer.concat(parts);
  }

  /** Sync word, MPEG-4 without checksum; AAC-LC, rate, channels; length; "variable bit rate"; one block of sound. */
  #head(size: number): Buffer {
    const { channels, sampleRateHz } = this.#audio;
    const length = size + HEAD_BYTES;
    return Buffer.from([
      0xff,
      0xf1,
      (1 << 6) | (RATE_NUMBERS[sampleRateHz] << 2) | (channels >> 2),
      ((channels & 3) << 6) | (length >> 11),
      (length >> 3) & 0xff,
      ((length & 7) << 5) | 0x1f,
      0xfc,
    ]);
  }
}

function adtsBytesOf({ audioSizes }: SegmentIndex): number {
  return sum(audioSizes) + audioSizes.length * HEAD_BYTES;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

async function writeAll(target: FileHandle, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) offset += (await target.write(bytes, offset)).bytesWritten;
}
