import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { startPostgres } from './postgres-testkit.ts';
import { dumpSchema } from './schema-dump.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-db-'));
chmodSync(folder, 0o755);
const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
  rmSync(folder, { recursive: true });
});

function startPostgresHere(): string {
  const postgres = startPostgres(join(folder, 'postgres'));
  closers.push(() => postgres.stop());
  return postgres.url;
}

const application = {
  sdk_app_id: 1_400_000_001,
  name: 'first',
  secret_key: 'k',
  recording: '{"mode":"off"}',
  created_us: 1_800_000_000_123_456,
};

describe.each(['embedded', 'postgres'] as const)('%s database', (kind) => {
  let database: Database;
  let place: { dataFolder: string; databaseUrl: string | null };
  beforeAll(async () => {
    place = { dataFolder: join(folder, kind), databaseUrl: kind === 'postgres' ? startPostgresHere() : null };
    database = await openDatabase(place);
  });
  afterAll(() => database?.close());

  test('answers, and knows what it is', async () => {
    await database.ping();
    expect(database.kind).toBe(kind);
  });

  test('has the schema of schema.sql', async () => {
    expect(await dumpSchema(database.db)).toBe(readFileSync(join(import.meta.dirname, 'schema.sql'), 'utf8'));
  });

  test('gives whole numbers as numbers and JSON as objects', async () => {
    await database.db.insertInto('applications').values(application).execute();
    const row = await database.db.selectFrom('applications').selectAll().executeTakeFirstOrThrow();
    expect(row).toEqual({ ...application, recording: { mode: 'off' }, callbacks: {} });
    const { count } = await database.db
      .selectFrom('applications')
      .select((e) => e.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1);
  });

  test('a failed transaction leaves nothing, and others are not drawn into it', async () => {
    const inside = database.db.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('users')
        .values({ sdk_app_id: 1_400_000_001, user_id: 'lost', first_seen_us: 1 })
        .execute();
      throw new Error('undo');
    });
    const outside = database.db
      .insertInto('users')
      .values({ sdk_app_id: 1_400_000_001, user_id: 'kept', first_seen_us: 1 })
      .execute();
    await expect(inside).rejects.toThrow('undo');
    await outside;
    expect(await database.db.selectFrom('users').select('user_id').execute()).toEqual([{ user_id: 'kept' }]);
  });

  test('migrations run once, also when two servers start together', async () => {
    await Promise.all([migrate(database.db), migrate(database.db)]);
    expect(await database.db.selectFrom('migrations').select(['number', 'name']).orderBy('number').execute()).toEqual(
      MIGRATIONS.map(({ number, name }) => ({ number, name })),
    );
  });

  test('a migration that fails leaves nothing of itself', async () => {
    const next = (MIGRATIONS.at(-1)?.number ?? 0) + 1;
    const broken = {
      number: next,
      name: 'broken',
      statements: ['CREATE TABLE half (a int)', 'CREATE TABLE half (a int)'],
    };
    await expect(migrate(database.db, [...MIGRATIONS, broken])).rejects.toThrow(/half/);
    const { rows } = await sql<{ found: string | null }>`SELECT to_regclass('half')::text AS found`.execute(
      database.db,
    );
    expect(rows).toEqual([{ found: null }]);
  });

  test('refuses a database of a newer version', async () => {
    await expect(migrate(database.db, [])).rejects.toThrow('Start the newer version');
  });

  test('can be closed twice, and finds its data again', async () => {
    await database.close();
    await database.close();
    database = await openDatabase(place);
    expect(await database.db.selectFrom('applications').select('name').execute()).toEqual([{ name: 'first' }]);
  });
});

describe('kill -9 of the process that holds the embedded database', () => {
  /** Writes one user after the other and says of each when it is acknowledged. */
  function startWriter(dataFolder: string): ChildProcess & { stdout: NodeJS.ReadableStream } {
    const source = `
      import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))};
      console.log('started');
      const { db } = await openDatabase({ dataFolder: ${JSON.stringify(dataFolder)}, databaseUrl: null });
      await db.insertInto('applications').values(${JSON.stringify(application)}).onConflict((c) => c.doNothing()).execute();
      for (let n = 0; ; n += 1) {
        await db.insertInto('users').values({ sdk_app_id: ${application.sdk_app_id}, user_id: 'u' + n, first_seen_us: n }).execute();
        console.log('u' + n);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    closers.push(() => child.kill('SIGKILL'));
    return child;
  }

  test('loses nothing that was acknowledged', async () => {
    const dataFolder = join(folder, 'killed');
    const child = startWriter(dataFolder);
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('u')) acknowledged.push(line);
      if (acknowledged.length === 300) child.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);
    const database = await openDatabase({ dataFolder, databaseUrl: null });
    const rows = await database.db.selectFrom('users').select('user_id').execute();
    await database.close();
    const found = new Set(rows.map((row) => row.user_id));
    expect(acknowledged.filter((user) => !found.has(user))).toEqual([]);
  });

  test('while the database is being made, leaves none or a whole one', async () => {
    const dataFolder = join(folder, 'half');
    const child = startWriter(dataFolder);
    const exited = once(child, 'exit');
    await once(createInterface({ input: child.stdout }), 'line');
    // The cluster is made in db.new; killed as soon as that is there, it is in the middle.
    while (!existsSync(join(dataFolder, 'db.new/global'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await exited;
    expect(existsSync(join(dataFolder, 'db'))).toBe(false);
    const database = await openDatabase({ dataFolder, databaseUrl: null });
    await database.ping();
    await database.close();
  });
});
