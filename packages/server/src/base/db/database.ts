import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { type Dialect, Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

/** The open database. */
export type Database = {
  db: Kysely<Tables>;
  /** Which of the two it is. */
  kind: 'embedded' | 'postgres';
  /** Answers when the database does. @throws what the database throws. */
  ping(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
};

// OID of int8. Our largest whole number is a time in microseconds, far below 2^53.
const INT8 = 20;

/**
 * Opens the database and brings its schema up to date. Whole numbers of 8 bytes come as `number`.
 *
 * The embedded database writes through the file system's cache: what is acknowledged survives `kill -9`
 * of the process. PGlite has no fsync, so a power cut may lose the last seconds; where that matters, give a
 * `databaseUrl`.
 *
 * @param dataFolder folder in which the embedded database makes `db/`; the caller holds its lock.
 * @param databaseUrl a `postgres://` URL, or null for the embedded database.
 */
export async function openDatabase({
  dataFolder,
  databaseUrl,
}: {
  dataFolder: string;
  databaseUrl: string | null;
}): Promise<Database> {
  const dialect = databaseUrl === null ? await embedded(join(dataFolder, 'db')) : server(databaseUrl);
  const db = new Kysely<Tables>({ dialect });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= db.destroy();
    return closing;
  };
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    db,
    kind: databaseUrl === null ? 'embedded' : 'postgres',
    async ping() {
      await sql`SELECT 1`.execute(db);
    },
    close,
  };
}

async function embedded(folder: string): Promise<Dialect> {
  if (!existsSync(folder)) await initialise(folder);
  const pglite = await PGlite.create({ dataDir: folder, parsers: { [INT8]: Number } });
  return new PGliteDialect({ pglite });
}

/** Makes the cluster beside its place and renames it, so that a kill in between leaves no half of one. */
async function initialise(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const pglite = await PGlite.create({ dataDir: unfinished });
  await pglite.close();
  renameSync(unfinished, folder);
}

function server(connectionString: string): Dialect {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8
          ? Number
          : format === 'binary'
            ? pg.types.getTypeParser(oid, 'binary')
            : pg.types.getTypeParser(oid, 'text'),
    },
  });
  // A connection that breaks while idle is made anew by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool });
}
