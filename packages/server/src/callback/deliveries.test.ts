import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Applications, type CallbackKind, createFirstCredentials } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import type { CallbackEvent } from './callback-event.ts';
import { CallbackLog } from './callback-log.ts';
import type { CallbackRecord } from './callback-record.ts';
import { Deliveries, type DeliveriesParts } from './deliveries.ts';
import { type AddressOf, Outbox } from './outbox.ts';
import { claimNext } from './queries.ts';
import { type Behaviour, Receiver } from './receiver-testkit.ts';
import { signatureOf } from './signature.ts';

const S = 1_000_000;
const HOUR = 3_600 * S;
const KEY = 'abc123';
const folder = mkdtempSync(join(tmpdir(), 'callreel-callbacks-'));
const log = pino({ level: 'silent' });
let database: Database;
let applications: Applications;
let app = 0;
let receiver: Receiver;
let now = 1_800_000_000 * S;
let outbox: Outbox;
let deliveries: Deliveries;
let callbacks: CallbackLog;
const nowUs = (): number => now;
const addressOf: AddressOf = async (db, sdkAppId, kind) =>
  (await applications.callbackSettings(sdkAppId, db))[kind] ?? null;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  app = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
  applications = new Applications(database.db);
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const parts = (more: Partial<DeliveriesParts> = {}): DeliveriesParts => ({
  ...{ db: database.db, log, addressOf, nowUs, allows: () => true, timeoutMs: 2_000, giveUpHours: 24, logDays: 30 },
  ...more,
});

/** A worker of its own in place of the one before. */
async function work(more: Partial<DeliveriesParts> = {}): Promise<void> {
  await deliveries?.close();
  const all = parts(more);
  deliveries = new Deliveries(all);
  outbox = new Outbox({ addressOf, nowUs });
  outbox.onWritten(() => deliveries.wake());
  callbacks = new CallbackLog({ ...all, wake: () => deliveries.wake() });
  deliveries.start();
  await deliveries.idle();
}

beforeEach(async () => {
  await database.db.deleteFrom('callback_events').execute();
  await database.db.deleteFrom('callback_queues').execute();
  receiver = await Receiver.open();
  const address = (kind: CallbackKind) => ({ url: `${receiver.origin}/${kind}?own=1`, key: KEY });
  await applications.setCallbackSettings(app, { own: address('own'), call: address('call'), room: address('room') });
  await work();
});
afterEach(async () => {
  await deliveries.close();
  receiver.close();
});

const own = (orderKey: string, n: number): CallbackEvent => ({
  ...{ sdkAppId: app, orderKey, kind: 'own', type: 9001, info: { n } },
});
const callEvent = (): CallbackEvent => ({
  ...{ sdkAppId: app, orderKey: 'call c', kind: 'call', type: 'Call.CallbackAfterEndCall', body: { CallId: 'c' } },
});
const write = async (event: CallbackEvent): Promise<string> => {
  const id = await outbox.write(database.db, event);
  if (id === null) throw new Error('Nothing was written.');
  return id;
};
const move = async (us: number): Promise<void> => {
  now += us;
  deliveries.wake();
  await deliveries.idle();
};
const all = async (): Promise<CallbackRecord[]> => (await callbacks.list({ limit: 100 })).callbacks.reverse();
const answer =
  (status: number, body = ''): Behaviour =>
  (_, response) =>
    void response.writeHead(status).end(body);

describe('the outbox', () => {
  test('an event is there if and only if the transaction of its state was not undone', async () => {
    const writing = database.db.transaction().execute(async (tx) => {
      await outbox.write(tx, own('k', 1));
      throw new Error('undo');
    });
    await expect(writing).rejects.toThrow('undo');
    await database.db.transaction().execute(async (tx) => void (await outbox.write(tx, own('k', 2))));
    expect((await all()).map(({ payload }) => JSON.parse(payload).EventInfo)).toEqual([{ n: 2 }]);
    expect(receiver.posts).toEqual([]);
    outbox.committed();
    await deliveries.idle();
    expect(receiver.posts).toHaveLength(1);
  });

  test('nothing is written for a kind that has no address', async () => {
    expect(await outbox.write(database.db, { ...own('k', 1), kind: 'media', type: 201, info: {} })).toBeNull();
    expect(await all()).toEqual([]);
  });

  test('what does not fit into a text of Postgres is posted as it is', async () => {
    await write({ ...own('k', 1), kind: 'own', type: 9001, info: { text: 'a\u0000b "q" 你好 \ud800' } });
    await deliveries.idle();
    expect(JSON.parse(receiver.posts[0]?.body ?? '').EventInfo.text).toBe('a\u0000b "q" 你好 \ud800');
  });
});

describe('a delivery', () => {
  test('is a signed post, and stands in the log with its answer', async () => {
    const id = await write(own('room r', 7));
    await deliveries.idle();
    const [post] = receiver.posts;
    const body = JSON.stringify({
      ...{ EventGroupId: 90, EventType: 9001, CallbackTs: Math.floor(now / 1000), EventInfo: { n: 7 } },
    });
    expect(post).toMatchObject({ path: '/own?own=1', body, deliveryId: id, attempt: 1 });
    expect(post?.headers).toMatchObject({
      ...{ sdkappid: String(app), sign: signatureOf(KEY, body), 'content-type': 'application/json' },
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(post?.headers).not.toHaveProperty('x-callreel-test');
    const record = await callbacks.get(id);
    expect(record).toMatchObject({
      ...{ deliveryId: id, sdkAppId: app, orderKey: 'room r', kind: 'own', group: 90, type: '9001', payload: body },
      ...{ state: 'delivered', attempts: 1, createdUs: now, endedUs: now, nextAttemptUs: null },
      log: [{ attempt: 1, atUs: now, status: 200, error: null, answer: '{"code":0}' }],
    });
    expect(record.lastAttempt).toEqual(record.log[0]);
    expect(await database.db.selectFrom('callback_queues').selectAll().execute()).toEqual([]);
  });

  test('of a call says in its address what it is', async () => {
    await write(callEvent());
    await deliveries.idle();
    expect(receiver.posts[0]).toMatchObject({
      path: `/call?own=1&SdkAppid=${app}&CallbackCommand=Call.CallbackAfterEndCall&contenttype=json`,
      body: '{"CallId":"c"}',
    });
  });

  test.each([
    ['{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}', 'delivered'],
    ['', 'delivered'],
    ['<html>', 'delivered'],
    ['{}', 'delivered'],
    ['null', 'delivered'],
    ['{"ActionStatus":"FAIL","ErrorInfo":"no","ErrorCode":7}', 'pending'],
    ['{"ErrorCode":"x"}', 'pending'],
  ])('of a call that is answered by %j is %s', async (body, state) => {
    receiver.behave = answer(200, body);
    const id = await write(callEvent());
    await deliveries.idle();
    expect((await callbacks.get(id)).state).toBe(state);
  });

  test.each([
    ['an error', 500, 'It answered 500.'],
    ['a refusal', 404, 'It answered 404.'],
    ['a redirect', 307, 'It answered 307: redirects are not followed.'],
  ])('that is answered by %s has failed', async (_, status, error) => {
    const elsewhere = await Receiver.open();
    receiver.behave = (_post, response) => void response.writeHead(status, { location: elsewhere.origin }).end('why');
    const id = await write(own('k', 1));
    await deliveries.idle();
    expect(await callbacks.get(id)).toMatchObject({
      state: 'pending',
      nextAttemptUs: now + 10 * S,
      lastAttempt: { status, error },
    });
    expect(elsewhere.connections).toBe(0);
    elsewhere.close();
  });

  test('to a receiver that hangs fails in time, and holds up no other key', async () => {
    await work({ timeoutMs: 300 });
    receiver.behave = (post, response) => {
      if (!post.body.includes('"n":1}')) response.end();
    };
    const hanging = await write(own('slow', 1));
    await write(own('slow', 2));
    const other = await write(own('fast', 3));
    await deliveries.idle();
    const record = await callbacks.get(hanging);
    expect(record).toMatchObject({
      state: 'pending',
      lastAttempt: { status: null, error: 'No answer within 300 ms.', answer: null },
    });
    expect(record.lastAttempt?.durationMs).toBeGreaterThanOrEqual(295);
    expect((await callbacks.get(other)).state).toBe('delivered');
    // What stands behind it in its own key has not even been tried.
    expect((await all()).map(({ orderKey, attempts }) => `${orderKey} ${attempts}`)).toEqual([
      'slow 1',
      'slow 0',
      'fast 1',
    ]);
  });

  test('to a receiver that drips its answer fails in time', async () => {
    await work({ timeoutMs: 300 });
    receiver.behave = (_, response) => {
      const drip = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const id = await write(own('k', 1));
    await deliveries.idle();
    expect(await callbacks.get(id)).toMatchObject({
      state: 'pending',
      lastAttempt: { error: 'No answer within 300 ms.' },
    });
  });

  test('that is answered by a gigabyte is delivered, and the rest is not read', async () => {
    const closed = Promise.withResolvers<number>();
    receiver.behave = (_, response) => {
      let poured = 0;
      const block = Buffer.alloc(64 * 1024, 'x');
      const pour = (): void => {
        while (poured < 2 ** 30 && !response.closed) {
          poured += block.length;
          if (!response.write(block)) {
            response.once('drain', pour);
            return;
          }
        }
      };
      response.on('close', () => closed.resolve(poured));
      pour();
    };
    const id = await write(own('k', 1));
    await deliveries.idle();
    const { state, lastAttempt } = await callbacks.get(id);
    expect(state).toBe('delivered');
    expect(lastAttempt?.answer).toBe('x'.repeat(2048));
    // What fits into the sockets' buffers, and no more.
    expect(await closed.promise).toBeLessThan(50 * 2 ** 20);
  });

  test('whose connection is cut has failed', async () => {
    receiver.behave = (_, response) => response.socket?.destroy();
    const id = await write(own('k', 1));
    await deliveries.idle();
    expect((await callbacks.get(id)).lastAttempt).toMatchObject({
      status: null,
      error: 'It cannot be reached (ECONNRESET).',
    });
  });

  test('keeps an answer that is no text', async () => {
    receiver.behave = (_, response) => void response.end(Buffer.from([0x61, 0, 0xff, 0x62]));
    const id = await write(own('k', 1));
    await deliveries.idle();
    expect(await callbacks.get(id)).toMatchObject({ state: 'delivered', lastAttempt: { answer: 'a\uFFFD\uFFFDb' } });
  });

  test('to a private address is refused before anything is connected to', async () => {
    await deliveries.close();
    const { allows, ...guarded } = parts();
    expect(allows?.('127.0.0.1')).toBe(true);
    deliveries = new Deliveries(guarded);
    const id = await write(own('k', 1));
    deliveries.start();
    await deliveries.idle();
    expect((await callbacks.get(id)).lastAttempt?.error).toMatch('not a public one');
    expect(receiver.connections).toBe(0);
  });

  test('of a kind whose address was taken away waits for another one', async () => {
    receiver.behave = answer(500);
    const id = await write(own('k', 1));
    await deliveries.idle();
    const settings = await applications.callbackSettings(app);
    await applications.setCallbackSettings(app, {});
    await move(10 * S);
    expect((await callbacks.get(id)).lastAttempt).toMatchObject({
      attempt: 2,
      error: 'The application has no address for events of kind "own" any more.',
    });
    receiver.behave = answer(200);
    await applications.setCallbackSettings(app, settings);
    await move(10 * S);
    expect((await callbacks.get(id)).state).toBe('delivered');
  });
});

describe('trying again', () => {
  test('posts the same bytes under the same id, with the next number', async () => {
    receiver.behave = answer(503);
    const id = await write(own('k', 1));
    await deliveries.idle();
    await move(9 * S);
    expect(receiver.posts).toHaveLength(1);
    await move(S);
    expect(receiver.posts).toHaveLength(2);
    receiver.behave = answer(204);
    await move(10 * S);
    expect(receiver.posts.map(({ attempt, deliveryId }) => [attempt, deliveryId])).toEqual([
      [1, id],
      [2, id],
      [3, id],
    ]);
    expect(new Set(receiver.posts.map(({ body, headers }) => `${body} ${headers.sign}`)).size).toBe(1);
    expect((await callbacks.get(id)).log.map(({ status }) => status)).toEqual([503, 503, 204]);
  });

  test('an outage of 30 minutes: everything arrives afterwards, in order, once', async () => {
    let isDown = true;
    const accepted: { key: string; n: number; id: string }[] = [];
    receiver.behave = (post, response) => {
      if (isDown) response.writeHead(503).end();
      else {
        const { key, n } = JSON.parse(post.body).EventInfo;
        accepted.push({ key, n, id: post.deliveryId });
        response.end();
      }
    };
    const written: string[] = [];
    for (let second = 0; second < 1800; second += 10) {
      const n = second / 10;
      const key = `room ${n % 3}`;
      written.push(await write({ ...own(key, n), kind: 'own', type: 9001, info: { key, n } }));
      await deliveries.idle();
      await move(10 * S);
    }
    expect(accepted).toEqual([]);
    const tries = receiver.posts.length;
    // Of each room only the first was tried, and that ever less often.
    expect(tries).toBeGreaterThan(20);
    expect(tries).toBeLessThan(45);
    isDown = false;
    for (let minute = 0; accepted.length < 180 && minute < 60; minute += 1) await move(60 * S);
    for (const room of [0, 1, 2])
      expect(accepted.filter(({ key }) => key === `room ${room}`).map(({ n }) => n)).toEqual(
        Array.from({ length: 60 }, (_, index) => index * 3 + room),
      );
    expect(accepted.map(({ id }) => id).sort()).toEqual([...written].sort());
    expect(await database.db.selectFrom('callback_events').select('state').distinct().execute()).toEqual([
      { state: 'delivered' },
    ]);
  });

  test('what does not arrive in a day is given up, and those behind it come', async () => {
    let refuses = 1;
    receiver.behave = (post, response) =>
      void response.writeHead(JSON.parse(post.body).EventInfo.n === refuses ? 500 : 200).end();
    const first = await write(own('k', 1));
    await deliveries.idle();
    now += 20 * HOUR;
    const second = await write(own('k', 2));
    for (let hour = 20; hour < 24; hour += 1) await move(HOUR);
    expect(await callbacks.get(first)).toMatchObject({ state: 'givenUp', endedUs: now, nextAttemptUs: null });
    expect((await callbacks.get(second)).state).toBe('delivered');
    // Given up is not gone: it can be sent by hand.
    refuses = 0;
    const resent = await callbacks.resend(first);
    expect(resent).toMatchObject({ state: 'delivered', lastAttempt: { status: 200, error: null } });
    expect(resent.lastAttempt?.attempt).toBe(resent.attempts);
  });

  test('what a vanished process had under way is tried again with the next number when its lease lapses', async () => {
    await deliveries.close();
    const id = await write(own('k', 1));
    const claim = await claimNext(database.db, {
      nowUs: now,
      leasedUntilUs: now + 15 * S,
      lease: 'of the dead',
      except: [],
    });
    expect(claim?.event).toMatchObject({ delivery_id: id, attempts: 1 });
    await work();
    await move(14 * S);
    expect(receiver.posts).toEqual([]);
    await move(S);
    expect(receiver.posts).toMatchObject([{ deliveryId: id, attempt: 2 }]);
    expect((await callbacks.get(id)).log.map(({ attempt }) => attempt)).toEqual([2]);
  });

  test('who stood still for longer than the lease keeps what it learned, and leaves the queue to whoever has it', async () => {
    const arrived = Promise.withResolvers<() => void>();
    const second = Promise.withResolvers<() => void>();
    receiver.behave = ({ attempt }, response) =>
      (attempt === 1 ? arrived : second).resolve(() => void response.writeHead(attempt === 1 ? 200 : 503).end());
    const id = await write(own('k', 1));
    const next = await write(own('k', 2));
    const finishFirst = await arrived.promise;
    now += 20 * S;
    const other = new Deliveries(parts());
    other.start();
    const finishSecond = await second.promise;
    finishFirst();
    await deliveries.idle();
    // Delivered by the first, and the next is not begun beside the try that the other has under way.
    expect(await callbacks.get(id)).toMatchObject({
      state: 'delivered',
      attempts: 2,
      log: [{ attempt: 1, status: 200 }],
    });
    expect((await callbacks.get(next)).attempts).toBe(0);
    receiver.behave = answer(200);
    finishSecond();
    await other.idle();
    expect(await callbacks.get(id)).toMatchObject({
      state: 'delivered',
      log: [{ status: 200 }, { attempt: 2, status: 503 }],
    });
    now += 10 * S;
    other.wake();
    await other.idle();
    await other.close();
    expect(await callbacks.get(next)).toMatchObject({ state: 'delivered', attempts: 1 });
    expect(receiver.posts.map(({ deliveryId, attempt }) => [deliveryId, attempt])).toEqual([
      [id, 1],
      [id, 2],
      [next, 1],
    ]);
  });

  test('a receiver that hangs takes no more than its share', async () => {
    const other = await Receiver.open();
    await database.db
      .insertInto('applications')
      .values({
        sdk_app_id: 7,
        name: 'other',
        secret_key: 'k',
        recording: '{}',
        created_us: 0,
        callbacks: JSON.stringify({ own: { url: other.origin, key: KEY } }),
      })
      .execute();
    receiver.behave = () => undefined;
    for (let n = 0; n < 40; n += 1) await outbox.write(database.db, own(`k${n}`, n));
    await outbox.write(database.db, { ...own('k', 0), sdkAppId: 7 });
    await other.until(1);
    expect(receiver.posts.length).toBeLessThanOrEqual(8);
    receiver.behave = answer(200);
    receiver.close();
    await deliveries.close();
    other.close();
  });
});

describe('by hand', () => {
  test('what was delivered is sent again under the same id, and stays delivered whatever is answered', async () => {
    const id = await write(own('k', 1));
    await deliveries.idle();
    receiver.behave = answer(500, 'no');
    expect(await callbacks.resend(id)).toMatchObject({
      state: 'delivered',
      attempts: 2,
      lastAttempt: { attempt: 2, status: 500, error: 'It answered 500.', answer: 'no' },
    });
    expect(receiver.posts.map(({ deliveryId, attempt, body }) => ({ deliveryId, attempt, body }))).toEqual([
      { deliveryId: id, attempt: 1, body: receiver.posts[0]?.body },
      { deliveryId: id, attempt: 2, body: receiver.posts[0]?.body },
    ]);
  });

  test('what is pending is tried at once, with those before it', async () => {
    receiver.behave = answer(500);
    await write(own('k', 1));
    const second = await write(own('k', 2));
    await deliveries.idle();
    receiver.behave = answer(200);
    await callbacks.resend(second);
    await deliveries.idle();
    expect((await all()).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['delivered', 2],
      ['delivered', 1],
    ]);
  });

  test.each(['own', 'call', 'room'] as const)('a test event of kind %s says what was answered', async (kind) => {
    receiver.behave = answer(kind === 'own' ? 500 : 200, 'hello');
    const record = await callbacks.test(app, kind);
    expect(record).toMatchObject({
      kind,
      attempts: 1,
      state: kind === 'own' ? 'givenUp' : 'delivered',
      log: [{ attempt: 1, answer: 'hello' }],
    });
    expect(receiver.posts).toHaveLength(1);
    expect(receiver.posts[0]?.headers['x-callreel-test']).toBe('1');
    expect(receiver.posts[0]?.headers.sign).toBe(signatureOf(KEY, record.payload));
    // It is tried once: nothing waits.
    await move(HOUR);
    expect(receiver.posts).toHaveLength(1);
  });

  test('what is unknown or has no address is refused', async () => {
    await expect(callbacks.get('none')).rejects.toMatchObject({ code: 'CallbackUnknown' });
    await expect(callbacks.resend('none')).rejects.toMatchObject({ code: 'CallbackUnknown' });
    await expect(callbacks.test(app, 'recording')).rejects.toMatchObject({ code: 'CallbackNoAddress' });
    await expect(callbacks.test(1, 'own')).rejects.toMatchObject({ code: 'ApplicationUnknown' });
    const id = await write(own('k', 1));
    await deliveries.idle();
    await applications.setCallbackSettings(app, {});
    await expect(callbacks.resend(id)).rejects.toMatchObject({ code: 'CallbackNoAddress' });
    expect((await callbacks.get(id)).attempts).toBe(1);
  });
});

describe('the log', () => {
  test('is listed by parts, narrowed, the newest first', async () => {
    receiver.behave = (post, response) => void response.writeHead(post.path.startsWith('/own') ? 200 : 500).end();
    for (let n = 0; n < 5; n += 1) await write(own('a', n));
    const call = await write(callEvent());
    await deliveries.idle();
    const first = await callbacks.list({ limit: 4 });
    const second = await callbacks.list({ limit: 4, before: first.next ?? 0 });
    expect(first.callbacks[0]?.deliveryId).toBe(call);
    expect([...first.callbacks, ...second.callbacks].map(({ orderKey }) => orderKey)).toEqual([
      'call c',
      ...Array(5).fill('a'),
    ]);
    expect(second.next).toBeNull();
    const ids = async (query: object): Promise<number> =>
      (await callbacks.list({ limit: 100, ...query })).callbacks.length;
    expect(await ids({ state: 'pending' })).toBe(1);
    expect(await ids({ state: 'delivered' })).toBe(5);
    expect(await ids({ kind: 'call' })).toBe(1);
    expect(await ids({ orderKey: 'a' })).toBe(5);
    expect(await ids({ sdkAppId: app })).toBe(6);
    expect(await ids({ sdkAppId: 7 })).toBe(0);
  });

  test('forgets what ended long ago, and nothing that is pending', async () => {
    receiver.behave = (post, response) => void response.writeHead(post.path.startsWith('/own') ? 200 : 500).end();
    await write(own('a', 1));
    const pending = await write(callEvent());
    await deliveries.idle();
    now += 29 * 24 * HOUR;
    await work({ giveUpHours: 720 });
    await deliveries.close();
    expect(await all()).toHaveLength(2);
    now += 24 * HOUR + S;
    await work({ giveUpHours: 720 });
    await deliveries.close();
    expect((await all()).map(({ deliveryId }) => deliveryId)).toEqual([pending]);
  });
});

test('closing waits for what is under way, and the next process goes on', async () => {
  const arrived = Promise.withResolvers<() => void>();
  receiver.behave = (_, response) => arrived.resolve(() => void response.end());
  await write(own('k', 1));
  await write(own('k', 2));
  const finish = await arrived.promise;
  const closing = Promise.all([deliveries.close(), deliveries.close()]);
  finish();
  await closing;
  expect((await all()).map(({ state }) => state)).toEqual(['delivered', 'pending']);
  receiver.behave = answer(200);
  await work();
  expect((await all()).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['delivered', 1],
    ['delivered', 1],
  ]);
});
