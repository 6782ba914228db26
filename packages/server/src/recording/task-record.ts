import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { RenderRefusal, RenderReport } from './render-protocol.ts';

/** A recording task as the console shows it. */
export type TaskRecord = {
  taskId: string;
  sdkAppId: number;
  roomId: string;
  origin: 'automatic' | 'rest';
  state: 'running' | 'stopped' | 'rendered' | 'failed';
  startedUs: number;
  untilUs: number | null;
  stopReason: string | null;
  /** What the render saw, or why there is none; null until the task is over. */
  report: RenderReport | RenderRefusal | null;
};

/** The newest tasks first. @param sdkAppId only those of one application. */
export async function listTasks(
  db: Kysely<Tables>,
  { sdkAppId, limit }: { sdkAppId?: number; limit: number },
): Promise<TaskRecord[]> {
  let query = db.selectFrom('tasks').selectAll().orderBy('started_us', 'desc').limit(limit);
  if (sdkAppId !== undefined) query = query.where('sdk_app_id', '=', sdkAppId);
  return (await query.execute()).map((row) => ({
    taskId: row.task_id,
    sdkAppId: row.sdk_app_id,
    roomId: row.room_id,
    origin: row.origin,
    state: row.state,
    startedUs: row.started_us,
    untilUs: row.until_us,
    stopReason: row.stop_reason,
    // Written by finishTask only.
    report: row.report as TaskRecord['report'],
  }));
}
