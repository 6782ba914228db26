import { join } from 'node:path';
import type { BundleReader } from '../capture/index.ts';
import { playlistType, singleBaseName } from '../recording/file-name.ts';
import type { RenderedFile, RenderOrder, StreamReport } from '../recording/render-protocol.ts';
import { fileFormatsOf, mediaOf, type TaskParameters } from '../recording/task-parameters.ts';
import { type ReelSubject, type RoomHistory, reelHistory, reelName, spans } from '../timeline/index.ts';
import { FileClock } from './file-clock.ts';
import { FileParts } from './file-parts.ts';
import { FileStart } from './file-start.ts';
import { initSegment } from './finished-file.ts';
import { FrameProducer } from './frame-producer.ts';
import { HlsFiles } from './hls-files.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { PictureSize } from './picture-size.ts';
import type { ReelOrder } from './reel-order.ts';
import {
  clearSegments,
  clearTemporaryFiles,
  countSegments,
  fits,
  type RenderPlan,
  readPlan,
  writePlan,
} from './render-plan.ts';
import { type Segment, writeSegment } from './segment-file.ts';
import { SoundEncoder } from './sound-encoder.ts';

/** What work on a reel came to. `made`: there may be more to do at once; `over`: all is made. */
export type ReelWork = 'made' | 'waiting' | 'over';

/** The journal as it is known at a moment. */
export type ReadHistory = { history: RoomHistory; readUs: number };

/** Where a reel stands; it only moves forward. */
type Stage =
  | { at: 'start'; search: FileStart }
  | { at: 'size'; startUs: number; search: PictureSize }
  | {
      at: 'making';
      plan: RenderPlan;
      clock: FileClock;
      producer: FrameProducer;
      outputs: (FileParts | HlsFiles)[];
      resumedAt: number;
    }
  | { at: 'over'; outputs: (FileParts | HlsFiles)[]; durationUs: number; reports: StreamReport[]; resumedAt: number }
  | { at: 'empty' };

/**
 * One recording within a task: its beginning is found, then its picture's size, then segments are made as the
 * bundle grows, and in the end its files. Started again after a crash, it goes on behind the last segment.
 */
export class Reel implements Disposable {
  readonly subject: ReelSubject;
  readonly #bundle: BundleReader;
  readonly #order: RenderOrder;
  readonly #workFolder: string;
  #stage: Stage;
  #segments = 0;
  #reachedUs = 0;

  /** @param fromUs Where the task's window begins. */
  constructor(bundle: BundleReader, order: RenderOrder, subject: ReelSubject, { fromUs }: { fromUs: number }) {
    this.subject = subject;
    this.#bundle = bundle;
    this.#order = order;
    this.#workFolder = join(order.workFolder, reelName(subject));
    clearTemporaryFiles(this.#workFolder);
    this.#stage = { at: 'start', search: new FileStart(bundle, { fromUs }) };
  }

  /** Segments that are on the disk. */
  get segments(): number {
    return this.#segments;
  }

  /** Media time up to which it is made; null when it is over, or nothing is known to make. */
  get reachedUs(): number | null {
    return this.#stage.at === 'making' ? this.#reachedUs : null;
  }

  /** With which segment it was gone on. */
  get resumedAt(): number {
    return this.#stage.at === 'making' || this.#stage.at === 'over' ? this.#stage.resumedAt : 0;
  }

  /** Whether there was nothing to make it of. */
  get isEmpty(): boolean {
    return this.#stage.at === 'empty';
  }

  /** Goes on by one step. @throws {AvError} | file errors. */
  work(read: ReadHistory): ReelWork {
    const stage = this.#stage;
    switch (stage.at) {
      case 'start':
        return this.#findStart(stage.search, read);
      case 'size':
        return this.#findSize(stage, read);
      case 'making':
        return this.#make(stage, read);
      default:
        return 'over';
    }
  }

  /** Makes the files of a reel that is over. @throws file errors. */
  async finish(): Promise<RenderedFile[]> {
    if (this.#stage.at !== 'over') return [];
    const { outputs, durationUs } = this.#stage;
    const files: RenderedFile[] = [];
    for (const output of outputs) files.push(...(await output.finish(durationUs)));
    return files;
  }

  /** What was seen of its streams. */
  reports(): StreamReport[] {
    if (this.#stage.at === 'over') return this.#stage.reports;
    return this.#stage.at === 'making' ? this.#stage.producer.reports() : [];
  }

  [Symbol.dispose](): void {
    const stage = this.#stage;
    if (stage.at === 'start' || stage.at === 'size') stage.search.close();
    if (stage.at === 'making') stage.producer[Symbol.dispose]();
    if (stage.at === 'making' || stage.at === 'over') for (const output of stage.outputs) output[Symbol.dispose]();
    this.#stage = { at: 'empty' };
  }

  #findStart(search: FileStart, { history, readUs }: ReadHistory): ReelWork {
    const before = readPlan(this.#workFolder);
    const foundUs = before?.startUs ?? search.search(reelHistory(history, this.subject), readUs);
    if (foundUs === 'waiting') return 'waiting';
    const pause = foundUs === 'nothing' ? undefined : history.task?.pauses.find((span) => spans(span, foundUs));
    if (pause?.untilUs === null && history.task?.untilUs === null) return 'waiting';
    search.close();
    if (typeof pause?.untilUs === 'number') {
      this.#stage = { at: 'start', search: new FileStart(this.#bundle, { fromUs: pause.untilUs }) };
      return 'made';
    }
    if (foundUs === 'nothing' || pause !== undefined) {
      this.#stage = { at: 'empty' };
      return 'over';
    }
    this.#stage = { at: 'size', startUs: foundUs, search: new PictureSize(this.#bundle, { fromUs: foundUs }) };
    return 'made';
  }

  #findSize({ startUs, search }: Stage & { at: 'size' }, { history, readUs }: ReadHistory): ReelWork {
    const parameters = history.task?.parameters;
    if (parameters === undefined) return 'waiting';
    const media = mediaOfReel(this.subject, parameters);
    let { video } = parameters;
    if (this.subject.kind === 'single' && media.picture) {
      const size = search.search(reelHistory(history, this.subject), readUs);
      if (size === 'waiting') return 'waiting';
      if (size !== 'nothing') video = videoOfSize(video, size);
    }
    search.close();
    this.#begin({ startUs, parameters, media, video }, history);
    return 'made';
  }

  #begin(decided: Pick<RenderPlan, 'startUs' | 'parameters' | 'media' | 'video'>, history: RoomHistory): void {
    const plan: RenderPlan = {
      version: 2,
      taskId: this.#order.taskId,
      reel: this.subject,
      ...decided,
      ...configurationsOf(decided),
    };
    const before = readPlan(this.#workFolder);
    if (before === null || !fits(before, plan)) {
      // Other parameters or another version of the encoder: nothing of before can be gone on with.
      clearSegments(this.#workFolder);
      writePlan(this.#workFolder, plan, initSegment(plan));
    }
    const clock = new FileClock(plan.startUs);
    clock.follow(history);
    const resumedAt = countSegments(this.#workFolder);
    this.#segments = resumedAt;
    const outputs = this.#openOutputs(plan, clock);
    const producer = new FrameProducer(this.#bundle, { plan, clock }, resumedAt);
    this.#stage = { at: 'making', plan, clock, producer, outputs, resumedAt };
  }

  #openOutputs(plan: RenderPlan, clock: FileClock): (FileParts | HlsFiles)[] {
    return fileFormatsOf(plan.parameters.output).map((format) => {
      const order = this.#orderOf(format);
      if (format === 'hls') return HlsFiles.open(order, { plan, clock });
      return FileParts.open(order, { plan, clock }, { format: this.#isSoundApart(plan) ? 'aac' : format });
    });
  }

  /** Sound that is recorded apart from the picture: MP4 would have the name of the picture's. */
  #isSoundApart({ parameters }: RenderPlan): boolean {
    const isBoth = mediaOf(parameters.output).picture && mediaOf(parameters.output).sound;
    return this.subject.kind === 'single' && this.subject.media === 'audio' && isBoth;
  }

  #orderOf(format: 'mp4' | 'aac' | 'hls'): ReelOrder {
    const { outFolder, indexAlways, baseName, splitAt } = this.#order;
    const { subject } = this;
    const name = subject.kind === 'mixed' ? baseName : singleBaseName(baseName, subject);
    return {
      workFolder: this.#workFolder,
      outFolder,
      indexAlways,
      baseName: subject.kind === 'single' && format === 'hls' ? `${name}_${playlistType(subject.media)}` : name,
      ...(splitAt === undefined ? {} : { splitAt }),
    };
  }

  #make(stage: Stage & { at: 'making' }, { history, readUs }: ReadHistory): ReelWork {
    const { producer, clock, outputs, resumedAt } = stage;
    clock.follow(history);
    const step = producer.step(history, readUs);
    this.#reachedUs = producer.reachedUs;
    if (step === 'waiting') return 'waiting';
    if (step === 'made') {
      for (let segment = producer.takeSegment(); segment !== null; segment = producer.takeSegment())
        this.#keep(segment, outputs);
      return 'made';
    }
    for (const segment of producer.finish()) this.#keep(segment, outputs);
    const reports = producer.reports();
    producer[Symbol.dispose]();
    this.#stage = { at: 'over', outputs, durationUs: step.durationUs, reports, resumedAt };
    return 'over';
  }

  #keep(segment: Segment, outputs: readonly (FileParts | HlsFiles)[]): void {
    const index = writeSegment(this.#workFolder, segment);
    for (const output of outputs) output.add(index);
    this.#segments = segment.index + 1;
  }
}

function mediaOfReel(reel: ReelSubject, { output }: TaskParameters): { picture: boolean; sound: boolean } {
  if (reel.kind === 'mixed' || reel.media === 'both') return mediaOf(output);
  return { picture: reel.media === 'video', sound: reel.media === 'audio' };
}

/** Bits for a picture of another size than the parameters say: as many a pixel, and not fewer than a small one needs. */
function videoOfSize(
  video: TaskParameters['video'],
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): TaskParameters['video'] {
  const share = (widthPx * heightPx) / (video.widthPx * video.heightPx);
  const bitrateBps = Math.round(Math.min(Math.max(video.bitrateBps * share, 200_000), 8_192_000));
  return { ...video, widthPx, heightPx, bitrateBps };
}

function configurationsOf({
  video,
  parameters: { audio },
}: Pick<RenderPlan, 'video' | 'parameters'>): Pick<RenderPlan, 'avcConfiguration' | 'aacConfiguration'> {
  using pictures = new PictureEncoder(video);
  using sounds = new SoundEncoder(audio, 0);
  return {
    avcConfiguration: pictures.configuration.toString('base64'),
    aacConfiguration: sounds.configuration.toString('base64'),
  };
}
