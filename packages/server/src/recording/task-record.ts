import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import { readParameters } from './queries.ts';
import type { RenderRefusal, RenderReport } from './render-protocol.ts';
import type { TaskParameters } from './task-parameters.ts';

/** A recording task as the console shows it. */
export type TaskRecord = {
  taskId: string;
  sdkAppId: number;
  roomId: string;
  origin: 'automatic' | 'rest';
  state: 'running' | 'stopped' | 'rendered' | 'failed';
  /** Whether a running task is paused. */
  paused: boolean;
  /** What it asks for now. */
  parameters: TaskParameters;
  startedUs: number;
  untilUs: number | null;
  stopReason: string | null;
  /** What the render saw, or why there is none; null until the task is over. */
  report: RenderReport | RenderRefusal | null;
};

/** The newest tasks first. @param sdkAppId only those of one application. @param taskId only this one. */
export async function listTasks(
  db: Kysely<Tables>,
  { sdkAppId, taskId, limit }: { sdkAppId?: number; taskId?: string; limit: number },
): Promise<TaskRecord[]> {
  let query = db.selectFrom('tasks').selectAll().orderBy('started_us', 'desc').limit(limit);
  if (sdkAppId !== undefined) query = query.where('sdk_app_id', '=', sdkAppId);
  if (taskId !== undefined) query = query.where('task_id', '=', taskId);
  return (await query.execute()).map((row) => {
    const { indexAlways: _, ...parameters } = readParameters(row.parameters);
    return {
      taskId: row.task_id,
      sdkAppId: row.sdk_app_id,
      roomId: row.room_id,
      origin: row.origin,
      state: row.state,
      paused: row.paused,
      parameters,
      startedUs: row.started_us,
      untilUs: row.until_us,
      stopReason: row.stop_reason,
      // Written by finishTask only.
      report: row.report as TaskRecord['report'],
    };
  });
}
