import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFirstCredentials } from '../apps/index.ts';
import type { RecordingSettings } from '../apps/recording-settings.ts';
import { CallreelError } from '../base/callreel-error.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { Journal } from '../capture/journal.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomEvent } from '../room/room-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import { PictureFetches } from './picture-fetch.ts';
import { Recorder } from './recorder.ts';
import type { StartOrder } from './start-order.ts';
import type { TaskNews } from './task-news.ts';
import { DEFAULT_TASK_PARAMETERS } from './task-parameters.ts';
import { listTasks } from './task-record.ts';

let folder = '';
let database: Database;
let sdkAppId = 0;
let recorder: Recorder;
let settings: RecordingSettings;
let signs: boolean[] = [];
let captures: boolean[] = [];
/** Until when the switching of a capture takes. */
let switched: Promise<void> = Promise.resolve();
let rooms = 0;
let spent: string[] = [];
/** What was told outside of tasks, in order, and whether it was in a transaction. */
let told: string[] = [];
let refuseTelling: TaskNews['type'] | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callreel-recorder-'));
  mkdirSync(join(folder, 'captures'));
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  sdkAppId = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
}, 60_000);
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  settings = { mode: 'automatic', template: { ...DEFAULT_TASK_PARAMETERS, maxIdleMs: 5_000 }, indexAlways: true };
  signs = [];
  captures = [];
  spent = [];
  told = [];
  refuseTelling = null;
  switched = Promise.resolve();
  recorder = newRecorder();
});
afterEach(() => recorder.close());

function newRecorder({ maxRenders = 8, maxTasks = 100 } = {}): Recorder {
  return new Recorder({
    db: database.db,
    log: pino({ level: 'silent' }),
    settingsOf: async () => settings,
    pictures: new PictureFetches(pino({ level: 'silent' }), { allows: () => true }),
    rendersFolder: join(folder, 'renders'),
    capturesFolder: join(folder, 'captures'),
    captureRetentionHours: 1,
    maxRenders,
    maxTasks,
    outlet: {
      keep: async () => undefined,
      tell: async (transaction, task, news) => {
        if (news.type === refuseTelling) throw new Error('The outbox is full.');
        if (!transaction.isTransaction) throw new Error('That is no transaction.');
        const about = news.type === 'stopped' ? ` ${news.reason}` : news.type === 'ended' ? ` ${news.ok}` : '';
        told.push(`${task.origin} ${news.type}${about}`);
      },
      told: () => told.push('committed'),
      sign: (_, recording) => signs.push(recording),
      capture: (_, captured) => {
        captures.push(captured);
        return switched;
      },
      open: async (room) => void (await TestRoom.open(room)),
      spent: ({ roomSessionId }) => spent.push(roomSessionId),
      usage: async () => undefined,
    },
  });
}

/** A room session with a journal, as room/ and capture/ would have it. */
class TestRoom {
  readonly identity: RoomIdentity;
  journal: Journal;

  private constructor(identity: RoomIdentity) {
    this.identity = identity;
    this.journal = Journal.open(join(folder, 'captures', identity.roomSessionId));
  }

  static async open(named: Partial<RoomIdentity> = {}): Promise<TestRoom> {
    rooms += 1;
    const room = new TestRoom({
      ...{ roomSessionId: `session-${rooms}`, sdkAppId, roomId: String(rooms), roomIdType: 'number', ...named },
    });
    const { roomSessionId, roomId, roomIdType } = room.identity;
    await database.db
      .insertInto('room_sessions')
      .values({
        room_session_id: roomSessionId,
        sdk_app_id: sdkAppId,
        room_id: roomId,
        room_id_type: roomIdType,
        state: 'open',
        opened_us: 1,
        closed_us: null,
        snapshot: '{}',
      })
      .execute();
    await room.say({ type: 'roomOpened', sdkAppId, roomId, roomIdType });
    return room;
  }

  async say(event: RoomEvent): Promise<JournalEvent> {
    const written = this.journal.append(event);
    await recorder.roomEvent(this.identity, this.journal, written);
    return written;
  }

  publish(userId: string, streamId: string): Promise<JournalEvent> {
    return this.say({
      type: 'streamPublished',
      userId,
      streamId,
      kind: 'audio',
      source: 'main',
      muted: false,
      // Nothing of it is captured, so that the render need not wait for it.
      dump: null,
    });
  }

  /** What the journal's file says of tasks. */
  taskEvents(): JournalEvent[] {
    return readFileSync(join(this.journal.folder, 'journal.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JournalEvent)
      .filter(({ type }) => type.startsWith('task'));
  }

  async tasks() {
    return (await listTasks(database.db, { limit: 100 })).filter(({ roomId }) => roomId === this.identity.roomId);
  }
}

describe('an automatic task', () => {
  test('starts with the first stream, once, and ends with the room', async () => {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    expect(await room.tasks()).toEqual([]);
    const first = await room.publish('alice', 'a1');
    await room.publish('alice', 'a2');
    expect(await room.tasks()).toMatchObject([{ state: 'running', origin: 'automatic', startedUs: first.atUs }]);
    const closing = await room.say({ type: 'roomClosing' });
    await room.say({ type: 'userLeft', userId: 'alice', reason: 'normal' });
    await room.say({ type: 'roomClosed' });
    expect(room.taskEvents()).toMatchObject([
      { type: 'taskStarted', fromUs: first.atUs },
      { type: 'taskStopped', untilUs: closing.atUs, reason: 'roomClosed' },
    ]);
    expect(signs).toEqual([true, false]);
    // No packet was captured: the render says so, and the task tells it.
    await recorder.settled();
    expect(await room.tasks()).toMatchObject([{ state: 'failed', report: { code: 'NothingCaptured' } }]);
  });

  test('has the pictures brought that it asks for, and what is missing of them after a restart', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/gone.png') response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = (name: string): string => `http://127.0.0.1:${port}/${name}.png`;
    settings.template = { ...settings.template, background: { url: url('hangs') }, placeholder: { url: url('gone') } };
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    expect(asked).toEqual([]);
    await room.publish('alice', 'a1');
    await expect.poll(() => room.journal.knowsPicture(url('gone'))).toBe(true);
    await expect.poll(() => [...asked].sort()).toEqual(['/gone.png', '/hangs.png']);
    await recorder.close();
    expect(room.journal.knowsPicture(url('hangs'))).toBe(false);
    recorder = newRecorder();
    await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    await expect.poll(() => [...asked].sort()).toEqual(['/gone.png', '/hangs.png', '/hangs.png']);
    await room.say({ type: 'roomClosing' });
    server.closeAllConnections();
    server.close();
  });

  test('is not started when the application records by REST or not at all', async () => {
    for (const mode of ['rest', 'off'] as const) {
      settings = { ...settings, mode };
      expect(await recorder.capturesAll(sdkAppId)).toBe(false);
      const room = await TestRoom.open();
      await room.publish('alice', 'a');
      expect(await room.tasks()).toEqual([]);
    }
  });

  test('keeps the settings with which its room opened', async () => {
    const room = await TestRoom.open();
    settings = { ...settings, mode: 'off' };
    await room.publish('alice', 'a');
    expect(await room.tasks()).toHaveLength(1);
  });
});

describe('orders', () => {
  const LAYOUT = { mode: 'floating' } as const;

  async function running(): Promise<{ room: TestRoom; taskId: string }> {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    await room.publish('alice', 'a');
    return { room, taskId: (await room.tasks())[0]?.taskId ?? '' };
  }

  test('other parameters, a pause, its end and the end: row, journal and sign say so', async () => {
    const { room, taskId } = await running();
    const parameters = { ...settings.template, layout: LAYOUT, subscription: { notAudio: ['bob'] } };
    await recorder.orders.modify(taskId, parameters);
    expect(await room.tasks()).toMatchObject([{ state: 'running', paused: false, parameters }]);
    await recorder.orders.pause(taskId);
    expect(await room.tasks()).toMatchObject([{ state: 'running', paused: true }]);
    await recorder.orders.resume(taskId);
    await recorder.orders.pause(taskId);
    await recorder.orders.stop(taskId);
    expect(room.taskEvents()).toMatchObject([
      { type: 'taskStarted', parameters: settings.template },
      { type: 'taskModified', taskId, parameters },
      { type: 'taskPaused', taskId },
      { type: 'taskResumed', taskId },
      { type: 'taskPaused', taskId },
      { type: 'taskStopped', taskId, reason: 'order' },
    ]);
    expect(signs).toEqual([true, true, false, true, false, false]);
    await recorder.settled();
    expect(await room.tasks()).toMatchObject([{ state: 'failed', paused: false, stopReason: 'order' }]);
  });

  test('nothing is captured in a pause where that is asked for, nor behind an end that was ordered in it', async () => {
    settings.template = { ...settings.template, pauseCapture: true };
    const { room, taskId } = await running();
    await recorder.orders.pause(taskId);
    await recorder.orders.resume(taskId);
    await recorder.orders.pause(taskId);
    expect(captures).toEqual([true, false, true, false]);
    await recorder.close();
    recorder = newRecorder();
    await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    recorder.tellRooms();
    expect(captures.slice(4)).toEqual([false]);
    await recorder.orders.stop(taskId);
    expect(captures.slice(5)).toEqual([]);
  });

  test('a pause is done when nothing is captured any more; the room, which may be ending, does not wait for that', async () => {
    settings.template = { ...settings.template, pauseCapture: true };
    const { room, taskId } = await running();
    const { promise, resolve } = Promise.withResolvers<void>();
    switched = promise;
    const order: string[] = [];
    const paused = recorder.orders.pause(taskId).then(() => order.push('paused'));
    await vi.waitFor(() => expect(captures).toEqual([true, false]));
    await room.say({ type: 'roomClosing' });
    order.push('room is closing');
    resolve();
    await paused;
    expect(order).toEqual(['room is closing', 'paused']);
  });

  test('a pause without it is captured, and a room without a task is captured for the next one', async () => {
    settings.template = { ...settings.template, maxIdleMs: 60 };
    const { room, taskId } = await running();
    await recorder.orders.pause(taskId);
    await room.say({ type: 'userLeft', userId: 'alice', reason: 'normal' });
    await vi.waitFor(() => expect(room.taskEvents().at(-1)).toMatchObject({ type: 'taskStopped' }));
    await vi.waitFor(() => expect(captures).toEqual([true, true, true]));
  });

  test('what happens to a task is told in the transaction that writes it, or neither is', async () => {
    const { room, taskId } = await running();
    refuseTelling = 'stopped';
    await expect(recorder.orders.stop(taskId)).rejects.toThrow('The outbox is full.');
    expect(await room.tasks()).toMatchObject([{ state: 'running', stopReason: null }]);
    refuseTelling = null;
    await room.say({ type: 'roomClosing' });
    await recorder.settled();
    expect(told.filter((line) => line !== 'committed')).toEqual([
      ...['automatic started', 'automatic stopped roomClosed', 'automatic ended false'],
    ]);
    expect(told.filter((line) => line === 'committed')).toHaveLength(3);
  });

  test('who ordered the end of a recording does not get another one by the next stream', async () => {
    const { room, taskId } = await running();
    await recorder.orders.stop(taskId);
    await room.publish('bob', 'b');
    room.journal.close();
    room.journal = Journal.open(room.journal.folder);
    await recorder.close();
    recorder = newRecorder();
    await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    await room.publish('carol', 'c');
    expect(await room.tasks()).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['the size', { video: { ...DEFAULT_TASK_PARAMETERS.video, widthPx: 640 } }, 'video.widthPx is 640: must stay 1280'],
    ['the mode', { mode: 'both' }, 'mode is "both": must stay "mixed"'],
    ['a field more', { fill: 'black' }, 'fill is "black": must stay left out'],
    ['a field less', { alarms: undefined }, 'alarms is not given: must stay {"silentS":9}'],
    ['nonsense', { layout: { mode: 'heap' } }, 'layout.mode is "heap"'],
    ['a private picture', { background: { url: 'file:///etc/passwd' } }, 'background.url'],
  ])('%s cannot change, and nothing does', async (_, change, sentence) => {
    settings.template = { ...settings.template, alarms: { silentS: 9 } };
    const { room, taskId } = await running();
    const parameters: object = JSON.parse(JSON.stringify({ ...settings.template, layout: LAYOUT, ...change }));
    await expect(recorder.orders.modify(taskId, parameters)).rejects.toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining(sentence),
    });
    expect(room.taskEvents()).toHaveLength(1);
    expect(await room.tasks()).toMatchObject([{ parameters: settings.template }]);
  });

  test('are refused by tasks that are unknown, over, or paused or not paused already', async () => {
    const { room, taskId } = await running();
    const { orders } = recorder;
    const all = (id: string) =>
      Promise.all(
        [orders.modify(id, settings.template), orders.pause(id), orders.resume(id), orders.stop(id)].map((each) =>
          each.then(
            () => 'done',
            (error: unknown) => (error instanceof CallreelError ? error.code : String(error)),
          ),
        ),
      );
    expect(await all('none')).toEqual(Array(4).fill('TaskUnknown'));
    await expect(orders.resume(taskId)).rejects.toMatchObject({ code: 'TaskNotPaused' });
    await orders.pause(taskId);
    await expect(orders.pause(taskId)).rejects.toMatchObject({ code: 'TaskPaused' });
    await room.say({ type: 'roomClosing' });
    expect(await all(taskId)).toEqual(Array(4).fill('TaskNotRunning'));
    await recorder.settled();
    expect(await all(taskId)).toEqual(Array(4).fill('TaskNotRunning'));
    expect(await orders.owner(taskId)).toEqual({ sdkAppId });
    expect(await orders.owner('none')).toBeNull();
  });

  test('many at once are done one after the other, and the end comes once', async () => {
    const { room, taskId } = await running();
    const { orders } = recorder;
    const asked = [
      orders.pause(taskId),
      orders.resume(taskId),
      room.say({ type: 'roomClosing' }),
      orders.stop(taskId),
      orders.pause(taskId),
    ];
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(room.taskEvents().map(({ type }) => type)).toEqual([
      'taskStarted',
      'taskPaused',
      'taskResumed',
      'taskStopped',
    ]);
  });
});

describe('a task by order', () => {
  const order = (roomId: string, changes: Partial<StartOrder> = {}): StartOrder => ({
    ...{ sdkAppId, roomId, roomIdType: 'number', robotId: 'robot', parameters: settings.template },
    ...{ namePrefix: null, expiresHours: 72, ...changes },
  });
  beforeEach(() => {
    settings = { ...settings, mode: 'rest' };
  });

  test('starts in the middle of a call, is captured from then on, and no longer soon after it is stopped', async () => {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    await room.publish('alice', 'a');
    expect(await room.tasks()).toEqual([]);
    const { taskId } = await recorder.orders.start(order(room.identity.roomId, { namePrefix: 'mine' }));
    expect(captures).toEqual([true]);
    expect(await room.tasks()).toMatchObject([{ taskId, origin: 'rest', state: 'running' }]);
    expect(room.taskEvents()).toMatchObject([{ type: 'taskStarted', taskId, origin: 'rest' }]);
    const row = await database.db.selectFrom('tasks').selectAll().where('task_id', '=', taskId).executeTakeFirst();
    expect(row).toMatchObject({ robot_id: 'robot', name_prefix: 'mine' });
    expect(Number(row?.expires_us) - Number(row?.started_us)).toBe(72 * 3600 * 1e6);
    await recorder.orders.stop(taskId);
    expect(captures).toEqual([true]);
    await vi.waitFor(() => expect(captures).toEqual([true, false]), 5_000);
    expect(spent).toEqual([]);
  });

  test('several run in one room at once; one of the same robot ends the one before', async () => {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    const { roomId } = room.identity;
    const [first, other] = await Promise.all([
      recorder.orders.start(order(roomId)),
      recorder.orders.start(order(roomId, { robotId: 'other' })),
    ]);
    const again = await recorder.orders.start(order(roomId));
    const states = Object.fromEntries((await room.tasks()).map(({ taskId, stopReason }) => [taskId, stopReason]));
    expect(states).toEqual({ [first.taskId]: 'robotAgain', [other.taskId]: null, [again.taskId]: null });
    expect(captures).not.toContain(false);
    await recorder.close();
    recorder = newRecorder();
    await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    await recorder.orders.start(order(roomId, { robotId: 'other' }));
    expect((await room.tasks()).find(({ taskId }) => taskId === other.taskId)).toMatchObject({
      stopReason: 'robotAgain',
    });
  });

  test('goes beside the automatic one, whose end it does not touch', async () => {
    settings.mode = 'automatic';
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    const { taskId } = await recorder.orders.start(order(room.identity.roomId));
    await recorder.orders.stop(taskId);
    await room.publish('alice', 'a');
    expect(await room.tasks()).toMatchObject([{ origin: 'automatic', state: 'running' }, { origin: 'rest' }]);
    expect(captures).not.toContain(false);
  });

  test('opens a room that is not open, waits there, and lets go of it when nobody comes', async () => {
    const parameters = { ...settings.template, maxIdleMs: 5_000 };
    const { taskId } = await recorder.orders.start(order('8001', { parameters, roomIdType: 'string' }));
    const task = (): Promise<object | undefined> => listTasks(database.db, { taskId, limit: 1 }).then(([row]) => row);
    expect(await task()).toMatchObject({ roomId: '8001', state: 'running' });
    expect(recorder.needs(`session-${rooms}`)).toBe(true);
    await vi.waitFor(async () => expect(await task()).toMatchObject({ stopReason: 'idle' }), 8_000);
    expect(spent).toEqual([`session-${rooms}`]);
    expect(recorder.needs(`session-${rooms}`)).toBe(false);
  }, 15_000);

  test('waits no longer than its own idle time, though another one of the room waits longer', async () => {
    const room = await TestRoom.open();
    const { roomId } = room.identity;
    await recorder.orders.start(order(roomId, { robotId: 'long' }));
    const { taskId } = await recorder.orders.start(
      order(roomId, { robotId: 'short', parameters: { ...settings.template, maxIdleMs: 5_000 } }),
    );
    settings.template = { ...settings.template, maxIdleMs: 60_000 };
    const { taskId: longest } = await recorder.orders.start(order(roomId, { robotId: 'longest' }));
    await vi.waitFor(async () => {
      const stopped = (await room.tasks()).filter(({ stopReason }) => stopReason === 'idle');
      expect(stopped.map(({ taskId: id }) => id)).toContain(taskId);
    }, 8_000);
    expect((await room.tasks()).find(({ taskId: id }) => id === longest)).toMatchObject({ stopReason: null });
    expect(spent).toEqual([]);
  }, 15_000);

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'recording is off',
      () => {
        settings.mode = 'off';
        return recorder.orders.start(order('9001'));
      },
      'RecordingOff',
    ],
    [
      'too many run',
      async () => {
        await recorder.close();
        recorder = newRecorder({ maxTasks: 1 });
        await recorder.orders.start(order('9002'));
        return recorder.orders.start(order('9003'));
      },
      'TaskLimitReached',
    ],
    [
      'parameters are wrong',
      () => recorder.orders.start({ ...order('9004'), parameters: { ...settings.template, mode: 'loud' } }),
      'ParameterInvalid',
    ],
  ])('is refused where %s, and nothing is written', async (_, ask, code) => {
    const before = rooms;
    await expect(ask()).rejects.toMatchObject({ code });
    const tasks = await listTasks(database.db, { limit: 100 });
    expect(tasks.filter(({ roomId }) => ['9001', '9003', '9004'].includes(roomId))).toEqual([]);
    expect(rooms - before).toBe(code === 'TaskLimitReached' ? 1 : 0);
  });
});

describe('idle time', () => {
  test('ends the task where the last user left, when nobody comes back', async () => {
    settings = { ...settings, template: { ...settings.template, maxIdleMs: 60 } };
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    await room.publish('alice', 'a');
    const left = await room.say({ type: 'userLeft', userId: 'alice', reason: 'timeout' });
    await vi.waitFor(() =>
      expect(room.taskEvents().at(-1)).toMatchObject({ type: 'taskStopped', untilUs: left.atUs, reason: 'idle' }),
    );
    expect(signs.at(-1)).toBe(false);
  });

  test('does not end it when somebody comes back in time: the same task goes on', async () => {
    settings = { ...settings, template: { ...settings.template, maxIdleMs: 60 } };
    const [returns, stays] = [await TestRoom.open(), await TestRoom.open()];
    await returns.say({ type: 'userEntered', userId: 'alice' });
    await returns.publish('alice', 'a');
    await returns.say({ type: 'userLeft', userId: 'alice', reason: 'timeout' });
    await returns.say({ type: 'userEntered', userId: 'alice' });
    // The other room's idle time began later: when it is over, so would the first one's be.
    await stays.publish('bob', 'b');
    await stays.say({ type: 'userEntered', userId: 'bob' });
    await stays.say({ type: 'userLeft', userId: 'bob', reason: 'normal' });
    await vi.waitFor(async () => expect(await stays.tasks()).toMatchObject([{ stopReason: 'idle' }]));
    expect(await returns.tasks()).toMatchObject([{ state: 'running' }]);
  });
});

describe('after a crash', () => {
  test('a running task goes on, and the journal is completed from the rows', async () => {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    await room.publish('alice', 'a');
    await recorder.close();
    const [task] = await room.tasks();
    // The crash came after the row and before the journal's line.
    const untilUs = (task?.startedUs ?? 0) + 1_000_000;
    await database.db
      .updateTable('tasks')
      .set({ state: 'stopped', until_us: untilUs, stop_reason: 'roomClosed' })
      .where('task_id', '=', task?.taskId ?? '')
      .execute();
    room.journal.close();
    room.journal = Journal.open(room.journal.folder);
    expect(room.taskEvents().map(({ type }) => type)).toEqual(['taskStarted']);
    recorder = newRecorder();
    await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    expect(room.taskEvents()).toMatchObject([{ type: 'taskStarted' }, { type: 'taskStopped', untilUs }]);
    await recorder.settled();
    expect(await room.tasks()).toMatchObject([{ state: 'failed' }]);
  });

  test('what was ordered and not journalled yet is journalled by the next process', async () => {
    const room = await TestRoom.open();
    await room.say({ type: 'userEntered', userId: 'alice' });
    await room.publish('alice', 'a');
    const taskId = (await room.tasks())[0]?.taskId ?? '';
    const next = async (row: { parameters?: string; paused?: boolean }): Promise<void> => {
      await recorder.close();
      // As a kill -9 leaves it that comes after the row and before the journal's line.
      await database.db.updateTable('tasks').set(row).where('task_id', '=', taskId).execute();
      room.journal.close();
      room.journal = Journal.open(room.journal.folder);
      recorder = newRecorder();
      await recorder.resume([{ identity: room.identity, journal: room.journal }]);
    };
    const parameters = { ...settings.template, backgroundColor: '#123456' };
    await next({ parameters: JSON.stringify({ ...parameters, indexAlways: true }), paused: true });
    const [, ...events] = room.taskEvents();
    expect(events).toMatchObject([
      { type: 'taskModified', taskId, parameters },
      { type: 'taskPaused', taskId },
    ]);
    expect(events[0]).not.toHaveProperty('parameters.indexAlways');
    signs = [];
    recorder.tellRooms();
    expect(signs).toEqual([false]);
    await next({ paused: true });
    expect(room.taskEvents()).toHaveLength(3);
    await next({ paused: false });
    expect(room.taskEvents().slice(3)).toMatchObject([{ type: 'taskResumed', taskId }]);
    signs = [];
    recorder.tellRooms();
    expect(signs).toEqual([true]);
  });

  test('a task whose room is gone is stopped, not forgotten', async () => {
    const room = await TestRoom.open();
    await room.publish('alice', 'a');
    await recorder.close();
    recorder = newRecorder();
    await recorder.resume([]);
    expect(room.taskEvents()).toMatchObject([{ type: 'taskStarted' }, { type: 'taskStopped', reason: 'roomClosed' }]);
    await recorder.settled();
    expect(await room.tasks()).toMatchObject([{ state: 'failed' }]);
  });
});

test('more renders than the machine carries wait for each other, and each is done', async () => {
  await recorder.close();
  recorder = newRecorder({ maxRenders: 1 });
  const [first, second] = [await TestRoom.open(), await TestRoom.open()];
  await first.publish('alice', 'a');
  await second.publish('bob', 'b');
  const pidOf = (room: TestRoom): number | null | undefined =>
    recorder.unfinished.find(({ roomSessionId }) => roomSessionId === room.identity.roomSessionId)?.renderPid;
  await vi.waitFor(() => expect(pidOf(first)).toBeGreaterThan(0));
  expect(pidOf(second)).toBeNull();
  await first.say({ type: 'roomClosing' });
  await vi.waitFor(() => expect(pidOf(second)).toBeGreaterThan(0), 10_000);
  await second.say({ type: 'roomClosing' });
  await recorder.settled();
  expect([...(await first.tasks()), ...(await second.tasks())]).toMatchObject([
    { state: 'failed' },
    { state: 'failed' },
  ]);
});

test('captures are deleted when their time is over and every task of theirs is rendered, and not before', async () => {
  const [rendered, failed, open] = [await TestRoom.open(), await TestRoom.open(), await TestRoom.open()];
  for (const room of [rendered, failed]) {
    await room.publish('alice', 'a');
    await room.say({ type: 'roomClosing' });
    await room.say({ type: 'roomClosed' });
    await database.db
      .updateTable('room_sessions')
      .set({ state: 'closed', closed_us: 1 })
      .where('room_session_id', '=', room.identity.roomSessionId)
      .execute();
  }
  await recorder.settled();
  await database.db
    .updateTable('tasks')
    .set({ state: 'rendered' })
    .where('room_session_id', '=', rendered.identity.roomSessionId)
    .execute();
  await recorder.close();
  recorder = newRecorder();
  await recorder.resume([]);
  const left = await readdir(join(folder, 'captures'));
  expect(left).not.toContain(rendered.identity.roomSessionId);
  expect(left).toEqual(expect.arrayContaining([failed.identity.roomSessionId, open.identity.roomSessionId]));
});
