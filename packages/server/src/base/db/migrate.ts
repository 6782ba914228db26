import { type Kysely, sql } from 'kysely';
import { MIGRATIONS } from './migrations/index.ts';
import type { Tables } from './tables.ts';

/** One step forward of the schema: runs in one transaction; there is no way back. */
export type Migration = {
  /** Counts from 1 without gaps. */
  number: number;
  name: string;
  statements: readonly string[];
};

// Any number will do, as long as it stays: two servers that start at once take turns.
const MIGRATION_LOCK = 7_236_455;

/**
 * Brings the schema up to date.
 *
 * @throws {Error} when the database was made by a newer version: an old server must not write into it.
 */
export async function migrate(db: Kysely<Tables>, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
    await sql`CREATE TABLE IF NOT EXISTS migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      ran_us bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    )`.execute(transaction);
  });
  for (const migration of migrations) await runOnce(db, migration);
  const newest = await db
    .selectFrom('migrations')
    .select(['number', 'name'])
    .orderBy('number', 'desc')
    .executeTakeFirst();
  const known = migrations.at(-1)?.number ?? 0;
  if (newest !== undefined && newest.number > known) {
    throw new Error(
      `The database has migration ${newest.number} (${newest.name}); this version knows ${known}. Start the newer version.`,
    );
  }
}

async function runOnce(db: Kysely<Tables>, { number, name, statements }: Migration): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
    const ran = await transaction
      .selectFrom('migrations')
      .select('name')
      .where('number', '=', number)
      .executeTakeFirst();
    if (ran !== undefined) return;
    for (const statement of statements) await sql.raw(statement).execute(transaction);
    await transaction.insertInto('migrations').values({ number, name }).execute();
  });
}
