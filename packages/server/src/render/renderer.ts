import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { nowUs } from '../base/clock.ts';
import { BundleReader } from '../capture/index.ts';
import type { Alarm } from '../recording/alarm-parameters.ts';
import type {
  LeftOut,
  RenderedFile,
  RenderMessage,
  RenderOrder,
  RenderReport,
  StreamReport,
  TaskChange,
} from '../recording/render-protocol.ts';
import {
  type RoomHistory,
  readCompleteHistory,
  readRoomHistory,
  reelName,
  reelsOf,
  type TaskLife,
} from '../timeline/index.ts';
import { Reel } from './reel.ts';
import { clearTemporaryFiles } from './render-plan.ts';
import { TaskUsage } from './task-usage.ts';

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
 * Renders one task: waits for it in the bundle, then works on its reels as the bundle grows and makes their files in the end.
 *
 * @returns the message that tells of the end; it is not yet told.
 * @throws {RenderFailure} | file and media errors | the signal's reason.
 */
export async function render(order: RenderOrder, { tell, signal }: RenderContext): Promise<RenderMessage> {
  clearTemporaryFiles(order.outFolder);
  const bundle = new BundleReader(order.bundleFolder);
  signal.addEventListener('abort', () => bundle.close(), { once: true });
  const reels = new Map<string, Reel>();
  const usage = new TaskUsage();
  try {
    const follow = follower(order, bundle, signal);
    const { fromUs } = await taskOf(follow);
    const open = (): void => {
      for (const subject of reelsOf(follow.history)) {
        const name = reelName(subject);
        if (!reels.has(name)) reels.set(name, new Reel(bundle, order, subject, { fromUs, usage }));
      }
    };
    await produce(reels, open, { follow, usage, signal, tell });
    const made = [...reels.values()].filter((reel) => !reel.isEmpty);
    if (made.length === 0)
      throw new RenderFailure('NothingCaptured', 'No packet was captured in the window of the task.');
    const files: RenderedFile[] = [];
    for (const reel of made) files.push(...(await reel.finish()));
    return { type: 'finished', files, report: reportOf(made, follow.history, order), usage: usage.counts };
  } finally {
    for (const reel of reels.values()) reel[Symbol.dispose]();
    bundle.close();
  }
}

function reportOf(reels: readonly Reel[], history: RoomHistory, { bundleFolder }: RenderOrder): RenderReport {
  // A stream that several reels have seen is told of once, as the first of them saw it; one whose capture was switched
  // off and on has several parts.
  const streams = new Map<string, StreamReport>();
  for (const reel of reels)
    for (const report of reel.reports()) {
      const part = `${report.streamId} ${report.firstPacketUs}`;
      if (!streams.has(part)) streams.set(part, report);
    }
  const alarms = new Map<string, Alarm[]>();
  const leftOut: LeftOut[] = [];
  for (const reel of reels) {
    const seen = reel.seen(history);
    for (const [streamId, found] of seen.alarms) if (!alarms.has(streamId)) alarms.set(streamId, found);
    leftOut.push(...seen.leftOut);
  }
  const { user, system } = process.cpuUsage();
  const resumedAtSegment = reels.reduce((sum, { resumedAt }) => sum + resumedAt, 0);
  return {
    streams: [...streams.values()],
    alarms: [...alarms.values()].flat().sort((a, b) => a.fromUs - b.fromUs),
    leftOut,
    pictures: reels.flatMap(({ pictureProblems }) => pictureProblems),
    changes: history.task === null ? [] : changesOf(history.task),
    captureBytes: captureBytesOf(history, bundleFolder),
    cpuMs: Math.round((user + system) / 1000),
    resumedAtSegment,
  };
}

function changesOf({ modified, pauses }: TaskLife): TaskChange[] {
  return [
    ...modified.map(({ fromUs: atUs, parameters }) => ({ type: 'modified' as const, atUs, parameters })),
    ...pauses.map(({ fromUs: atUs }) => ({ type: 'paused' as const, atUs })),
    ...pauses.flatMap(({ untilUs }) => (untilUs === null ? [] : [{ type: 'resumed' as const, atUs: untilUs }])),
  ].sort((a, b) => a.atUs - b.atUs);
}

function captureBytesOf({ streams }: RoomHistory, bundleFolder: string): number {
  const dumps = new Set(streams.flatMap(({ dump }) => (dump === null ? [] : [dump])));
  // A stream that never sent anything has no dump.
  return [...dumps].reduce(
    (sum, dump) => sum + (statSync(join(bundleFolder, dump), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
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
      if (bundle.refresh()) state.history = withOwnParameters(read(bundle.events, order.taskId), order);
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

/** Where the order brings parameters of its own, those of the journal do not count, nor what they became later. */
function withOwnParameters(history: RoomHistory, { parameters }: RenderOrder): RoomHistory {
  const { task } = history;
  if (parameters === undefined || task === null) return history;
  return { ...history, task: { ...task, parameters, modified: [] } };
}

async function taskOf(follow: Follower): Promise<TaskLife> {
  const untilUs = nowUs() + TASK_APPEARS_US;
  for (;;) {
    const { task } = follow.history;
    if (task !== null) return task;
    if (nowUs() > untilUs || follow.history.closed)
      throw new RenderFailure('BundleUnreadable', 'The journal does not name the task.');
    await follow.wait();
  }
}

/** Works on the reels until all are over and none can be added. */
async function produce(
  reels: ReadonlyMap<string, Reel>,
  open: () => void,
  { follow, usage, signal, tell }: { follow: Follower; usage: TaskUsage } & RenderContext,
): Promise<void> {
  let told = 0;
  for (;;) {
    open();
    let isMoving = false;
    let isOver = follow.history.task?.untilUs !== null || follow.history.closed;
    for (const reel of reels.values()) {
      const work = workFor(reel, follow);
      if (work === 'made') isMoving = true;
      if (work !== 'over') isOver = false;
    }
    const segments = [...reels.values()].reduce((sum, reel) => sum + reel.segments, 0);
    if (segments > told) tell({ type: 'progress', segments, renderedUntilUs: renderedUntilUs(reels) });
    told = segments;
    const used = usage.due();
    if (used !== null) tell({ type: 'usage', usage: used });
    if (isOver) return;
    if (isMoving) await setImmediate();
    else await follow.wait();
    signal.throwIfAborted();
  }
}

/** Works on a reel for a while. */
function workFor(reel: Reel, follow: Follower): 'made' | 'waiting' | 'over' {
  const startMs = performance.now();
  let work = reel.work(follow);
  while (work === 'made' && performance.now() - startMs < STRETCH_MS) work = reel.work(follow);
  return work;
}

/** How far the reel is that is behind the others. */
function renderedUntilUs(reels: ReadonlyMap<string, Reel>): number {
  const times = [...reels.values()].flatMap(({ reachedUs }) => (reachedUs === null ? [] : [reachedUs]));
  return times.length === 0 ? 0 : Math.min(...times);
}
