import type { BundleReader } from '../capture/index.ts';
import type { RenderedFile, StreamReport } from '../recording/render-protocol.ts';
import type { RoomHistory } from '../timeline/index.ts';
import type { FileParts } from './file-parts.ts';
import { FrameProducer, type Resume } from './frame-producer.ts';
import type { HlsFiles } from './hls-files.ts';
import type { ReelMaker, Step } from './reel-maker.ts';
import type { WatchedReel } from './reel-parts.ts';
import type { ReelPictures } from './reel-pictures.ts';
import { type Segment, writeSegment } from './segment-file.ts';
import { StillsMaker } from './stills.ts';

/** Makes a reel by way of segments, each of which is on the disk before the next one: nothing of them is made twice. */
export class SegmentedReel implements ReelMaker {
  readonly resumedAt: number;
  readonly #workFolder: string;
  readonly #parts: WatchedReel;
  readonly #producer: FrameProducer;
  readonly #pictures: ReelPictures;
  readonly #outputs: readonly (FileParts | HlsFiles)[];
  readonly #stills: StillsMaker;
  #segments: number;
  #reports: StreamReport[] | null = null;

  /** @param outputs Hold all segments that are there already. */
  constructor(
    bundle: BundleReader,
    parts: WatchedReel,
    {
      workFolder,
      resume,
      pictures,
      outputs,
    }: { workFolder: string; resume: Resume; pictures: ReelPictures; outputs: readonly (FileParts | HlsFiles)[] },
  ) {
    this.#workFolder = workFolder;
    this.#parts = parts;
    this.#outputs = outputs;
    this.#stills = new StillsMaker(workFolder, parts);
    this.#segments = resume.segment;
    this.resumedAt = resume.segment;
    this.#pictures = pictures;
    this.#producer = new FrameProducer(bundle, parts, resume, pictures);
  }

  get segments(): number {
    return this.#segments;
  }

  get reachedUs(): number {
    return this.#producer.reachedUs;
  }

  step(history: RoomHistory, readUs: number): Step {
    this.#parts.clock.follow(history);
    const step = this.#producer.step(history, readUs);
    if (step === 'waiting') {
      this.#stills.prepare();
      return step;
    }
    // Of the last frame the length is known when there is a next one, or the end.
    this.#count(step === 'made' ? this.#producer.madeUs : step.durationUs);
    if (step !== 'made') {
      for (const segment of this.#producer.finish()) this.#keep(segment);
      this.#reports = this.#producer.reports();
      this.#producer[Symbol.dispose]();
      return step;
    }
    for (let segment = this.#producer.takeSegment(); segment !== null; segment = this.#producer.takeSegment())
      this.#keep(segment);
    return step;
  }

  async finish(durationUs: number): Promise<RenderedFile[]> {
    const files: RenderedFile[] = [];
    for (const output of this.#outputs) files.push(...this.#stills.addTo(await output.finish(durationUs)));
    return files;
  }

  reports(): StreamReport[] {
    return this.#reports ?? this.#producer.reports();
  }

  [Symbol.dispose](): void {
    if (this.#reports === null) this.#producer[Symbol.dispose]();
    this.#reports ??= [];
    this.#stills[Symbol.dispose]();
    for (const output of this.#outputs) output[Symbol.dispose]();
  }

  #count(fileUs: number): void {
    this.#parts.usage.reach(fileUs, this.#parts.plan.media.picture ? () => this.#pictures.size : null);
  }

  #keep(segment: Segment): void {
    this.#parts.watch.keep(segment.index, this.#parts.usage.state);
    const index = writeSegment(this.#workFolder, segment);
    for (const output of this.#outputs) output.add(index);
    this.#segments = segment.index + 1;
  }
}
