import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskParameters } from '../recording/task-parameters.ts';
import type { ReelSubject } from '../timeline/index.ts';
import { writeDurably } from './durable-file.ts';
import { COPIED_HZ, readSegmentIndex } from './segment-file.ts';

/**
 * What is decided once for a reel and kept in its work folder before the first segment: a render that starts
 * again must make the same files.
 */
export type RenderPlan = {
  version: 2;
  taskId: string;
  reel: ReelSubject;
  /** Media time of the file's beginning. */
  startUs: number;
  /** What the task was asked for. */
  parameters: TaskParameters;
  /** What is in the files. */
  media: { picture: boolean; sound: boolean };
  /** The picture of this reel; its size is that of the stream where the reel is of one user. */
  video: TaskParameters['video'];
  /** Set when the pictures are those of the capture, not encoded anew. */
  copied?: true;
  /** Base64 of the decoder configurations that all segments share. */
  avcConfiguration: string;
  aacConfiguration: string;
};

/** Units of the clock of a plan's pictures in a second. */
export function pictureHz({ copied, video }: RenderPlan): number {
  return copied === true ? COPIED_HZ : video.fps * 1000;
}

/** Name of the plan in the work folder. */
const PLAN_NAME = 'plan.json';

/** The plan of an earlier start, or null. @throws file errors but "no such file". */
export function readPlan(workFolder: string): RenderPlan | null {
  let json: string;
  try {
    json = readFileSync(join(workFolder, PLAN_NAME), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const value: unknown = JSON.parse(json);
  return isPlan(value) ? value : null;
}

/** Keeps the plan, and the init segment that goes with it where there is one. @throws file errors. */
export function writePlan(workFolder: string, plan: RenderPlan, init: Buffer | null): void {
  mkdirSync(workFolder, { recursive: true });
  if (init !== null) writeDurably(join(workFolder, 'init.mp4'), init);
  writeDurably(join(workFolder, PLAN_NAME), Buffer.from(JSON.stringify(plan)));
}

/** Removes what processes that were killed have left behind half written. */
export function clearTemporaryFiles(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true });
}

/** Whether segments made by `before` can be gone on with by `now`. */
export function fits(before: RenderPlan, now: RenderPlan): boolean {
  return JSON.stringify(before) === JSON.stringify(now);
}

/** Where a render goes on: how many segments lie in the work folder without a gap, and which sound frame comes next. */
export function resumeOf(workFolder: string): { segment: number; soundFrame: number } {
  const resume = { segment: 0, soundFrame: 0 };
  for (;;) {
    const index = readSegmentIndex(workFolder, resume.segment);
    if (index === null) return resume;
    if (index.audioSizes.length > 0) resume.soundFrame = index.firstFrame + index.audioSizes.length;
    resume.segment += 1;
  }
}

/** Removes what an earlier start with another plan has made. */
export function clearSegments(workFolder: string): void {
  mkdirSync(workFolder, { recursive: true });
  for (const name of readdirSync(workFolder)) if (name.startsWith('segment-')) rmSync(join(workFolder, name));
}

function isPlan(value: unknown): value is RenderPlan {
  if (typeof value !== 'object' || value === null) return false;
  const { version, taskId, startUs } = value as { version?: unknown; taskId?: unknown; startUs?: unknown };
  return version === 2 && typeof taskId === 'string' && Number.isSafeInteger(startUs);
}
