import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../base/db/index.ts';
import { startPostgres } from '../base/db/postgres-testkit.ts';
import { nowUs } from '../base/index.ts';
import { Deliveries, type DeliveriesParts } from './deliveries.ts';
import { Outbox } from './outbox.ts';
import { type Posted, Receiver } from './receiver-testkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-callback-processes-'));
chmodSync(folder, 0o755);
const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers.reverse()) close();
  rmSync(folder, { recursive: true });
});

const APP = 1_400_000_001;
const application = { sdk_app_id: APP, name: 'first', secret_key: 'k', recording: '{}', created_us: 0 };
const log = pino({ level: 'silent' });

const partsFor = (database: Database, url: string, more: Partial<DeliveriesParts> = {}): DeliveriesParts => ({
  ...{ db: database.db, log, nowUs, giveUpHours: 24, logDays: 30, allows: () => true },
  addressOf: async () => ({ url, key: 'k' }),
  ...more,
});

/** What arrived of each key, in order, each event once. */
function arrivedByKey(posts: readonly Posted[]): Map<string, number[]> {
  const arrived = new Map<string, number[]>();
  const seen = new Set<string>();
  for (const { body, deliveryId } of posts) {
    if (seen.has(deliveryId)) continue;
    seen.add(deliveryId);
    const { key, n } = JSON.parse(body).EventInfo;
    arrived.set(key, [...(arrived.get(key) ?? []), n]);
  }
  return arrived;
}

test('kill -9 in the middle of deliveries loses nothing, and what is sent twice says so', async () => {
  const dataFolder = join(folder, 'killed');
  const receiver = await Receiver.open((post, response) => {
    // The rest hangs: the process is killed over it.
    if (receiver.posts.length <= 20) response.end();
    else expect(post.attempt).toBe(1);
  });
  closers.push(() => receiver.close());
  const source = `
    import { pino } from 'pino';
    import { openDatabase } from ${JSON.stringify(join(import.meta.dirname, '../base/db/index.ts'))};
    import { nowUs } from ${JSON.stringify(join(import.meta.dirname, '../base/index.ts'))};
    import { Deliveries } from ${JSON.stringify(join(import.meta.dirname, 'deliveries.ts'))};
    import { Outbox } from ${JSON.stringify(join(import.meta.dirname, 'outbox.ts'))};
    const { db } = await openDatabase({ dataFolder: ${JSON.stringify(dataFolder)}, databaseUrl: null });
    await db.insertInto('applications').values(${JSON.stringify(application)}).execute();
    const addressOf = async () => ({ url: ${JSON.stringify(receiver.origin)}, key: 'k' });
    const outbox = new Outbox({ addressOf, nowUs });
    await db.transaction().execute(async (tx) => {
      for (let n = 0; n < 60; n += 1) {
        const key = 'room ' + (n % 5);
        await outbox.write(tx, { sdkAppId: ${APP}, orderKey: key, kind: 'own', type: 9001, info: { key, n } });
      }
    });
    new Deliveries({ db, log: pino({ level: 'silent' }), nowUs, giveUpHours: 24, logDays: 30, allows: () => true, addressOf }).start();
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  closers.push(() => child.kill('SIGKILL'));
  await receiver.until(25);
  child.kill('SIGKILL');
  await exited;
  const before = receiver.posts.length;

  receiver.behave = (_, response) => void response.end();
  const database = await openDatabase({ dataFolder, databaseUrl: null });
  // A minute later: the leases of the dead have lapsed.
  const deliveries = new Deliveries(partsFor(database, receiver.origin, { nowUs: () => nowUs() + 60_000_000 }));
  deliveries.start();
  await deliveries.idle();
  const states = await database.db.selectFrom('callback_events').select('state').execute();
  await deliveries.close();
  await database.close();
  expect(states).toEqual(Array(60).fill({ state: 'delivered' }));
  for (const [key, numbers] of arrivedByKey(receiver.posts))
    expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n * 5 + Number(key.slice(5))));
  expect(arrivedByKey(receiver.posts).size).toBe(5);
  // Five keys had a try under way; each of these events came again, and no try has the number of another.
  const again = receiver.posts.slice(before).filter(({ attempt }) => attempt > 1);
  expect(again.length).toBeGreaterThanOrEqual(5);
  expect(again.every(({ attempt }) => attempt === 2)).toBe(true);
  const tries = receiver.posts.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`);
  expect(new Set(tries).size).toBe(tries.length);
});

test('two processes on one Postgres deliver each event once, in order', async () => {
  const postgres = startPostgres(join(folder, 'postgres'));
  closers.push(() => postgres.stop());
  const receiver = await Receiver.open((_, response) => void setImmediate(() => response.end()));
  closers.push(() => receiver.close());
  const place = { dataFolder: folder, databaseUrl: postgres.url };
  const databases = [await openDatabase(place), await openDatabase(place)] as const;
  await databases[0].db.insertInto('applications').values(application).execute();
  const made = [0, 0];
  const workers = databases.map(
    (database, index) =>
      new Deliveries(
        partsFor(database, receiver.origin, {
          allows: () => {
            made[index] = (made[index] ?? 0) + 1;
            return true;
          },
        }),
      ),
  );
  const outboxes = databases.map((database, index) => {
    const outbox = new Outbox({ addressOf: partsFor(database, receiver.origin).addressOf, nowUs });
    outbox.onWritten(() => workers[index]?.wake());
    return outbox;
  });
  for (const worker of workers) worker.start();
  // Both write, each into rooms of its own; both deliver whatever is there.
  const writing = databases.map(async ({ db }, index) => {
    for (let n = 0; n < 150; n += 1) {
      const key = `room ${index}-${n % 10}`;
      await outboxes[index]?.write(db, { sdkAppId: APP, orderKey: key, kind: 'own', type: 9001, info: { key, n } });
    }
  });
  await Promise.all(writing);
  await receiver.until(300);
  for (const worker of workers) await worker.idle();
  const rows = await databases[0].db.selectFrom('callback_events').select(['state', 'attempts']).execute();
  const queues = await databases[0].db.selectFrom('callback_queues').selectAll().execute();
  for (const worker of workers) await worker.close();
  for (const database of databases) await database.close();
  expect(rows).toEqual(Array(300).fill({ state: 'delivered', attempts: 1 }));
  expect(queues).toEqual([]);
  expect(receiver.posts).toHaveLength(300);
  const arrived = arrivedByKey(receiver.posts);
  expect(arrived.size).toBe(20);
  for (const [key, numbers] of arrived)
    expect(numbers).toEqual(Array.from({ length: 15 }, (_, n) => n * 10 + Number(key.split('-')[1])));
  expect(Math.min(...made)).toBeGreaterThan(0);
});
