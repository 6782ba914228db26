import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { UsageCount } from '../recording/usage-count.ts';
import { replaceTaskCounts, selectSums, selectTaskCounts } from './queries.ts';
import { roundedUpTogether } from './rounding.ts';
import { DAY_US, POINT_US, readUsageRange } from './usage-range.ts';
import type { UsageEntry, UsageQuery, UsageReader } from './usage-reader.ts';

const MINUTE_US = 60_000_000;

/** Keeps how long tasks have recorded, and tells it by application, day, mode and class. */
export class UsageBook implements UsageReader {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /**
   * Makes these the usage of a task, whatever it was before: saying it again changes nothing.
   * @param counts All of it, each mode, class and bucket once.
   * @param isOver Whether nothing will be added. Until then less than before in all is passed over: a render has begun
   * again and comes back to where it was.
   */
  async record(
    task: { taskId: string; sdkAppId: number },
    counts: readonly UsageCount[],
    { isOver }: { isOver: boolean },
  ): Promise<void> {
    await replaceTaskCounts(this.#db, task, counts, { mayFall: isOver });
  }

  async days(query: UsageQuery): Promise<UsageEntry[]> {
    return inMinutes(await selectSums(this.#db, query, readUsageRange(query.from, query.to), DAY_US));
  }

  async points(query: UsageQuery): Promise<UsageEntry[]> {
    return inMinutes(await selectSums(this.#db, query, readUsageRange(query.from, query.to, 1), POINT_US));
  }

  task(taskId: string): Promise<UsageCount[]> {
    return selectTaskCounts(this.#db, taskId);
  }
}

/** Rounds up by day, application, mode and class. @param sums In order of time. */
function inMinutes(sums: readonly Omit<UsageEntry, 'minutes'>[]): UsageEntry[] {
  const together = Map.groupBy(
    sums,
    (sum) => `${sum.sdkAppId} ${sum.mode} ${sum.class} ${Math.floor(sum.startUs / DAY_US)}`,
  );
  const minutes = new Map<object, number>();
  for (const parts of together.values()) {
    const rounded = roundedUpTogether(
      parts.map(({ recordedUs }) => recordedUs),
      MINUTE_US,
    );
    for (const [index, part] of parts.entries()) minutes.set(part, rounded[index] ?? 0);
  }
  return sums.map((sum) => ({ ...sum, minutes: minutes.get(sum) ?? 0 }));
}
