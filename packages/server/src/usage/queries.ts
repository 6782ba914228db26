import { type Kysely, sql } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { UsageCount } from '../recording/usage-count.ts';
import type { UsageRange } from './usage-range.ts';
import type { UsageEntry, UsageQuery } from './usage-reader.ts';

/** Rows that are written at once: far fewer parameters than Postgres takes, and yet days of a task. */
const ROWS_AT_ONCE = 500;

/** Makes these the counts of a task, whatever they were before; all at once. Writes only what differs. @param mayFall Else what is less in all than before is not written. */
export async function replaceTaskCounts(
  db: Kysely<Tables>,
  { taskId, sdkAppId }: { taskId: string; sdkAppId: number },
  counts: readonly UsageCount[],
  { mayFall }: { mayFall: boolean },
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const before = await selectTaskCounts(transaction, taskId);
    if (!mayFall && sumOf(counts) < sumOf(before)) return;
    const gone = new Map(before.map((count) => [keyOf(count), count]));
    const changed: UsageCount[] = [];
    for (const count of counts) {
      if (gone.get(keyOf(count))?.recordedUs !== count.recordedUs) changed.push(count);
      gone.delete(keyOf(count));
    }
    for (let at = 0; at < changed.length; at += ROWS_AT_ONCE) {
      await transaction
        .insertInto('usage_counts')
        .values(
          changed.slice(at, at + ROWS_AT_ONCE).map((count) => ({
            task_id: taskId,
            sdk_app_id: sdkAppId,
            mode: count.mode,
            class: count.class,
            bucket_us: count.bucketUs,
            recorded_us: count.recordedUs,
          })),
        )
        .onConflict((conflict) =>
          conflict
            .columns(['task_id', 'mode', 'class', 'bucket_us'])
            .doUpdateSet({ recorded_us: (e) => e.ref('excluded.recorded_us') }),
        )
        .execute();
    }
    const rest = [...gone.values()];
    for (let at = 0; at < rest.length; at += ROWS_AT_ONCE) {
      await transaction
        .deleteFrom('usage_counts')
        .where('task_id', '=', taskId)
        .where((e) =>
          e(
            e.refTuple('mode', 'class', 'bucket_us'),
            'in',
            rest.slice(at, at + ROWS_AT_ONCE).map((count) => e.tuple(count.mode, count.class, count.bucketUs)),
          ),
        )
        .execute();
    }
  });
}

/** The counts of a task, in order of time. */
export async function selectTaskCounts(db: Kysely<Tables>, taskId: string): Promise<UsageCount[]> {
  const rows = await db
    .selectFrom('usage_counts')
    .select(['mode', 'class', 'bucket_us', 'recorded_us'])
    .where('task_id', '=', taskId)
    .orderBy('bucket_us')
    .orderBy('mode')
    .orderBy('class')
    .execute();
  return rows.map((row) => ({
    mode: row.mode,
    class: row.class,
    bucketUs: row.bucket_us,
    recordedUs: row.recorded_us,
  }));
}

/** Sums by application, mode, class and spans of `stepUs`, in order of time. @param stepUs a multiple of five minutes. */
export async function selectSums(
  db: Kysely<Tables>,
  { sdkAppId, mode }: Pick<UsageQuery, 'sdkAppId' | 'mode'>,
  { fromUs, untilUs }: Pick<UsageRange, 'fromUs' | 'untilUs'>,
  stepUs: number,
): Promise<Omit<UsageEntry, 'minutes'>[]> {
  let query = db
    .selectFrom('usage_counts')
    .select(['sdk_app_id', 'mode', 'class'])
    .select(sql<number>`bucket_us - bucket_us % ${sql.lit(stepUs)}`.as('start_us'))
    // A sum of bigint is numeric, which comes as text.
    .select(sql<number>`sum(recorded_us)::bigint`.as('sum_us'))
    .where('bucket_us', '>=', fromUs)
    .where('bucket_us', '<', untilUs);
  if (sdkAppId !== undefined) query = query.where('sdk_app_id', '=', sdkAppId);
  if (mode !== undefined) query = query.where('mode', '=', mode);
  const rows = await query
    .groupBy(['start_us', 'sdk_app_id', 'mode', 'class'])
    .orderBy('start_us')
    .orderBy('sdk_app_id')
    .orderBy('mode')
    .orderBy('class')
    .execute();
  return rows.map((row) => ({
    sdkAppId: row.sdk_app_id,
    mode: row.mode,
    class: row.class,
    startUs: row.start_us,
    recordedUs: row.sum_us,
  }));
}

function sumOf(counts: readonly UsageCount[]): number {
  return counts.reduce((sum, { recordedUs }) => sum + recordedUs, 0);
}

function keyOf(count: Omit<UsageCount, 'recordedUs'>): string {
  return `${count.mode} ${count.class} ${count.bucketUs}`;
}
