import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '../base/db/index.ts';
import { cachedPicture, cachedSound, orderFor, renderToEnd, TEST_PARAMETERS, TestCall } from '../render/test-call.ts';
import { UsageBook } from '../usage/index.ts';
import { PictureFetches } from './picture-fetch.ts';
import { Recorder } from './recorder.ts';
import { listTasks } from './task-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-task-usage-'));
const silent = pino({ level: 'silent' });
let database: Database;
let book: UsageBook;
let recorder: Recorder;
/** Writings of usage that fail from now on. */
let failures = 0;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  book = new UsageBook(database.db);
  await database.db
    .insertInto('applications')
    .values({ sdk_app_id: 1, name: 'a', secret_key: 'k', recording: '{}', created_us: 1 })
    .execute();
}, 60_000);
afterEach(() => recorder.close());
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

function newRecorder(): Recorder {
  return new Recorder({
    db: database.db,
    log: silent,
    settingsOf: async () => ({ mode: 'rest', template: TEST_PARAMETERS, indexAlways: true }),
    pictures: new PictureFetches(silent),
    rendersFolder: join(folder, 'renders'),
    capturesFolder: join(folder, 'captures'),
    captureRetentionHours: 1,
    maxRenders: 2,
    maxTasks: 100,
    outlet: {
      keep: async () => undefined,
      sign: () => undefined,
      capture: async () => undefined,
      tell: async () => undefined,
      told: () => undefined,
      open: async () => undefined,
      spent: () => undefined,
      usage: async ({ taskId, room: { sdkAppId } }, counts, how) => {
        failures -= 1;
        if (failures >= 0) throw new Error('the database is away');
        await book.record({ taskId, sdkAppId }, counts, how);
      },
    },
  });
}

/** A task whose call is over, as a server leaves it that was killed before it was rendered. */
async function leftTask(roomSessionId: string, call: TestCall): Promise<void> {
  call.write(join(folder, 'captures', roomSessionId));
  await database.db
    .insertInto('room_sessions')
    .values({
      room_session_id: roomSessionId,
      ...{ sdk_app_id: 1, room_id: roomSessionId, room_id_type: 'string', state: 'closed', opened_us: 1 },
      ...{ closed_us: Date.now() * 1000, snapshot: '{}' },
    })
    .execute();
  await database.db.deleteFrom('tasks').execute();
  await database.db
    .insertInto('tasks')
    .values({
      ...{ task_id: 't1', sdk_app_id: 1, room_session_id: roomSessionId, room_id: roomSessionId },
      ...{ room_id_type: 'string', origin: 'automatic', state: 'stopped', stop_reason: 'roomClosed', report: null },
      parameters: JSON.stringify({ ...PARAMETERS, indexAlways: true }),
      ...{ started_us: call.startUs, until_us: call.startUs + 13e6 },
    })
    .execute();
}

const PARAMETERS = { ...TEST_PARAMETERS, mode: 'both' as const };

function spokenCall(): TestCall {
  const call = new TestCall();
  call.task(-0.1, 13, PARAMETERS);
  call.caller('anna', { color: '#802020', pitchHz: 600, codec: 'vp8', fromS: 0, untilS: 13 });
  call.user('ben', { fromS: 1, untilS: 13 });
  call.stream('ben', 'opus', cachedSound({ pitchHz: 1000, fromS: 1, seconds: 12 }), { fromS: 1, untilS: 13 });
  const picture = cachedPicture({ codec: 'vp8', color: '#2020a0', fromS: 1, seconds: 4 });
  call.stream('ben', 'vp8', picture, { fromS: 1, untilS: 5 });
  return call;
}

test('the usage of a task is kept, whole and once, whatever of server, render and database goes away', async () => {
  const order = orderFor(join(folder, 'whole'));
  spokenCall().write(order.bundleFolder);
  const { usage } = await renderToEnd(order);
  expect(new Set(usage.map(({ mode, class: kind }) => `${mode} ${kind}`))).toEqual(
    new Set(['mixed sd', 'single sd', 'single audio']),
  );
  await leftTask('often', spokenCall());
  let servers = 0;
  for (const workMs of [300, 500, 700, 900]) {
    recorder = newRecorder();
    await recorder.resume([]);
    servers += 1;
    // Whatever it is at: the moments only have to differ. Servers that follow begin with what this one leaves.
    await Promise.race([recorder.settled(), new Promise((resolve) => setTimeout(resolve, workMs / 2))]);
    const pid = recorder.unfinished[0]?.renderPid ?? null;
    if (pid !== null) process.kill(pid, 'SIGKILL');
    await Promise.race([recorder.settled(), new Promise((resolve) => setTimeout(resolve, workMs))]);
    if (recorder.unfinished.length === 0) break;
    await recorder.close();
  }
  expect(servers).toBeGreaterThan(1);
  // The last writing fails once: it is tried again, before the task is said to be rendered.
  failures = 1;
  recorder = newRecorder();
  await recorder.resume([]);
  await recorder.settled();
  expect(await listTasks(database.db, { limit: 1, taskId: 't1' })).toMatchObject([{ state: 'rendered' }]);
  const byKey = (counts: typeof usage): typeof usage =>
    counts.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  expect(byKey(await book.task('t1'))).toEqual(byKey(usage));
});

test('a task that fails has recorded nothing', async () => {
  const call = new TestCall();
  call.task(-0.1, 1, PARAMETERS);
  await leftTask('nothing', call);
  const told = [{ mode: 'mixed' as const, class: 'sd' as const, bucketUs: 0, recordedUs: 5e6 }];
  await book.record({ taskId: 't1', sdkAppId: 1 }, told, { isOver: false });
  recorder = newRecorder();
  await recorder.resume([]);
  await recorder.settled();
  expect(await listTasks(database.db, { limit: 1, taskId: 't1' })).toMatchObject([{ state: 'failed' }]);
  expect(await book.task('t1')).toEqual([]);
});
