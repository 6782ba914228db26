import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { writeDurably } from './durable-file.ts';
import { readSegmentIndex } from './segment-file.ts';

/**
 * What is decided once for a file and kept in the work folder before the first segment: a render that starts
 * again must make the same file.
 */
export type RenderPlan = {
  version: 1;
  taskId: string;
  /** Media time of the file's beginning. */
  startUs: number;
  parameters: TaskParameters;
  /** Set when the parameters are not the journal's own: what the task was given later does not count then. */
  fixedLook?: true;
  /** Files of pictures by their addresses, used instead of the bundle's. */
  pictures?: Record<string, string>;
  /** Base64 of the decoder configurations that all segments share. */
  avcConfiguration: string;
  aacConfiguration: string;
};

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

/** Keeps the plan, and the init segment that goes with it. @throws file errors. */
export function writePlan(workFolder: string, plan: RenderPlan, init: Buffer): void {
  mkdirSync(workFolder, { recursive: true });
  writeDurably(join(workFolder, 'init.mp4'), init);
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

/** Number of segments that lie in the work folder without a gap. */
export function countSegments(workFolder: string): number {
  let count = 0;
  while (readSegmentIndex(workFolder, count) !== null) count += 1;
  return count;
}

/** Removes what an earlier start with another plan has made. */
export function clearSegments(workFolder: string): void {
  mkdirSync(workFolder, { recursive: true });
  for (const name of readdirSync(workFolder)) if (name.startsWith('segment-')) rmSync(join(workFolder, name));
}

function isPlan(value: unknown): value is RenderPlan {
  if (typeof value !== 'object' || value === null) return false;
  const { version, taskId, startUs } = value as { version?: unknown; taskId?: unknown; startUs?: unknown };
  return version === 1 && typeof taskId === 'string' && Number.isSafeInteger(startUs);
}
