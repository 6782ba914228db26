import { setImmediate } from 'node:timers/promises';
import { nowUs } from '../base/clock.ts';
import { BundleReader } from '../capture/index.ts';
import type { RenderMessage, RenderOrder } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { type RoomHistory, readCompleteHistory, readRoomHistory } from '../timeline/index.ts';
import { FileParts } from './file-parts.ts';
import { FileStart } from './file-start.ts';
import { initSegment } from './finished-file.ts';
import { FrameProducer } from './frame-producer.ts';
import { HlsFiles } from './hls-files.ts';
import { PictureEncoder } from './picture-encoder.ts';
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

/** How long the bundle may lack the task: the order may come a moment before the journal's line is seen. */
const TASK_APPEARS_US = 10_000_000;
/** Longest stretch of work without looking whether the parent is gone. */
const STRETCH_MS = 50;

/** A render that cannot go on, with what the parent is told. */
export class RenderFailure extends Error {
  override readonly name = 'RenderFailure';
  readonly code: Extract<RenderMessage, { type: 'failed' }>['code'];

  constructor(code: RenderFailure['code'], detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

/** What a render needs from outside. */
export type RenderContext = {
  tell: (message: RenderMessage) => void;
  /** Ends the render at the next step. */
  signal: AbortSignal;
};

/**
 * Renders one task: waits for it in the bundle, finds where the file begins, makes segments as the bundle
 * grows, and in the end the file.
 *
 * @returns the message that tells of the end; it is not yet told.
 * @throws {RenderFailure} | file and media errors | the signal's reason.
 */
export async function render(order: RenderOrder, { tell, signal }: RenderContext): Promise<RenderMessage> {
  clearTemporaryFiles(order.workFolder);
  clearTemporaryFiles(order.outFolder);
  const bundle = new BundleReader(order.bundleFolder);
  signal.addEventListener('abort', () => bundle.close(), { once: true });
  try {
    const follow = follower(order, bundle, signal);
    const task = await taskOf(follow);
    const plan = await planOf(order, bundle, follow, task);
    const resumedAtSegment = countSegments(order.workFolder);
    using producer = new FrameProducer(bundle, plan, resumedAtSegment);
    using parts = plan.parameters.output.format === 'hls' ? HlsFiles.open(order, plan) : FileParts.open(order, plan);
    const keep = (segment: Segment): void => {
      parts.add(writeSegment(order.workFolder, segment));
      tell({ type: 'progress', segments: segment.index + 1, renderedUntilUs: producer.reachedUs });
    };
    const endUs = await produce(producer, follow, signal, keep);
    for (const segment of producer.finish()) keep(segment);
    const files = await parts.finish(endUs);
    const { user, system } = process.cpuUsage();
    const cpuMs = Math.round((user + system) / 1000);
    const report = { streams: producer.reports(), pictures: producer.pictureProblems, cpuMs, resumedAtSegment };
    return { type: 'finished', files, report };
  } finally {
    bundle.close();
  }
}

/** The journal's state, read anew at `look`, or after something has changed at `wait`. */
type Follower = { look: () => void; wait: () => Promise<void>; readonly history: RoomHistory; readonly readUs: number };

function follower(order: RenderOrder, bundle: BundleReader, signal: AbortSignal): Follower {
  const read = order.complete === true ? readCompleteHistory : readRoomHistory;
  const state = {
    history: read([], order.taskId),
    readUs: 0,
    look(): void {
      // The time is taken before the reading: what came in between belongs to the next one.
      state.readUs = nowUs();
      if (bundle.refresh()) state.history = read(bundle.events, order.taskId);
    },
    async wait(): Promise<void> {
      await bundle.changed();
      signal.throwIfAborted();
      state.look();
    },
  };
  state.look();
  return state;
}

async function taskOf(follow: Follower): Promise<NonNullable<RoomHistory['task']>> {
  const untilUs = nowUs() + TASK_APPEARS_US;
  for (;;) {
    const { task } = follow.history;
    if (task !== null) return task;
    if (nowUs() > untilUs || follow.history.closed)
      throw new RenderFailure('BundleUnreadable', 'The journal does not name the task.');
    await follow.wait();
  }
}

async function planOf(
  order: RenderOrder,
  bundle: BundleReader,
  follow: Follower,
  task: NonNullable<RoomHistory['task']>,
): Promise<RenderPlan> {
  const before = readPlan(order.workFolder);
  const parameters = order.parameters ?? task.parameters;
  const startUs = before?.startUs ?? (await startOf(bundle, follow, task.fromUs));
  const plan: RenderPlan = {
    version: 1,
    taskId: order.taskId,
    startUs,
    parameters,
    ...(order.parameters === undefined ? {} : { fixedLook: true }),
    ...(order.pictures === undefined ? {} : { pictures: order.pictures }),
    ...configurations(parameters),
  };
  if (before !== null && fits(before, plan)) return plan;
  // Other parameters or another version of the encoder: nothing of before can be gone on with.
  clearSegments(order.workFolder);
  writePlan(order.workFolder, plan, initSegment(plan));
  return plan;
}

async function startOf(bundle: BundleReader, follow: Follower, fromUs: number): Promise<number> {
  const start = new FileStart(bundle, { fromUs });
  try {
    for (;;) {
      const foundUs = start.search(follow.history, follow.readUs);
      if (foundUs === 'nothing')
        throw new RenderFailure('NothingCaptured', 'No packet was captured in the window of the task.');
      if (foundUs !== 'waiting') return foundUs;
      await follow.wait();
    }
  } finally {
    start.close();
  }
}

function configurations({ video, audio }: TaskParameters): Pick<RenderPlan, 'avcConfiguration' | 'aacConfiguration'> {
  using pictures = new PictureEncoder(video);
  using sounds = new SoundEncoder(audio, 0);
  return {
    avcConfiguration: pictures.configuration.toString('base64'),
    aacConfiguration: sounds.configuration.toString('base64'),
  };
}

async function produce(
  producer: FrameProducer,
  follow: Follower,
  signal: AbortSignal,
  keep: (segment: Segment) => void,
): Promise<number> {
  let stretchStart = performance.now();
  for (;;) {
    const step = producer.step(follow.history, follow.readUs);
    if (step === 'waiting') {
      await follow.wait();
      stretchStart = performance.now();
      continue;
    }
    if (step !== 'made') return step.endUs;
    for (let segment = producer.takeSegment(); segment !== null; segment = producer.takeSegment()) keep(segment);
    if (performance.now() - stretchStart < STRETCH_MS) continue;
    await setImmediate();
    signal.throwIfAborted();
    stretchStart = performance.now();
  }
}
