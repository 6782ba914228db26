import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { CloudStorageTarget } from '../store/index.ts';
import type { RenderRefusal, RenderReport } from './render-protocol.ts';
import type { Task } from './task.ts';
import type { TaskParameters } from './task-parameters.ts';

/** How a task's parameters lie in the database: with what names its files. */
type StoredParameters = TaskParameters & { indexAlways: boolean };

/** Writes a new task. */
export async function insertTask(db: Kysely<Tables>, task: Task): Promise<void> {
  await db
    .insertInto('tasks')
    .values({
      task_id: task.taskId,
      sdk_app_id: task.room.sdkAppId,
      room_session_id: task.room.roomSessionId,
      room_id: task.room.roomId,
      room_id_type: task.room.roomIdType,
      origin: task.origin,
      state: task.state,
      parameters: storedParameters(task),
      started_us: task.startedUs,
      until_us: task.untilUs,
      stop_reason: task.stopReason,
      paused: task.paused,
      robot_id: task.robotId,
      name_prefix: task.namePrefix,
      expires_us: task.expiresUs,
      storage: task.storage === null ? null : JSON.stringify(task.storage),
      upload: null,
      report: null,
    })
    .execute();
}

/** Writes what a running task asks for from now on. */
export async function setTaskParameters(
  db: Kysely<Tables>,
  task: Pick<Task, 'taskId' | 'parameters' | 'indexAlways'>,
): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ parameters: storedParameters(task) })
    .where('task_id', '=', task.taskId)
    .where('state', '=', 'running')
    .execute();
}

/** Writes whether a running task is paused. */
export async function pauseTask(db: Kysely<Tables>, taskId: string, paused: boolean): Promise<void> {
  await db.updateTable('tasks').set({ paused }).where('task_id', '=', taskId).where('state', '=', 'running').execute();
}

/** The application of a task in any state, or null. */
export async function taskOwner(db: Kysely<Tables>, taskId: string): Promise<{ sdkAppId: number } | null> {
  const row = await db.selectFrom('tasks').select('sdk_app_id').where('task_id', '=', taskId).executeTakeFirst();
  return row === undefined ? null : { sdkAppId: row.sdk_app_id };
}

/** Writes that a task's window is closed. */
export async function stopTask(db: Kysely<Tables>, { taskId, untilUs, stopReason }: Task): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ state: 'stopped', until_us: untilUs, stop_reason: stopReason, paused: false })
    .where('task_id', '=', taskId)
    .where('state', '=', 'running')
    .execute();
}

/** Writes how a task ended, and erases the keys of its store. */
export async function finishTask(
  db: Kysely<Tables>,
  taskId: string,
  state: 'rendered' | 'failed',
  report: RenderReport | RenderRefusal,
): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ state, report: JSON.stringify(report), storage: null })
    .where('task_id', '=', taskId)
    .where('state', 'in', ['running', 'stopped'])
    .execute();
}

/** The tasks that an earlier process left unfinished. */
export async function unfinishedTasks(db: Kysely<Tables>): Promise<Task[]> {
  const rows = await db
    .selectFrom('tasks')
    .selectAll()
    .where('state', 'in', ['running', 'stopped'])
    .orderBy('started_us')
    .execute();
  return rows.map(taskOf);
}

/** A task in any state, or null. */
export async function readTask(db: Kysely<Tables>, taskId: string): Promise<Task | null> {
  const row = await db.selectFrom('tasks').selectAll().where('task_id', '=', taskId).executeTakeFirst();
  return row === undefined ? null : taskOf(row);
}

/** Those of the room sessions whose capture nobody needs: closed before `closedBeforeUs`, with no task that is not rendered. */
export async function spentCaptures(
  db: Kysely<Tables>,
  roomSessionIds: string[],
  closedBeforeUs: number,
): Promise<string[]> {
  if (roomSessionIds.length === 0) return [];
  const rows = await db
    .selectFrom('room_sessions')
    .select('room_session_id')
    .where('room_session_id', 'in', roomSessionIds)
    .where('state', '=', 'closed')
    .where('closed_us', '<=', closedBeforeUs)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tasks')
            .select('task_id')
            .whereRef('tasks.room_session_id', '=', 'room_sessions.room_session_id')
            .where('tasks.state', '!=', 'rendered'),
        ),
      ),
    )
    .execute();
  return rows.map((row) => row.room_session_id);
}

/** A task's parameters as its row has them; of rows that this file wrote. */
export function readParameters(stored: object): StoredParameters {
  // Written by storedParameters only.
  return stored as StoredParameters;
}

function storedParameters({ parameters, indexAlways }: Pick<Task, 'parameters' | 'indexAlways'>): string {
  const stored: StoredParameters = { ...parameters, indexAlways };
  return JSON.stringify(stored);
}

function taskOf(row: Selectable<Tables['tasks']>): Task {
  const { indexAlways, ...parameters } = readParameters(row.parameters);
  return {
    taskId: row.task_id,
    room: {
      roomSessionId: row.room_session_id,
      sdkAppId: row.sdk_app_id,
      roomId: row.room_id,
      roomIdType: row.room_id_type,
    },
    origin: row.origin,
    state: row.state,
    parameters,
    robotId: row.robot_id,
    namePrefix: row.name_prefix,
    expiresUs: row.expires_us,
    // Written by insertTask only.
    storage: row.storage as CloudStorageTarget | null,
    paused: row.paused,
    indexAlways,
    startedUs: row.started_us,
    untilUs: row.until_us,
    // Written from a Task only.
    stopReason: row.stop_reason as Task['stopReason'],
  };
}
