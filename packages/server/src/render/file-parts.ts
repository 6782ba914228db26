import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderedFile } from '../recording/render-protocol.ts';
import { AdtsFile } from './adts-file.ts';
import { finishPart, type PartSpan, picturesUntil } from './finished-file.ts';
import { GrowingFile } from './growing-file.ts';
import type { ReelOrder } from './reel-order.ts';
import type { ReelParts } from './reel-parts.ts';
import { pictureHz } from './render-plan.ts';
import { readSegmentIndex, type SegmentIndex, soundHeadOf } from './segment-file.ts';

/** No file is bigger: 2 GB, of whichever kind of giga. */
const PART_BYTES = 2_000_000_000;
/** Longest time of a file when none is set: a day. */
const PART_MINUTES = 1440;
/** Coded sound that a part needs of the segment behind it: three frames of two channels at most. */
const SOUND_HEAD_BYTES = 3 * 2 * 768;

type Part = { number: number; fromTicks: number; segments: SegmentIndex[]; file: GrowingFile | AdtsFile };
type ClosedPart = Part & { path: string; written: Promise<RenderedFile> };

/** What kind of files, `mp4` by default. `growsFromBytes`: see {@link GrowingFile}. */
export type PartOptions = { format?: 'mp4' | 'aac'; growsFromBytes?: number };

/**
 * The files of a reel, one after another. A part ends before the segment that would make it too long or too
 * big, so every part begins with a key frame. Where parts end depends on the segments alone: after a crash the
 * same parts are made from them again. A part is finished as soon as the next one begins; if the end of the
 * recording turns out to lie before that, it is made once more, shorter.
 */
export class FileParts implements Disposable {
  readonly #order: ReelOrder;
  readonly #reel: ReelParts;
  readonly #format: 'mp4' | 'aac';
  readonly #growsFromBytes: number | undefined;
  readonly #closed: ClosedPart[] = [];
  #open: Part;
  #segments = 0;

  private constructor(order: ReelOrder, reel: ReelParts, { format = 'mp4', growsFromBytes }: PartOptions) {
    this.#order = order;
    this.#reel = reel;
    this.#format = format;
    this.#growsFromBytes = growsFromBytes;
    this.#open = this.#part(1, 0);
  }

  /** The files of a reel with all segments that are there already. @throws file errors. */
  static open(order: ReelOrder, reel: ReelParts, options: PartOptions = {}): FileParts {
    mkdirSync(order.outFolder, { recursive: true });
    const parts = new FileParts(order, reel, options);
    for (;;) {
      const segment = readSegmentIndex(order.workFolder, parts.#segments);
      if (segment === null) return parts;
      parts.add(segment);
    }
  }

  /** Adds the next segment, which is on the disk. @throws file errors. */
  add(segment: SegmentIndex): void {
    if (this.#isFull(segment)) this.#close(segment);
    this.#open.segments.push(segment);
    this.#open.file.add(segment);
    this.#segments += 1;
  }

  /** Finishes the files of a reel that lasts `durationUs`. @throws file errors. */
  async finish(durationUs: number): Promise<RenderedFile[]> {
    const endTicks = this.#endTicks(durationUs);
    const isUsed = (part: Part): boolean => part.fromTicks < endTicks;
    const used = this.#closed.filter(isUsed);
    const unused = this.#closed.filter((part) => !isUsed(part));
    let last = this.#open;
    if (!isUsed(last)) {
      // The last part that is used is finished already, and with too much.
      const tooLong = used.pop();
      assert(tooLong !== undefined, 'the first part has a picture of every render');
      unused.push(tooLong);
      last = { ...tooLong, file: this.#file(tooLong.number) };
      for (const segment of tooLong.segments) last.file.add(segment);
    }
    const files = await Promise.all(used.map(({ written }) => written));
    for (const { written } of unused) await written;
    for (const { path } of unused) rmSync(path);
    const path = this.#pathOf(last.number, files.length > 0);
    return [...files, await finishPart(last.file, path, this.#reel, this.#spanOf(last, endTicks, true))];
  }

  /** Removes what was not finished. */
  [Symbol.dispose](): void {
    for (const { file } of [...this.#closed, this.#open]) file[Symbol.dispose]();
  }

  /** Whether a part ends before a segment; it can only where decoding can begin with that. */
  #isFull(next: SegmentIndex): boolean {
    const { segments, file, fromTicks } = this.#open;
    if (segments.length === 0 || next.copied?.keys[0] === false) return false;
    const { parameters } = this.#reel.plan;
    const { maxFileDurationMinutes = PART_MINUTES } = parameters.output;
    const { durationMs = maxFileDurationMinutes * 60_000, sizeBytes = PART_BYTES } = this.#order.splitAt ?? {};
    if (((this.#ticksBehind(next) - fromTicks) * 1000) / pictureHz(this.#reel.plan) > durationMs) return true;
    return file.sizeBytesWith(next) + SOUND_HEAD_BYTES > sizeBytes;
  }

  #close(next: SegmentIndex): void {
    const part = this.#open;
    const head = soundHeadOf(next);
    part.segments.push(head);
    part.file.add(head);
    this.#open = this.#part(part.number + 1, this.#ticksOf(next));
    const path = this.#pathOf(part.number, true);
    const written = finishPart(part.file, path, this.#reel, this.#spanOf(part, this.#open.fromTicks, false));
    // Whether it works is found out when the render is done: its segments are there to make it again.
    written.catch(() => undefined);
    this.#closed.push({ ...part, path, written });
  }

  #part(number: number, fromTicks: number): Part {
    return { number, fromTicks, segments: [], file: this.#file(number) };
  }

  #spanOf({ fromTicks, segments }: Part, endTicks: number, isLast: boolean): PartSpan {
    const firstFrame = segments[0]?.firstFrame ?? 0;
    const videoSamples =
      this.#reel.plan.copied === true
        ? segments.reduce((sum, { copied }) => sum + (copied?.ticks.filter((ticks) => ticks < endTicks).length ?? 0), 0)
        : (endTicks - fromTicks) / 1000;
    return { fromTicks, endTicks, firstFrame, videoSamples, isLast };
  }

  /** Where the next segment begins, when `next` is the one that comes. */
  #ticksOf({ copied }: SegmentIndex): number {
    return copied?.ticks[0] ?? this.#segments * this.#segmentTicks;
  }

  #ticksBehind({ copied }: SegmentIndex): number {
    return copied?.ticks.at(-1) ?? (this.#segments + 1) * this.#segmentTicks;
  }

  #endTicks(durationUs: number): number {
    const { plan } = this.#reel;
    if (plan.copied === true) return Math.max(1, Math.round((durationUs * pictureHz(plan)) / 1_000_000));
    return picturesUntil(plan, durationUs) * 1000;
  }

  /** Length of the segments of pictures that are not copied. */
  get #segmentTicks(): number {
    const { fps, keyframeIntervalS } = this.#reel.plan.video;
    return fps * keyframeIntervalS * 1000;
  }

  #file(number: number): GrowingFile | AdtsFile {
    const temporary = join(
      this.#order.outFolder,
      `${this.#order.baseName}_${number}.${this.#format}.${process.pid}.tmp`,
    );
    if (this.#format === 'aac') return new AdtsFile(temporary, this.#reel.plan.parameters.audio);
    return new GrowingFile(
      temporary,
      this.#growsFromBytes === undefined ? {} : { growsFromBytes: this.#growsFromBytes },
    );
  }

  #pathOf(number: number, isSplit: boolean): string {
    const { outFolder, baseName, indexAlways } = this.#order;
    return join(outFolder, `${baseName}${isSplit || indexAlways ? `_${number}` : ''}.${this.#format}`);
  }
}
