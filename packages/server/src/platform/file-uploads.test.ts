import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createFirstCredentials } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { nowUs } from '../base/index.ts';
import { Outbox } from '../callback/index.ts';
import { Catalogue } from '../library/index.ts';
import { DEFAULT_TASK_PARAMETERS, type RenderedFile, type Task } from '../recording/index.ts';
import { finishTask, insertTask, readTask } from '../recording/queries.ts';
import { type CloudStorageTarget, LocalStore } from '../store/index.ts';
import { TEST_KEY, TestS3 } from '../store/s3-testkit.ts';
import { FileKeeper } from './file-keeper.ts';
import { FileUploads } from './file-uploads.ts';
import { TaskTeller } from './task-teller.ts';

const HOUR_US = 3_600_000_000;
let folder = '';
let database: Database;
let store: LocalStore;
let s3: TestS3;
let sdkAppId = 0;
let tasks = 0;
let clockUs = 0;
const opened: FileUploads[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callreel-uploads-'));
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  sdkAppId = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
  store = await LocalStore.open(join(folder, 'files'));
  s3 = await TestS3.start();
});
afterAll(async () => {
  await s3.close();
  await database.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  clockUs = nowUs();
});
afterEach(async () => {
  s3.gate = () => 'pass';
  s3.requests.length = 0;
  for (const uploads of opened.splice(0)) await uploads.close();
});

const outbox = new Outbox({ addressOf: async () => ({ url: 'http://a.example', key: 'k' }), nowUs });
const teller = new TaskTeller(outbox, () => 'http://here');

/** A keeper as a new process makes it. */
function newKeeper(options: { allows?: (address: string) => boolean } = { allows: () => true }): FileKeeper {
  const telling = { db: database.db, log: pino({ level: 'silent' }), teller, outbox };
  const uploads = new FileUploads({ ...telling, ...options, nowUs: () => clockUs, giveUpMs: 24 * 3_600_000 });
  opened.push(uploads);
  return new FileKeeper({ ...telling, store, uploads });
}

async function newTask(storage: CloudStorageTarget | null): Promise<Task> {
  tasks += 1;
  const task: Task = {
    taskId: `task-${tasks}`,
    room: { roomSessionId: `session-${tasks}`, sdkAppId, roomId: '7', roomIdType: 'number' },
    ...{ origin: 'rest', state: 'stopped', parameters: DEFAULT_TASK_PARAMETERS, robotId: 'robot', namePrefix: null },
    ...{ expiresUs: null, storage, paused: false, indexAlways: false, startedUs: clockUs, untilUs: clockUs + 1 },
    stopReason: 'order',
  };
  await database.db
    .insertInto('room_sessions')
    .values({
      ...{
        room_session_id: task.room.roomSessionId,
        sdk_app_id: sdkAppId,
        room_id: `${tasks}`,
        room_id_type: 'number',
      },
      ...{ state: 'closed', opened_us: clockUs, closed_us: clockUs, snapshot: '{}' },
    })
    .execute();
  await insertTask(database.db, task);
  return task;
}

function fileOf(task: Task, name: string): RenderedFile {
  const path = join(folder, task.taskId, name);
  mkdirSync(join(folder, task.taskId), { recursive: true });
  writeFileSync(path, `content of ${name}`);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return {
    ...{ name, type: 'mp4', path, userId: null, source: null, media: 'both', sizeBytes: 10, sha256 },
    ...{ durationUs: 2_000_000, startUs: 1_000_000, widthPx: 2, heightPx: 2, videoCodec: 'h264', audioCodec: 'aac' },
  };
}

/** Ends a task as recording does. */
async function end(task: Task, files: RenderedFile[], ok = true): Promise<void> {
  await database.db.transaction().execute(async (transaction) => {
    await finishTask(transaction, task.taskId, ok ? 'rendered' : 'failed', { code: 'RenderFailed', detail: '' });
    await teller.tell(transaction, task, { type: 'ended', ok, files, alarms: [] });
  });
}

async function told({ taskId }: Task): Promise<[number, object][]> {
  const rows = await database.db
    .selectFrom('callback_events')
    .selectAll()
    .where('order_key', '=', `task ${taskId}`)
    .orderBy('event_number')
    .execute();
  return rows.map(({ event_type, payload }) => [Number(event_type), JSON.parse(payload).EventInfo.Payload]);
}

async function inLibrary({ taskId }: Task): Promise<string[]> {
  const { records } = await new Catalogue(database.db).list({ taskId, limit: 10 });
  return records.map(({ name }) => name).sort();
}

test('a store that is away and comes back: told once, sent once, the keys erased', async () => {
  const task = await newTask(s3.target({ prefix: ['p'] }));
  const file = fileOf(task, 'a.mp4');
  s3.gate = () => 'fail';
  for (const keeper of [newKeeper(), newKeeper()])
    await expect(keeper.keep(task, file)).rejects.toMatchObject({ code: 'StoreUnavailable' });
  s3.gate = () => 'pass';
  await newKeeper().keep(task, file);
  s3.requests.length = 0;
  await newKeeper().keep(task, file);
  expect(s3.requests).toEqual([]);
  expect((await s3.read(`p/${task.taskId}/a.mp4`)).toString()).toBe('content of a.mp4');
  expect((await readTask(database.db, task.taskId))?.storage).toEqual(task.storage);
  await end(task, [file]);
  expect(await told(task)).toEqual([
    [303, { Status: 0 }],
    [308, { Code: 'StoreUnavailable', Message: expect.stringContaining('503') }],
    [310, expect.objectContaining({ Status: 0, FileList: ['a.mp4'] })],
    [305, { LeaveCode: 2 }],
  ]);
  expect((await readTask(database.db, task.taskId))?.storage).toBeNull();
  expect(await inLibrary(task)).toEqual([]);
});

test.each<[string, Partial<CloudStorageTarget>, string]>([
  ['has no such bucket', { bucket: 'nowhere' }, 'NoSuchBucket'],
  ['does not know the key', { secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
])(
  'a store that %s is asked for a day; then the files go into the library, and that is told',
  async (_, changes, said) => {
    const task = await newTask(s3.target(changes));
    const files = [fileOf(task, 'a.mp4'), fileOf(task, 'b.mp4')];
    const [a, b] = files as [RenderedFile, RenderedFile];
    await expect(newKeeper().keep(task, a)).rejects.toMatchObject({ code: 'StoreRefused' });
    clockUs += 24 * HOUR_US - 1_000_000;
    await expect(newKeeper().keep(task, a)).rejects.toMatchObject({ code: 'StoreRefused' });
    expect(await inLibrary(task)).toEqual([]);
    clockUs += 2_000_000;
    const keeper = newKeeper();
    await keeper.keep(task, a);
    s3.requests.length = 0;
    await newKeeper().keep(task, b);
    expect(s3.requests).toEqual([]);
    await end(task, files);
    expect(await inLibrary(task)).toEqual(['a.mp4', 'b.mp4']);
    expect(readFileSync(store.localPath(`${sdkAppId}/${task.taskId}/b.mp4`), 'utf8')).toBe('content of b.mp4');
    const events = await told(task);
    expect(events).toEqual([
      [303, { Status: 0 }],
      [308, { Code: 'StoreRefused', Message: expect.stringContaining(said) }],
      [311, expect.objectContaining({ Status: 0 })],
      [311, expect.objectContaining({ Status: 0 })],
      [310, { Status: 2, FileList: [], FileMessage: [] }],
      [305, { LeaveCode: 1 }],
    ]);
    expect(JSON.stringify(events)).not.toContain(TEST_KEY);
  },
);

test('a private address is refused, and nothing is sent there', async () => {
  const task = await newTask(s3.target());
  await expect(newKeeper({}).keep(task, fileOf(task, 'a.mp4'))).rejects.toMatchObject({ code: 'StoreRefused' });
  expect(s3.requests).toEqual([]);
  expect(await told(task)).toEqual([
    [303, { Status: 0 }],
    [308, { Code: 'StoreRefused', Message: expect.stringContaining('not a public one') }],
  ]);
});

test('a recording that came to nothing says so', async () => {
  const task = await newTask(s3.target());
  await end(task, [], false);
  expect(await told(task)).toEqual([
    [310, { Status: 2, FileList: [], FileMessage: [] }],
    [305, { LeaveCode: 1 }],
  ]);
  expect((await readTask(database.db, task.taskId))?.storage).toBeNull();
});

test('a task without a store goes into the library', async () => {
  const task = await newTask(null);
  const file = fileOf(task, 'a.mp4');
  await newKeeper().keep(task, file);
  await end(task, [file]);
  expect(await inLibrary(task)).toEqual(['a.mp4']);
  expect((await told(task)).map(([type]) => type)).toEqual([311, 312]);
});
