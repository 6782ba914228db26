import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Applications, ConsoleUsers, createFirstCredentials, RestKeys } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { createLog, nowUs } from '../base/index.ts';
import { type AddressOf, CallbackLog, Deliveries, Outbox } from '../callback/index.ts';
import { Receiver } from '../callback/receiver-testkit.ts';
import { Catalogue } from '../library/index.ts';
import { LocalStore } from '../store/index.ts';
import { MemoryRooms } from './dialect/testing/memory-rooms.ts';
import { type ApiInstance, createApi } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-callback-api-'));
const log = createLog({ level: 'silent' });
const basic = (user: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
});
let database: Database;
let api: ApiInstance;
let receiver: Receiver;
let outbox: Outbox;
let deliveries: Deliveries;
let app = 0;
let owner: { authorization: string };
let key: { authorization: string };
const foreign = basic('AKIDforeign', 'f');
let reviewer: { authorization: string };

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  const { db } = database;
  const created = await createFirstCredentials(db, join(folder, 'credentials.json'));
  if (created === null) throw new Error('no credentials');
  app = created.app.sdkAppId;
  owner = basic(created.admin.user, created.admin.password);
  key = basic(created.rest.secretId, created.rest.secretKey);
  await db
    .insertInto('applications')
    .values({ sdk_app_id: 5, name: 'other', secret_key: 'k', recording: '{}', created_us: 0 })
    .execute();
  await db
    .insertInto('rest_keys')
    .values({ secret_id: 'AKIDforeign', secret_key: 'f', sdk_app_id: 5, created_us: 0, revoked_us: null })
    .execute();
  const { password_hash } = await db.selectFrom('console_users').select('password_hash').executeTakeFirstOrThrow();
  await db
    .insertInto('console_users')
    .values({ user_id: 'r', name: 'rita', password_hash, role: 'reviewer', created_us: 0 })
    .execute();
  reviewer = basic('rita', created.admin.password);
  const applications = new Applications(db);
  const addressOf: AddressOf = async (asked, sdkAppId, kind) =>
    (await applications.callbackSettings(sdkAppId, asked))[kind] ?? null;
  const sending = { nowUs, allows: () => true, timeoutMs: 2_000 };
  outbox = new Outbox({ addressOf, nowUs });
  deliveries = new Deliveries({ ...sending, db, log, addressOf, giveUpHours: 24, logDays: 30 });
  outbox.onWritten(() => deliveries.wake());
  deliveries.start();
  receiver = await Receiver.open();
  const rooms = new MemoryRooms();
  api = await createApi({
    ...{ log, demo: false, applications, consoleUsers: new ConsoleUsers(db), restKeys: new RestKeys(db) },
    ...{ library: new Catalogue(db), store: await LocalStore.open(join(folder, 'files')) },
    ...{ calls: { list: async () => [] }, recordings: { list: async () => [] } },
    dialect: { recording: null, rooms, history: rooms, usage: null },
    callbacks: new CallbackLog({ ...sending, db, addressOf, wake: () => deliveries.wake() }),
    taskOrders: {
      owner: async () => null,
      start: async () => ({ taskId: '' }),
      modify: async () => undefined,
      pause: async () => undefined,
      resume: async () => undefined,
      stop: async () => undefined,
    },
    usage: { days: async () => [], points: async () => [] },
    checks: { database: async () => undefined, mediaServer: async () => undefined },
    callPageFolder: join(folder, 'nowhere'),
  });
});
afterAll(async () => {
  await api.close();
  await deliveries.close();
  receiver.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

const ask = async (method: 'GET' | 'PUT' | 'POST', url: string, headers: object, payload?: object) => {
  const answer = await api.inject({
    method,
    url,
    headers: { ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.json() };
};
const settingsUrl = (sdkAppId: number | string = app): string => `/api/v1/applications/${sdkAppId}/callbacks`;
const address = () => ({ url: `${receiver.origin}/x`, key: 'abc' });

describe('where an application is told', () => {
  test('is nowhere at first, and then where it was set, whole', async () => {
    expect(await ask('GET', settingsUrl(), key)).toEqual({ status: 200, body: {} });
    const settings = { room: address(), own: { url: 'https://example.com', key: 'Z9' } };
    expect(await ask('PUT', settingsUrl(), key, settings)).toEqual({ status: 200, body: settings });
    expect(await ask('GET', settingsUrl(), owner)).toEqual({ status: 200, body: settings });
    const { room } = settings;
    await ask('PUT', settingsUrl(), owner, { room });
    expect((await ask('GET', settingsUrl(), key)).body).toEqual({ room });
  });

  test('is not changed by what is wrong', async () => {
    for (const wrong of [{ room: { url: 'ftp://x', key: 'a' } }, { rooms: {} }, { room: { url: 'http://x' } }, []])
      expect(await ask('PUT', settingsUrl(), key, wrong)).toMatchObject({
        status: 400,
        body: { error: { code: 'ParameterInvalid' } },
      });
    expect((await api.inject({ method: 'PUT', url: settingsUrl(), headers: { ...key } })).statusCode).toBe(400);
    expect((await ask('GET', settingsUrl(), key)).body).toEqual({ room: address() });
  });

  test('is for those to see and change who may', async () => {
    for (const [method, url, payload] of [
      ['GET', settingsUrl()],
      ['PUT', settingsUrl(), {}],
      ['POST', `${settingsUrl()}/test`, { kind: 'room' }],
    ] as const) {
      expect((await ask(method, url, {}, payload)).body.error.code).toBe('NotSignedIn');
      expect((await ask(method, url, foreign, payload)).body.error.code).toBe('NotAllowed');
      expect((await ask(method, url, reviewer, payload)).body.error.code).toBe('NotAllowed');
      expect((await ask(method, url.replace(String(app), '77'), owner, payload)).body.error.code).toBe('NotFound');
      expect((await ask(method, url.replace(String(app), 'x'), owner, payload)).body.error.code).toBe(
        'ParameterInvalid',
      );
    }
    expect((await ask('GET', settingsUrl(), key)).body).toEqual({ room: address() });
  });
});

describe('a test event', () => {
  test('says what the receiver answered', async () => {
    expect(await ask('POST', `${settingsUrl()}/test`, key, { kind: 'room' })).toMatchObject({
      status: 200,
      body: {
        kind: 'room',
        group: 1,
        type: '103',
        state: 'delivered',
        log: [{ attempt: 1, status: 200, answer: '{"code":0}' }],
      },
    });
    expect(receiver.posts.at(-1)).toMatchObject({ path: '/x', attempt: 1 });
  });

  test('is refused where there is no address, or no such kind', async () => {
    expect((await ask('POST', `${settingsUrl()}/test`, key, { kind: 'media' })).body.error).toMatchObject({
      code: 'CallbackNoAddress',
      message: expect.stringContaining('media'),
    });
    for (const wrong of [{}, { kind: 'rooms' }, { kind: 1 }, { kind: 'room', more: 1 }])
      expect((await ask('POST', `${settingsUrl()}/test`, key, wrong)).body.error.code).toBe('ParameterInvalid');
  });
});

describe('the log', () => {
  let own = '';
  let others = '';
  beforeAll(async () => {
    await ask('PUT', settingsUrl(5), foreign, { room: address() });
    await ask('PUT', settingsUrl(), key, { room: address() });
    const event = { orderKey: 'room s', kind: 'room', type: 102, info: { RoomId: 1 } } as const;
    own = (await outbox.write(database.db, { ...event, sdkAppId: app })) ?? '';
    others = (await outbox.write(database.db, { ...event, sdkAppId: 5 })) ?? '';
    await deliveries.idle();
  });

  test('shows each application its own', async () => {
    const list = async (headers: object, query = '') =>
      (await ask('GET', `/api/v1/callbacks?orderKey=room%20s${query}`, headers)).body;
    const ids = ({ callbacks }: { callbacks: { deliveryId: string }[] }) =>
      callbacks.map(({ deliveryId }) => deliveryId);
    expect(ids(await list(key))).toEqual([own]);
    expect(ids(await list(foreign))).toEqual([others]);
    expect(ids(await list(owner))).toEqual([others, own]);
    expect(ids(await list(reviewer, `&sdkAppId=${app}`))).toEqual([own]);
    expect((await list(key, '&sdkAppId=5')).error.code).toBe('NotAllowed');
    expect((await list({})).error.code).toBe('NotSignedIn');
  });

  test('goes on page by page, and is narrowed', async () => {
    const url = '/api/v1/callbacks?limit=1&kind=room&state=delivered&orderKey=room%20s';
    const first = (await ask('GET', url, owner)).body;
    expect(first.callbacks).toMatchObject([
      {
        deliveryId: others,
        sdkAppId: 5,
        state: 'delivered',
        attempts: 1,
        lastAttempt: { status: 200, answer: '{"code":0}' },
      },
    ]);
    const second = (await ask('GET', `${url}&cursor=${first.nextCursor}`, owner)).body;
    expect(second).toMatchObject({ callbacks: [{ deliveryId: own }], nextCursor: null });
    expect((await ask('GET', '/api/v1/callbacks?state=givenUp', owner)).body.callbacks).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'state=done',
    'kind=rooms',
    'sdkAppId=0',
    'cursor=x',
    'more=1',
    'orderKey=',
  ])('?%s is refused', async (query) => {
    expect((await ask('GET', `/api/v1/callbacks?${query}`, owner)).body.error.code).toBe('ParameterInvalid');
  });

  test('gives one with all its tries, and sends it again', async () => {
    const again = await ask('POST', `/api/v1/callbacks/${own}/resend`, key);
    expect(again).toMatchObject({
      status: 200,
      body: { deliveryId: own, state: 'delivered', attempts: 2, log: [{ attempt: 1 }, { attempt: 2 }] },
    });
    expect(receiver.posts.at(-1)).toMatchObject({ deliveryId: own, attempt: 2, body: again.body.payload });
    expect((await ask('GET', `/api/v1/callbacks/${own}`, reviewer)).body).toEqual(again.body);
  });

  test('of another application is unknown, and reviewers send nothing', async () => {
    const count = receiver.posts.length;
    for (const id of [others, 'none', `${own}x`]) {
      expect((await ask('GET', `/api/v1/callbacks/${id}`, key)).body.error.code).toBe('CallbackUnknown');
      expect((await ask('POST', `/api/v1/callbacks/${id}/resend`, key)).body.error.code).toBe('CallbackUnknown');
    }
    expect((await ask('POST', `/api/v1/callbacks/${own}/resend`, reviewer)).body.error.code).toBe('NotAllowed');
    expect((await ask('POST', `/api/v1/callbacks/${own}/resend`, {})).body.error.code).toBe('NotSignedIn');
    await ask('PUT', settingsUrl(), key, {});
    expect((await ask('POST', `/api/v1/callbacks/${own}/resend`, key)).body.error.code).toBe('CallbackNoAddress');
    expect(receiver.posts).toHaveLength(count);
  });
});
