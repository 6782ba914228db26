import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';

/** How far the files of a task are on their way into the store of its order. */
export type TaskUpload = {
  /** When the first of them set out. */
  startedUs: number;
  /** Names of the files that are there. */
  uploaded: readonly string[];
  /** What went wrong and was told, each once. */
  failures: readonly string[];
  /** Whether what is not there goes into the library. */
  gaveUp: boolean;
};

/** How far a task's files are; null: none has set out. */
export async function readUpload(db: Kysely<Tables>, taskId: string): Promise<TaskUpload | null> {
  const row = await db.selectFrom('tasks').select('upload').where('task_id', '=', taskId).executeTakeFirst();
  // Written by writeUpload only.
  return (row?.upload ?? null) as TaskUpload | null;
}

/** Writes how far a task's files are. */
export async function writeUpload(db: Kysely<Tables>, taskId: string, upload: TaskUpload): Promise<void> {
  await db
    .updateTable('tasks')
    .set({ upload: JSON.stringify(upload) })
    .where('task_id', '=', taskId)
    .execute();
}
