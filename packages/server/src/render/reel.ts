import { join } from 'node:path';
import type { BundleReader } from '../capture/index.ts';
import type { Alarm } from '../recording/alarm-parameters.ts';
import { playlistType, singleBaseName } from '../recording/file-name.ts';
import type { LeftOut, RenderedFile, RenderOrder, StreamReport } from '../recording/render-protocol.ts';
import { fileFormatsOf, mediaOf } from '../recording/task-parameters.ts';
import {
  type ReelSubject,
  type RoomHistory,
  recordedHistory,
  reelHistory,
  reelName,
  spans,
} from '../timeline/index.ts';
import { ContentWatch } from './content-watch.ts';
import { NotCopyable } from './copied-pictures.ts';
import { CopiedReel } from './copied-reel.ts';
import { FileClock } from './file-clock.ts';
import { FileParts } from './file-parts.ts';
import { FileStart } from './file-start.ts';
import { HlsFiles } from './hls-files.ts';
import { OriginalReel } from './original-reel.ts';
import { PaintedPictures } from './painted-pictures.ts';
import { PictureFiles } from './picture-files.ts';
import { PictureSize } from './picture-size.ts';
import type { ReelMaker, Step } from './reel-maker.ts';
import type { ReelOrder } from './reel-order.ts';
import type { ReelParts, WatchedReel } from './reel-parts.ts';
import { decide, forgetCopying, mediaOfReel, settlePlan } from './reel-plan.ts';
import { clearTemporaryFiles, type RenderPlan, readPlan, resumeOf } from './render-plan.ts';
import { SegmentedReel } from './segmented-reel.ts';
import type { TaskUsage } from './task-usage.ts';
import { UsageMeter } from './usage-meter.ts';

/** What work on a reel came to. `made`: there may be more to do at once; `over`: all is made. */
export type ReelWork = 'made' | 'waiting' | 'over';

/** The journal as it is known at a moment. */
export type ReadHistory = { history: RoomHistory; readUs: number };

/** Where a reel stands; it only moves forward, but for one whose pictures turn out not to be copyable. */
type Stage =
  | { at: 'start'; search: FileStart }
  | { at: 'size'; startUs: number; search: PictureSize }
  | { at: 'making'; maker: ReelMaker }
  | { at: 'over'; maker: ReelMaker; durationUs: number }
  | { at: 'empty' };

/**
 * One recording within a task: its beginning is found, then its picture's size, then it is made as the bundle
 * grows, and in the end its files. Started again after a crash, it goes on behind the last segment.
 */
export class Reel implements Disposable {
  readonly subject: ReelSubject;
  readonly #bundle: BundleReader;
  readonly #order: RenderOrder;
  readonly #workFolder: string;
  readonly #fromUs: number;
  readonly #usage: TaskUsage;
  readonly #files: PictureFiles;
  #watched: WatchedReel | null = null;
  #stage: Stage;

  /**
   * @param fromUs Where the task's window begins.
   * @param usage Of the task.
   */
  constructor(
    bundle: BundleReader,
    order: RenderOrder,
    subject: ReelSubject,
    { fromUs, usage }: { fromUs: number; usage: TaskUsage },
  ) {
    this.subject = subject;
    this.#bundle = bundle;
    this.#order = order;
    this.#files = new PictureFiles(bundle.folder, order.pictures);
    this.#fromUs = fromUs;
    this.#usage = usage;
    this.#workFolder = join(order.workFolder, reelName(subject));
    clearTemporaryFiles(this.#workFolder);
    this.#stage = { at: 'start', search: new FileStart(bundle, { fromUs }) };
  }

  /** Segments that are on the disk. */
  get segments(): number {
    return this.#maker?.segments ?? 0;
  }

  /** Media time up to which it is made; null when it is over, or nothing is known to make. */
  get reachedUs(): number | null {
    return this.#stage.at === 'making' ? this.#stage.maker.reachedUs : null;
  }

  /** With which segment it was gone on. */
  get resumedAt(): number {
    return this.#maker?.resumedAt ?? 0;
  }

  /** Pictures that were asked for and could not be shown. */
  get pictureProblems(): { url: string; detail: string }[] {
    return this.#files.problems;
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
        return this.#make(stage.maker, read);
      default:
        return 'over';
    }
  }

  /** Makes the files of a reel that is over. @throws file errors. */
  async finish(): Promise<RenderedFile[]> {
    return this.#stage.at === 'over' ? this.#stage.maker.finish(this.#stage.durationUs) : [];
  }

  /** What was seen of its streams. */
  reports(): StreamReport[] {
    return this.#maker?.reports() ?? [];
  }

  /** What was wrong with its streams, by their names, and who had no place. */
  seen(history: RoomHistory): { alarms: Map<string, Alarm[]>; leftOut: LeftOut[] } {
    const stage = this.#stage;
    if (this.#watched === null || stage.at !== 'over') return { alarms: new Map(), leftOut: [] };
    const { clock, watch } = this.#watched;
    const file = { fromUs: clock.startUs, untilUs: clock.pastUs(stage.durationUs) };
    const recorded = recordedHistory(history, this.subject);
    return { alarms: watch.alarms(recorded, file), leftOut: watch.leftOut(file.untilUs) };
  }

  [Symbol.dispose](): void {
    const stage = this.#stage;
    if (stage.at === 'start' || stage.at === 'size') stage.search.close();
    this.#maker?.[Symbol.dispose]();
    this.#stage = { at: 'empty' };
  }

  get #maker(): ReelMaker | null {
    return this.#stage.at === 'making' || this.#stage.at === 'over' ? this.#stage.maker : null;
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
    this.#lookForSize(foundUs);
    return 'made';
  }

  #lookForSize(startUs: number): void {
    this.#stage = { at: 'size', startUs, search: new PictureSize(this.#bundle, { fromUs: startUs }) };
  }

  #findSize({ startUs, search }: Stage & { at: 'size' }, { history, readUs }: ReadHistory): ReelWork {
    const parameters = history.task?.parameters;
    if (parameters === undefined) return 'waiting';
    let size: ReturnType<PictureSize['search']> = 'nothing';
    if (this.subject.kind === 'single' && mediaOfReel(this.subject, parameters).picture)
      size = search.search(reelHistory(history, this.subject), readUs);
    if (size === 'waiting') return 'waiting';
    search.close();
    const facts = { startUs, size: size === 'nothing' ? null : size, codecs: search.codecs };
    const plan = settlePlan(this.#workFolder, this.#order, this.subject, decide(this.subject, parameters, facts));
    const clock = new FileClock(startUs);
    clock.follow(history);
    const isOriginal = this.subject.kind === 'single' && parameters.single?.original === true;
    // Of pictures that are copied nothing is seen but that they come.
    const isSeen = plan.media.picture && plan.copied !== true && !isOriginal;
    const media = { picture: isSeen, sound: plan.media.sound && !isOriginal };
    const options = { alarms: plan.parameters.alarms, fromUs: this.#fromUs, media };
    const watch = ContentWatch.resume(this.#workFolder, options, isOriginal ? 0 : resumeOf(this.#workFolder).segment);
    const usage = new UsageMeter(clock, watch.usageBefore);
    this.#usage.set(this.subject, usage);
    const parts: WatchedReel = { plan, clock, watch, usage };
    this.#watched = parts;
    const maker = isOriginal ? this.#original(parts) : this.#segmented(parts);
    this.#stage = { at: 'making', maker };
    return 'made';
  }

  #original(parts: WatchedReel): ReelMaker {
    return new OriginalReel(this.#bundle, parts, this.#orderOf('mp4'));
  }

  #segmented(watched: WatchedReel): ReelMaker {
    const { plan, clock } = watched;
    const pictures = plan.copied === true ? new CopiedReel(clock) : new PaintedPictures(plan, this.#files);
    const parts: WatchedReel =
      pictures instanceof CopiedReel ? { ...watched, descriptions: pictures.descriptions } : watched;
    return new SegmentedReel(this.#bundle, parts, {
      workFolder: this.#workFolder,
      resume: resumeOf(this.#workFolder),
      pictures,
      outputs: this.#openOutputs(parts),
    });
  }

  #make(maker: ReelMaker, { history, readUs }: ReadHistory): ReelWork {
    let step: Step;
    try {
      step = maker.step(history, readUs);
    } catch (error) {
      if (!(error instanceof NotCopyable)) throw error;
      // The capture turned out to hold what cannot be copied: everything is made anew, encoded.
      maker[Symbol.dispose]();
      const startUs = readPlan(this.#workFolder)?.startUs;
      forgetCopying(this.#workFolder);
      if (startUs === undefined) throw error;
      this.#lookForSize(startUs);
      return 'made';
    }
    if (step === 'made' || step === 'waiting') return step;
    this.#stage = { at: 'over', maker, durationUs: step.durationUs };
    return 'over';
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
    const { outFolder, indexAlways, baseName, splitAt, userUnderscores } = this.#order;
    const { subject } = this;
    const name = subject.kind === 'mixed' ? baseName : singleBaseName(baseName, subject, userUnderscores);
    return {
      workFolder: this.#workFolder,
      outFolder,
      indexAlways,
      baseName: subject.kind === 'single' && format === 'hls' ? `${name}_${playlistType(subject.media)}` : name,
      ...(splitAt === undefined ? {} : { splitAt }),
    };
  }
}
