import { join } from 'node:path';
import type { BundleReader } from '../capture/index.ts';
import { playlistType, singleBaseName } from '../recording/file-name.ts';
import type { RenderedFile, RenderOrder, StreamReport } from '../recording/render-protocol.ts';
import { fileFormatsOf, mediaOf, type TaskParameters } from '../recording/task-parameters.ts';
import { type ReelSubject, type RoomHistory, reelHistory, reelName, spans } from '../timeline/index.ts';
import { NotCopyable } from './copied-pictures.ts';
import { CopiedReel } from './copied-reel.ts';
import { FileClock } from './file-clock.ts';
import { FileParts } from './file-parts.ts';
import { FileStart } from './file-start.ts';
import { initSegment } from './finished-file.ts';
import { FrameProducer, type Step } from './frame-producer.ts';
import { HlsFiles } from './hls-files.ts';
import { PaintedPictures } from './painted-pictures.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { PictureSize } from './picture-size.ts';
import type { ReelOrder } from './reel-order.ts';
import type { ReelParts } from './reel-parts.ts';
import {
  clearSegments,
  clearTemporaryFiles,
  fits,
  type RenderPlan,
  readPlan,
  resumeOf,
  writePlan,
} from './render-plan.ts';
import { type Segment, writeSegment } from './segment-file.ts';
import { SoundEncoder } from './sound-encoder.ts';

/** What work on a reel came to. `made`: there may be more to do at once; `over`: all is made. */
export type ReelWork = 'made' | 'waiting' | 'over';

/** The journal as it is known at a moment. */
export type ReadHistory = { history: RoomHistory; readUs: number };

/** What is decided of a reel before anything is made; `copied`: its pictures can be copied, as far as is known. */
type Decided = Pick<RenderPlan, 'startUs' | 'parameters' | 'media' | 'video'> & { copied?: boolean };

/** Where a reel stands; it only moves forward. */
type Stage =
  | { at: 'start'; search: FileStart }
  | { at: 'size'; startUs: number; search: PictureSize }
  | {
      at: 'making';
      parts: ReelParts;
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
    let copied = false;
    if (this.subject.kind === 'single' && media.picture) {
      const size = search.search(reelHistory(history, this.subject), readUs);
      if (size === 'waiting') return 'waiting';
      if (size !== 'nothing') video = videoOfSize(video, size);
      copied = isCopyable(parameters, search.codecs);
    }
    search.close();
    this.#begin({ startUs, parameters, media, video, ...(copied ? { copied } : {}) }, history);
    return 'made';
  }

  #begin(decided: Decided, history: RoomHistory): void {
    const before = readPlan(this.#workFolder);
    // What turned out once not to be copyable is encoded from then on.
    const { copied, ...rest } = decided;
    const isCopied = copied === true && (before === null || before.copied === true);
    const plan: RenderPlan = {
      version: 2,
      taskId: this.#order.taskId,
      reel: this.subject,
      ...rest,
      ...(isCopied ? { copied: true } : {}),
      ...configurationsOf(decided),
    };
    if (before === null || !fits(before, plan)) {
      // Other parameters or another version of the encoder: nothing of before can be gone on with.
      clearSegments(this.#workFolder);
      writePlan(this.#workFolder, plan, isCopied ? null : initSegment(plan));
    }
    const clock = new FileClock(plan.startUs);
    clock.follow(history);
    const resume = resumeOf(this.#workFolder);
    this.#segments = resume.segment;
    const pictures = isCopied ? new CopiedReel(clock) : new PaintedPictures(plan);
    const parts: ReelParts = {
      plan,
      clock,
      ...(pictures instanceof CopiedReel ? { descriptions: pictures.descriptions } : {}),
    };
    const outputs = this.#openOutputs(parts);
    const producer = new FrameProducer(this.#bundle, parts, resume, pictures);
    this.#stage = { at: 'making', parts, producer, outputs, resumedAt: resume.segment };
  }

  /** The capture turned out to hold what cannot be copied: everything is made anew, encoded. */
  #encodeInstead({ parts, producer, outputs }: Stage & { at: 'making' }): ReelWork {
    producer[Symbol.dispose]();
    for (const output of outputs) output[Symbol.dispose]();
    const { copied, ...plan } = parts.plan;
    clearSegments(this.#workFolder);
    writePlan(this.#workFolder, plan, null);
    this.#segments = 0;
    this.#stage = { at: 'size', startUs: plan.startUs, search: new PictureSize(this.#bundle, { fromUs: plan.startUs }) };
    return copied === true ? 'made' : 'over';
  }

  #openOutputs(parts: ReelParts): (FileParts | HlsFiles)[] {
    return fileFormatsOf(parts.plan.parameters.output).map((format) => {
      const order = this.#orderOf(format);
      if (format === 'hls') return HlsFiles.open(order, parts);
      return FileParts.open(order, parts, { format: this.#isSoundApart(parts.plan) ? 'aac' : format });
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
    const { producer, parts, outputs, resumedAt } = stage;
    parts.clock.follow(history);
    let step: Step;
    try {
      step = producer.step(history, readUs);
    } catch (error) {
      if (error instanceof NotCopyable) return this.#encodeInstead(stage);
      throw error;
    }
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

/**
 * Whether a stream's pictures can go into the files as they are. Segments of HLS have to begin with a key frame every
 * few seconds, which senders do not give, and black pictures would have to be encoded.
 */
function isCopyable({ output, fill }: TaskParameters, codecs: ReadonlySet<string>): boolean {
  return output.format === 'mp4' && fill !== 'black' && codecs.size === 1 && codecs.has('h264');
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
