import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Applications, ConsoleUsers, type Credentials, createFirstCredentials, RestKeys } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { CallreelError, createLog, nowUs } from '../base/index.ts';
import { CallbackLog } from '../callback/index.ts';
import { Catalogue, type MediaRecord } from '../library/index.ts';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { LocalStore, type Store } from '../store/index.ts';
import { UsageBook } from '../usage/index.ts';
import { type ApiInstance, createApi } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-api-'));
const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => n % 251));
const STILLS = {
  poster: 'own_1.poster.jpg',
  thumbnails: 'own_1.thumbnails.jpg',
  thumbnailsIndex: 'own_1.thumbnails.vtt',
};
const logged: string[] = [];
const opened: Readable[] = [];
let database: Database;
let api: ApiInstance;
let demoApi: ApiInstance;
let credentials: Credentials;
let store: Store;
let own: MediaRecord;
let foreign: MediaRecord;
let mediaServer: () => Promise<void> = async () => undefined;
const asked: object[] = [];
const ordered: unknown[][] = [];
const taskOrders = {
  owner: async (taskId: string) =>
    taskId === 'own-task' ? { sdkAppId: own.sdkAppId } : taskId === 'foreign-task' ? { sdkAppId: 5 } : null,
  start: async (order: object) => {
    ordered.push(['start', order]);
    return { taskId: 'own-task' };
  },
  modify: async (taskId: string, parameters: unknown) => void ordered.push(['modify', taskId, parameters]),
  pause: async (taskId: string) => void ordered.push(['pause', taskId]),
  resume: async () => {
    throw new CallreelError('TaskNotPaused');
  },
  stop: async (taskId: string) => void ordered.push(['stop', taskId]),
};

// The dialect has tests of its own.
const unused = async () => {
  throw new Error('not asked here');
};
const dialect = {
  recording: null,
  rooms: { dismiss: unused, remove: unused },
  history: { rooms: unused, stays: unused },
  usage: null,
};

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  const created = await createFirstCredentials(database.db, join(folder, 'credentials.json'));
  if (created === null) throw new Error('no credentials');
  credentials = created;
  await database.db
    .insertInto('applications')
    .values({
      sdk_app_id: 5,
      name: 'other',
      secret_key: 'k',
      recording: JSON.stringify({ mode: 'off', template: DEFAULT_TASK_PARAMETERS, indexAlways: false }),
      created_us: 9e15,
    })
    .execute();
  await database.db
    .insertInto('rest_keys')
    .values({ secret_id: 'AKIDforeign', secret_key: 'f', sdk_app_id: 5, created_us: 0, revoked_us: null })
    .execute();
  const local = await LocalStore.open(join(folder, 'files'));
  store = local;
  const watched: Store = {
    put: (key, path) => local.put(key, path),
    size: (key) => local.size(key),
    read: async (key, range) => {
      const reader = await local.read(key, range);
      opened.push(reader);
      return reader;
    },
    localPath: (key) => local.localPath(key),
    close: () => local.close(),
  };
  const library = new Catalogue(database.db);
  const add = async (
    sdkAppId: number,
    name: string,
    taskId: string,
    stills: MediaRecord['stills'] = null,
  ): Promise<MediaRecord> => {
    const path = join(folder, 'in');
    writeFileSync(path, content);
    const objectKey = `${sdkAppId}/${taskId}/${name}`;
    await local.put(objectKey, path);
    const added = await library.add({
      sdkAppId,
      taskId,
      roomId: 'r',
      name,
      type: 'mp4',
      sizeBytes: content.length,
      durationUs: 15e6,
      startUs: 1.8e15,
      widthPx: 1280,
      heightPx: 720,
      sha256: 'ab'.repeat(32),
      objectKey,
      stills,
    });
    return added.record;
  };
  for (const name of Object.values(STILLS)) {
    const path = join(folder, 'still');
    writeFileSync(path, `content of ${name}`);
    await local.put(`${credentials.app.sdkAppId}/task-1/${name}`, path);
  }
  own = await add(credentials.app.sdkAppId, 'own_1.mp4', 'task-1', STILLS);
  foreign = await add(5, 'foreign_1.mp4', 'task-2');
  const callPageFolder = join(folder, 'page');
  mkdirSync(join(callPageFolder, 'assets'), { recursive: true });
  writeFileSync(join(callPageFolder, 'index.html'), '<!doctype html><title>call</title>');
  writeFileSync(join(callPageFolder, 'assets/page.js'), 'export {};');
  const reader = (name: string) => ({
    list: async (query: object) => {
      asked.push({ name, ...query });
      return [{ name }];
    },
  });
  const deps = {
    log: createLog({ to: { write: (line) => logged.push(line) } }),
    applications: new Applications(database.db),
    consoleUsers: new ConsoleUsers(database.db),
    restKeys: new RestKeys(database.db),
    library,
    store: watched,
    calls: reader('calls'),
    recordings: reader('recordings'),
    callbacks: new CallbackLog({ db: database.db, nowUs, addressOf: async () => null, wake: () => undefined }),
    taskOrders,
    usage: new UsageBook(database.db),
    dialect,
    checks: { database: () => database.ping(), mediaServer: () => mediaServer() },
    demo: false,
    callPageFolder,
  };
  api = await createApi(deps);
  demoApi = await createApi({ ...deps, demo: true, callPageFolder: join(folder, 'nowhere') });
});
afterAll(async () => {
  await api.close();
  await demoApi.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

const basic = (user: string, secret: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
});
const restKey = () => basic(credentials.rest.secretId, credentials.rest.secretKey);
const admin = () => basic(credentials.admin.user, credentials.admin.password);
const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });

async function signIn(): Promise<{ cookie: string }> {
  const answer = await api.inject({
    method: 'POST',
    url: '/api/v1/session',
    payload:
      credentials.admin.user === '' ? {} : { user: credentials.admin.user, password: credentials.admin.password },
  });
  expect(answer.statusCode).toBe(200);
  return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '' };
}

describe('health', () => {
  test('the process answers; readiness asks the parts', async () => {
    expect((await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await get('/readyz')).json()).toEqual({ status: 'ready', checks: { database: 'ok', mediaServer: 'ok' } });
    mediaServer = () => Promise.reject(new Error('janus is away at /secret/path'));
    const failed = await get('/readyz');
    expect(failed.statusCode).toBe(503);
    expect(failed.json()).toEqual({ status: 'notReady', checks: { database: 'ok', mediaServer: 'failed' } });
    mediaServer = () => new Promise(() => undefined);
    expect((await get('/readyz')).statusCode).toBe(503);
    mediaServer = async () => undefined;
  });
});

describe('signing in', () => {
  test('nothing is seen without', async () => {
    for (const url of [
      '/api/v1/media',
      `/api/v1/media/${own.fileId}`,
      `/api/v1/media/${own.fileId}/file`,
      '/api/v1/session',
      '/api/v1/calls',
      '/api/v1/recordings',
      '/api/v1/usage?from=2026-11-20&to=2026-11-20',
      `/api/v1/applications/${own.sdkAppId}/recording`,
    ]) {
      const answer = await get(url);
      expect([url, answer.statusCode, answer.json().error.code]).toEqual([url, 401, 'NotSignedIn']);
    }
  });

  test.each(['Basic', 'Basic !!!', 'Bearer x', `Basic ${Buffer.from('nocolon').toString('base64')}`])(
    '%o is no authorization',
    async (authorization) => {
      expect((await get('/api/v1/media', { authorization })).json().error.code).toBe('NotSignedIn');
    },
  );

  test('wrong secrets', async () => {
    for (const headers of [
      basic('admin', 'wrong'),
      basic('nobody', ''),
      basic(credentials.rest.secretId, ''),
      basic('AKIDnobody', 'x'),
    ]) {
      const answer = await get('/api/v1/media', headers);
      expect(answer.statusCode).toBe(401);
      expect(answer.json().error).toMatchObject({ code: 'PasswordWrong', retry: false });
      expect(answer.headers['www-authenticate']).toContain('Basic');
    }
    // A page's own request must not open the browser's password window.
    expect(
      (await get('/api/v1/media', { ...basic('admin', 'wrong'), 'sec-fetch-site': 'same-origin' })).headers[
        'www-authenticate'
      ],
    ).toBeUndefined();
  });

  test('guessing is stopped', async () => {
    const guess = () =>
      api.inject({
        method: 'POST',
        url: '/api/v1/session',
        payload: { user: 'victim', password: 'guess' },
        remoteAddress: '9.9.9.9',
      });
    const codes: string[] = [];
    for (let n = 0; n < 11; n += 1) codes.push((await guess()).json().error.code);
    expect(codes.slice(0, 10)).toEqual(Array(10).fill('PasswordWrong'));
    expect(codes[10]).toBe('RequestTooFrequent');
  });

  test('a session by cookie: strict, not readable by scripts, and over after signing out', async () => {
    const answer = await api.inject({
      method: 'POST',
      url: '/api/v1/session',
      payload: { user: 'admin', password: credentials.admin.password },
    });
    expect(answer.json()).toMatchObject({ user: { name: 'admin', role: 'owner' } });
    expect(answer.headers['set-cookie']).toMatch(
      /^callreel_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=4[0-9]{4}$/,
    );
    const cookie = { cookie: `other=1; ${String(answer.headers['set-cookie']).split(';')[0]}` };
    expect((await get('/api/v1/session', cookie)).json()).toEqual({ user: { name: 'admin', role: 'owner' } });
    expect((await get('/api/v1/media', cookie)).json().media).toHaveLength(2);
    const noHeader = await api.inject({ method: 'DELETE', url: '/api/v1/session', headers: cookie });
    expect(noHeader.json().error.code).toBe('NotAllowed');
    const out = await api.inject({
      method: 'DELETE',
      url: '/api/v1/session',
      headers: { ...cookie, 'x-callreel-request': '1' },
    });
    expect(out.statusCode).toBe(204);
    expect(out.headers['set-cookie']).toContain('Max-Age=0');
    expect((await get('/api/v1/media', cookie)).statusCode).toBe(401);
  });

  test('a REST key sees its own application', async () => {
    expect((await get('/api/v1/session', restKey())).json()).toEqual({ sdkAppId: own.sdkAppId });
  });
});

describe('media', () => {
  test('a REST key sees the records of its application only, the console all', async () => {
    const page = (await get('/api/v1/media', restKey())).json();
    expect(page).toEqual({
      media: [
        expect.objectContaining({
          fileId: own.fileId,
          name: 'own_1.mp4',
          sizeBytes: content.length,
          fileUrl: `/api/v1/media/${own.fileId}/file`,
          posterUrl: `/api/v1/media/${own.fileId}/stills/own_1.poster.jpg`,
          thumbnailsUrl: `/api/v1/media/${own.fileId}/stills/own_1.thumbnails.vtt`,
        }),
      ],
      nextCursor: null,
    });
    expect(JSON.stringify(page)).not.toContain('objectKey');
    for (const url of [
      `/api/v1/media/${foreign.fileId}`,
      `/api/v1/media/${foreign.fileId}/file`,
      '/api/v1/media/none',
      '/api/v1/media/..%2f..%2fetc',
    ]) {
      expect((await get(url, restKey())).json().error.code).toBe('MediaUnknown');
    }
    expect((await get('/api/v1/media', admin())).json().media).toHaveLength(2);
    expect((await get(`/api/v1/media/${foreign.fileId}`, basic('AKIDforeign', 'f'))).json().name).toBe('foreign_1.mp4');
  });

  test('is searched and paged', async () => {
    const first = (await get('/api/v1/media?limit=1', admin())).json();
    const second = (await get(`/api/v1/media?limit=1&cursor=${first.nextCursor}`, admin())).json();
    expect([...first.media, ...second.media].map(({ name }) => name)).toEqual(['foreign_1.mp4', 'own_1.mp4']);
    expect(second.nextCursor).toBeNull();
    expect((await get('/api/v1/media?namePrefix=own', admin())).json().media).toHaveLength(1);
    expect((await get('/api/v1/media?namePrefix=%25', admin())).json().media).toHaveLength(0);
    expect((await get('/api/v1/media?taskId=task-2&roomId=r', admin())).json().media).toHaveLength(1);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1&limit=2',
    'prefix=a',
    'cursor=abc',
    `namePrefix=${'x'.repeat(256)}`,
  ])('refuses ?%s and names it', async (query) => {
    const answer = await get(`/api/v1/media?${query}`, admin());
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.code).toBe('ParameterInvalid');
    expect(answer.json().error.message).toContain(query.split('=')[0]);
  });

  describe('stills', () => {
    const still = (name: string, headers: Record<string, string> = restKey()) =>
      get(`/api/v1/media/${own.fileId}/stills/${name}`, headers);

    test('poster, sheet and index, each by its name, and told once', async () => {
      for (const [name, type] of [
        [STILLS.poster, 'image/jpeg'],
        [STILLS.thumbnails, 'image/jpeg'],
        [STILLS.thumbnailsIndex, 'text/vtt; charset=utf-8'],
      ] as const) {
        const answer = await still(name);
        expect(answer.statusCode).toBe(200);
        expect(answer.body).toBe(`content of ${name}`);
        expect(answer.headers).toMatchObject({ 'content-type': type, 'cache-control': 'private, no-cache' });
        const again = await still(name, { ...restKey(), 'if-none-match': String(answer.headers.etag) });
        expect(again.statusCode).toBe(304);
      }
      const tags = await Promise.all(Object.values(STILLS).map(async (name) => (await still(name)).headers.etag));
      expect(new Set(tags).size).toBe(3);
      const head = await api.inject({
        method: 'HEAD',
        url: `/api/v1/media/${own.fileId}/stills/${STILLS.poster}`,
        headers: restKey(),
      });
      expect(head.headers['content-length']).toBe(String(`content of ${STILLS.poster}`.length));
    });

    test('nothing else, to nobody else, and none of what has none', async () => {
      expect((await still(STILLS.poster, {})).statusCode).toBe(401);
      expect((await still(STILLS.poster, basic('AKIDforeign', 'f'))).json().error.code).toBe('MediaUnknown');
      for (const name of ['own_1.mp4', 'other.jpg', '..%2f..%2fcredentials.json'])
        expect((await still(name)).json().error.code).toBe('MediaUnknown');
      const record = (await get(`/api/v1/media/${foreign.fileId}`, admin())).json();
      expect(record).toMatchObject({ posterUrl: null, thumbnailsUrl: null });
      expect(record).not.toHaveProperty('stills');
      const url = `/api/v1/media/${foreign.fileId}/stills/foreign_1.poster.jpg`;
      expect((await get(url, admin())).json().error.code).toBe('MediaUnknown');
    });
  });

  describe('files', () => {
    const file = (headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET', query = '') =>
      api.inject({ method, url: `/api/v1/media/${own.fileId}/file${query}`, headers: { ...restKey(), ...headers } });

    test('whole', async () => {
      const answer = await file();
      expect(answer.statusCode).toBe(200);
      expect(answer.rawPayload.equals(content)).toBe(true);
      expect(answer.headers).toMatchObject({
        'content-type': 'video/mp4',
        'content-length': String(content.length),
        'accept-ranges': 'bytes',
        etag: `"${own.sha256}"`,
        'content-disposition': `inline; filename="own_1.mp4"; filename*=UTF-8''own_1.mp4`,
      });
      expect((await file({}, 'GET', '?download=1')).headers['content-disposition']).toMatch(/^attachment/);
    });

    test('by HEAD', async () => {
      const answer = await file({}, 'HEAD');
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-length']).toBe(String(content.length));
      expect(answer.rawPayload).toHaveLength(0);
      expect((await file({ range: 'bytes=0-9' }, 'HEAD')).headers['content-length']).toBe('10');
    });

    test.each([
      ['bytes=0-9', 0, 9],
      ['bytes=100-', 100, content.length - 1],
      ['bytes=-10', content.length - 10, content.length - 1],
      ['bytes=2999999-', 2_999_999, 2_999_999],
    ])('in part: %s', async (range, start, end) => {
      const answer = await file({ range });
      expect(answer.statusCode).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${content.length}`);
      expect(answer.headers['content-length']).toBe(String(end - start + 1));
      expect(answer.rawPayload.equals(content.subarray(start, end + 1))).toBe(true);
    });

    test('several parts are answered by the whole', async () => {
      const answer = await file({ range: 'bytes=0-1,5-6' });
      expect([answer.statusCode, answer.rawPayload.length]).toEqual([200, content.length]);
    });

    test('outside of the file', async () => {
      const answer = await file({ range: `bytes=${content.length}-` });
      expect(answer.statusCode).toBe(416);
      expect(answer.headers['content-range']).toBe(`bytes */${content.length}`);
      expect(answer.json().error.code).toBe('RangeNotSatisfiable');
    });

    test('conditions', async () => {
      expect((await file({ 'if-none-match': `"x", W/"${own.sha256}"` })).statusCode).toBe(304);
      expect((await file({ 'if-none-match': '"x"' })).statusCode).toBe(200);
      expect((await file({ range: 'bytes=0-9', 'if-range': `"${own.sha256}"` })).statusCode).toBe(206);
      expect((await file({ range: 'bytes=0-9', 'if-range': '"other"' })).statusCode).toBe(200);
    });

    test('gone from the store', async () => {
      const path = store.localPath(foreign.objectKey);
      if (path === null) throw new Error('not local');
      rmSync(path);
      const answer = await get(`/api/v1/media/${foreign.fileId}/file`, admin());
      expect([answer.statusCode, answer.json().error.code]).toEqual([410, 'FileMissing']);
    });

    test('a player that leaves in the middle leaves no open file', async () => {
      const address = await api.listen({ port: 0, host: '127.0.0.1' });
      const socket = connect(Number(new URL(address).port), '127.0.0.1');
      socket.write(
        `GET /api/v1/media/${own.fileId}/file HTTP/1.1\r\nHost: x\r\nAuthorization: ${restKey().authorization}\r\n\r\n`,
      );
      const before = opened.length;
      await once(socket, 'data');
      const reader = opened[before] ?? opened.at(-1);
      const closed = reader?.closed === true ? undefined : reader && once(reader, 'close');
      socket.destroy();
      await closed;
      expect(reader?.destroyed).toBe(true);
    });
  });
});

describe('recording settings', () => {
  const url = () => `/api/v1/applications/${own.sdkAppId}/recording`;
  const changed = { mode: 'rest', template: { ...DEFAULT_TASK_PARAMETERS, maxIdleMs: 30_000 }, indexAlways: false };

  test('are read and replaced as a whole', async () => {
    expect((await get(url(), restKey())).json()).toMatchObject({ mode: 'automatic', indexAlways: true });
    const put = await api.inject({ method: 'PUT', url: url(), headers: restKey(), payload: changed });
    expect([put.statusCode, put.json()]).toEqual([200, changed]);
    expect((await get(url(), admin())).json()).toEqual(changed);
  });

  test('wrong ones change nothing and name the field', async () => {
    const put = await api.inject({
      method: 'PUT',
      url: url(),
      headers: restKey(),
      payload: { ...changed, mode: 'never' },
    });
    expect(put.json().error).toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining('mode is "never"'),
    });
    expect((await get(url(), admin())).json()).toEqual(changed);
  });

  test('belong to their application', async () => {
    expect((await get('/api/v1/applications/5/recording', restKey())).json().error.code).toBe('NotAllowed');
    expect(
      (
        await api.inject({
          method: 'PUT',
          url: '/api/v1/applications/5/recording',
          headers: restKey(),
          payload: changed,
        })
      ).statusCode,
    ).toBe(403);
    expect((await get('/api/v1/applications/77/recording', admin())).json().error.code).toBe('NotFound');
    expect((await get('/api/v1/applications/x/recording', admin())).json().error.code).toBe('ParameterInvalid');
  });

  test('a cookie alone changes nothing', async () => {
    const cookie = await signIn();
    expect((await api.inject({ method: 'PUT', url: url(), headers: cookie, payload: changed })).json().error.code).toBe(
      'NotAllowed',
    );
    expect(
      (
        await api.inject({
          method: 'PUT',
          url: url(),
          headers: { ...cookie, 'x-callreel-request': '1' },
          payload: changed,
        })
      ).statusCode,
    ).toBe(200);
  });

  test('reviewers change nothing', async () => {
    await database.db.updateTable('console_users').set({ role: 'reviewer' }).execute();
    expect(
      (await api.inject({ method: 'PUT', url: url(), headers: admin(), payload: changed })).json().error.code,
    ).toBe('NotAllowed');
    await database.db.updateTable('console_users').set({ role: 'owner' }).execute();
  });
});

test('all about one task: its row, and its files as the library has them', async () => {
  const get = (taskId: string, headers: Record<string, string>) =>
    api.inject({ url: `/api/v1/recordings/${taskId}`, headers });
  const answer = await get('own-task', restKey());
  expect([answer.statusCode, answer.json()]).toEqual([200, { name: 'recordings', files: [] }]);
  expect((await get('own-task', {})).json().error.code).toBe('NotSignedIn');
  for (const [taskId, headers] of [
    ['none', admin()],
    ['foreign-task', restKey()],
  ] as const)
    expect((await get(taskId, headers)).json().error.code).toBe('TaskUnknown');
});

describe('starting a task', () => {
  const start = (payload: object, headers: Record<string, string>) =>
    api.inject({ method: 'POST', url: '/api/v1/recordings', headers, payload });

  test('is ordered with what was asked, or with what the application has', async () => {
    ordered.length = 0;
    const { sdkAppId } = own;
    const answer = await start({ roomId: 7, robotId: 'r 1', namePrefix: 'x', parameters: { fps: 1 } }, restKey());
    expect([answer.statusCode, answer.json()]).toEqual([201, { name: 'recordings' }]);
    await start({ strRoomId: '7', sdkAppId }, admin());
    expect(ordered).toEqual([
      [
        'start',
        {
          ...{ sdkAppId, roomId: '7', roomIdType: 'number', robotId: 'r 1', namePrefix: 'x', expiresHours: null },
          parameters: { fps: 1 },
        },
      ],
      [
        'start',
        {
          ...{ sdkAppId, roomId: '7', roomIdType: 'string', robotId: expect.stringMatching(/^recorder_\w{12}$/) },
          ...{ namePrefix: null, expiresHours: null, parameters: expect.objectContaining({ mode: 'mixed' }) },
        },
      ],
    ]);
  });

  test('is refused with a code for who may not, and for what cannot be', async () => {
    ordered.length = 0;
    const refused = async (...asked: Parameters<typeof start>): Promise<string> =>
      (await start(...asked)).json().error.code;
    expect(await refused({ roomId: 7 }, {})).toBe('NotSignedIn');
    expect(await refused({ roomId: 7, sdkAppId: own.sdkAppId }, basic('AKIDforeign', 'f'))).toBe('NotAllowed');
    expect(await refused({ roomId: 7, sdkAppId: 12345 }, admin())).toBe('NotFound');
    await database.db.updateTable('console_users').set({ role: 'reviewer' }).execute();
    expect(await refused({ roomId: 7, sdkAppId: own.sdkAppId }, admin())).toBe('NotAllowed');
    await database.db.updateTable('console_users').set({ role: 'owner' }).execute();
    for (const body of [
      {},
      { roomId: 7 },
      { roomId: 0, sdkAppId: 5 },
      { strRoomId: '', sdkAppId: 5 },
      { roomId: 7, strRoomId: '7', sdkAppId: 5 },
      { sdkAppId: 5 },
      { roomId: 7, sdkAppId: 5, namePrefix: '../x' },
      { roomId: 7, sdkAppId: 5, robotId: '' },
      { roomId: 7, sdkAppId: 5, more: 1 },
    ])
      expect(await refused(body, admin()), JSON.stringify(body)).toBe('ParameterInvalid');
    expect(ordered).toEqual([]);
  });
});

describe('orders for tasks', () => {
  const ORDERS = [
    ['PATCH', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/stop'],
  ] as const;
  const order = (
    [method, path]: (typeof ORDERS)[number],
    headers: Record<string, string>,
    { taskId = 'own-task', payload = { parameters: { fps: 1 } } }: { taskId?: string; payload?: object } = {},
  ) =>
    api.inject({
      method,
      url: `/api/v1/recordings/${taskId}${path}`,
      headers,
      ...(method === 'PATCH' ? { payload } : {}),
    });

  test('are handed on, and answered by the task', async () => {
    ordered.length = 0;
    asked.length = 0;
    const answers = [];
    for (const each of ORDERS) answers.push(await order(each, restKey()));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 409, 200]);
    expect(answers[0]?.json()).toEqual({ name: 'recordings' });
    expect(asked[0]).toEqual({ name: 'recordings', taskId: 'own-task', limit: 1 });
    expect(answers[2]?.json().error).toMatchObject({ code: 'TaskNotPaused', retry: false });
    expect(ordered).toEqual([
      ['modify', 'own-task', { fps: 1 }],
      ['pause', 'own-task'],
      ['stop', 'own-task'],
    ]);
  });

  test('are for who may change something of the application, and nobody else', async () => {
    ordered.length = 0;
    const cookie = await signIn();
    for (const each of ORDERS) {
      const refused = async (...who: Parameters<typeof order> extends [unknown, ...infer Rest] ? Rest : never) =>
        (await order(each, ...who)).json().error.code;
      expect(await refused({})).toBe('NotSignedIn');
      expect(await refused(cookie)).toBe('NotAllowed');
      expect(await refused(basic('AKIDforeign', 'f'))).toBe('TaskUnknown');
      expect(await refused(restKey(), { taskId: 'foreign-task' })).toBe('TaskUnknown');
      expect(await refused(admin(), { taskId: 'none' })).toBe('TaskUnknown');
      await database.db.updateTable('console_users').set({ role: 'reviewer' }).execute();
      expect(await refused(admin())).toBe('NotAllowed');
      await database.db.updateTable('console_users').set({ role: 'owner' }).execute();
    }
    expect(ordered).toEqual([]);
    expect((await order(ORDERS[1], { ...cookie, 'x-callreel-request': '1' })).statusCode).toBe(200);
    expect((await order(ORDERS[1], basic('AKIDforeign', 'f'), { taskId: 'foreign-task' })).statusCode).toBe(200);
  });

  test('of another form are refused', async () => {
    for (const payload of [{}, { parameters: {}, more: 1 }])
      expect((await order(ORDERS[0], restKey(), { payload })).json().error.code).toBe('ParameterInvalid');
    expect((await get('/api/v1/recordings/own-task/pause', restKey())).statusCode).toBe(405);
  });
});

describe('REST keys', () => {
  const keyOrder = (method: 'POST' | 'DELETE', path: string, headers: Record<string, string>, payload?: object) =>
    api.inject({ method, url: `/api/v1/keys${path}`, headers, ...(payload === undefined ? {} : { payload }) });

  test('an owner makes, lists and revokes them; the secret is told once', async () => {
    const made = await keyOrder('POST', '', admin(), { sdkAppId: own.sdkAppId, scopes: ['read'], name: 'reports' });
    expect(made.statusCode).toBe(201);
    const { secretId, secretKey } = made.json();
    expect(made.json()).toMatchObject({ sdkAppId: own.sdkAppId, scopes: ['read'], name: 'reports', revokedUs: null });
    const headers = basic(secretId, secretKey);
    expect((await get('/api/v1/media', headers)).statusCode).toBe(200);
    const list = await get('/api/v1/keys', admin());
    expect(list.json().keys.map((key: { secretId: string }) => key.secretId)).toContain(secretId);
    expect(list.body).not.toContain(secretKey);
    expect((await keyOrder('DELETE', `/${secretId}`, admin())).statusCode).toBe(204);
    expect((await get('/api/v1/media', headers)).json().error.code).toBe('PasswordWrong');
    expect((await keyOrder('DELETE', `/${secretId}`, admin())).json().error.code).toBe('RestKeyUnknown');
  });

  test('nobody else may, and nothing else can be asked for', async () => {
    const right = { sdkAppId: 'all', scopes: ['all'] };
    expect((await get('/api/v1/keys', restKey())).json().error.code).toBe('NotAllowed');
    expect((await keyOrder('POST', '', restKey(), right)).json().error.code).toBe('NotAllowed');
    expect((await keyOrder('DELETE', `/${credentials.rest.secretId}`, restKey())).json().error.code).toBe('NotAllowed');
    for (const wrong of [
      { scopes: ['all'] },
      { ...right, sdkAppId: 0 },
      { ...right, sdkAppId: 77 },
      { ...right, sdkAppId: null },
      { ...right, scopes: [] },
      { ...right, scopes: ['root'] },
      { ...right, scopes: ['read', 'read'] },
      { ...right, name: 'a'.repeat(101) },
      { ...right, name: 'a\nb' },
      { ...right, more: 1 },
    ])
      expect([wrong, (await keyOrder('POST', '', admin(), wrong)).json().error?.code]).toEqual([
        wrong,
        'ParameterInvalid',
      ]);
  });

  test('a key may do what its scopes say', async () => {
    const answers: Record<string, number[]> = {};
    for (const scope of ['read', 'record', 'library', 'all']) {
      const made = await keyOrder('POST', '', admin(), { sdkAppId: own.sdkAppId, scopes: [scope] });
      const headers = basic(made.json().secretId, made.json().secretKey);
      const url = `/api/v1/applications/${own.sdkAppId}/recording`;
      answers[scope] = [
        (await get('/api/v1/media', headers)).statusCode,
        (await get(`/api/v1/media/${own.fileId}/file`, headers)).statusCode,
        (await get('/api/v1/calls', headers)).statusCode,
        (await get('/api/v1/recordings', headers)).statusCode,
        (await get(url, headers)).statusCode,
        (await api.inject({ method: 'POST', url: '/api/v1/recordings/own-task/pause', headers })).statusCode,
        (await api.inject({ method: 'PUT', url, headers, payload: {} })).statusCode,
      ];
    }
    expect(answers).toEqual({
      read: [200, 200, 200, 200, 200, 403, 403],
      record: [403, 403, 403, 200, 403, 200, 403],
      library: [200, 200, 403, 403, 403, 403, 403],
      // Settings that do not fit are looked at.
      all: [200, 200, 200, 200, 200, 200, 400],
    });
  });
});

describe('lists of other stages', () => {
  test('are asked within what the viewer sees', async () => {
    asked.length = 0;
    expect((await get('/api/v1/calls?limit=3', restKey())).json()).toEqual({ calls: [{ name: 'calls' }] });
    expect((await get('/api/v1/recordings', admin())).json()).toEqual({ recordings: [{ name: 'recordings' }] });
    expect(asked).toEqual([
      { name: 'calls', limit: 3, sdkAppId: own.sdkAppId },
      { name: 'recordings', limit: 20 },
    ]);
    expect((await get('/api/v1/calls?limit=999', admin())).statusCode).toBe(400);
  });
});

describe('usage', () => {
  const startUs = Date.parse('2026-11-20T00:00:00Z') * 1000;
  const url = (query = ''): string => `/api/v1/usage?from=2026-11-20&to=2026-11-21${query}`;
  const entry = (rest: object): object => ({
    ...{ sdkAppId: own.sdkAppId, mode: 'mixed', class: 'hd', startUs, recordedUs: 90_500_000, minutes: 2 },
    ...rest,
  });

  beforeAll(async () => {
    const book = new UsageBook(database.db);
    const counts = [
      { mode: 'mixed', class: 'hd', bucketUs: startUs, recordedUs: 60_500_000 },
      { mode: 'mixed', class: 'hd', bucketUs: startUs + 300e6, recordedUs: 30_000_000 },
      { mode: 'single', class: 'audio', bucketUs: startUs + 86_400e6, recordedUs: 1 },
    ] as const;
    await book.record({ taskId: 'own', sdkAppId: own.sdkAppId }, counts, { isOver: true });
    await book.record({ taskId: 'foreign', sdkAppId: 5 }, counts.slice(0, 1), { isOver: true });
  });

  test('by day, or by five minutes of one: of the application of the key, of all for the console', async () => {
    const single = entry({ mode: 'single', class: 'audio', startUs: startUs + 86_400e6, recordedUs: 1, minutes: 1 });
    expect((await get(url(), restKey())).json()).toEqual({
      from: '2026-11-20',
      to: '2026-11-21',
      step: 'day',
      usage: [entry({}), single],
    });
    expect((await get(url('&mode=single'), restKey())).json().usage).toEqual([single]);
    const foreignEntry = entry({ sdkAppId: 5, recordedUs: 60_500_000 });
    const all = (await get(url('&mode=mixed'), admin())).json().usage;
    expect(all).toHaveLength(2);
    expect(all).toEqual(expect.arrayContaining([foreignEntry, entry({})]));
    expect((await get(url('&sdkAppId=5'), admin())).json().usage).toEqual([foreignEntry]);
    const points = await get('/api/v1/usage?from=2026-11-20&to=2026-11-20', restKey());
    expect(points.json()).toMatchObject({
      step: 'point',
      usage: [
        entry({ recordedUs: 60_500_000, minutes: 2 }),
        entry({ startUs: startUs + 300e6, recordedUs: 30_000_000, minutes: 0 }),
      ],
    });
    const day = await get('/api/v1/usage?from=2026-11-20&to=2026-11-20&step=day', restKey());
    expect(day.json().usage).toEqual([entry({})]);
  });

  test('as CSV that says the same', async () => {
    const answer = await get(url('&format=csv'), restKey());
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="usage_2026-11-20_2026-11-21.csv"',
    });
    const [head = [], ...lines] = answer.body
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    const read = lines.map((line) => {
      const field = (name: string): string => line[head.indexOf(name)] ?? '';
      return {
        sdkAppId: Number(field('sdkAppId')),
        mode: field('mode'),
        class: field('class'),
        startUs: Date.parse(field('start')) * 1000,
        recordedUs: Number(field('recordedUs')),
        minutes: Number(field('minutes')),
      };
    });
    expect(read).toEqual((await get(url(), restKey())).json().usage);
    expect(head).toEqual(['start', 'sdkAppId', 'mode', 'class', 'recordedUs', 'minutes']);
    const none = await get('/api/v1/usage?from=2020-01-01&to=2020-01-01&format=csv', restKey());
    expect(none.body).toBe('start,sdkAppId,mode,class,recordedUs,minutes\r\n');
  });

  test.each([
    ['from=2026-11-20', 400, 'ParameterInvalid'],
    ['to=2026-11-20', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=20.11.2026', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-19', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-12-21', 400, 'UsageRangeTooLong'],
    ['from=2026-11-20&to=2026-12-20', 200, undefined],
    ['from=2026-11-20&to=2026-11-21&step=point', 400, 'UsageRangeTooLong'],
    ['from=2026-11-20&to=2026-11-20&step=hour', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&mode=multi', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&format=xml', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&sdkAppId=0', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&sdkAppId=a', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&more=1', 400, 'ParameterInvalid'],
    ['from=2026-11-20&to=2026-11-20&sdkAppId=5', 403, 'NotAllowed'],
    ['from=2026-11-20&from=2026-11-21&to=2026-11-21', 400, 'ParameterInvalid'],
  ])('of %s is answered by %i %s', async (query, status, code) => {
    for (const format of query.includes('format') ? [''] : ['', '&format=csv']) {
      const answer = await get(`/api/v1/usage?${query}${format}`, restKey());
      expect(answer.statusCode).toBe(status);
      if (code !== undefined) expect(answer.json().error.code).toBe(code);
    }
  });
});

describe('errors', () => {
  test('unknown addresses and methods', async () => {
    expect((await get('/api/v1/nothing')).json().error).toMatchObject({
      code: 'NotFound',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const answer = await api.inject({ method: 'PUT', url: '/api/v1/media?x=1' });
    expect([answer.statusCode, answer.json().error.code, answer.headers.allow]).toEqual([
      405,
      'MethodNotAllowed',
      'GET, HEAD',
    ]);
    expect((await api.inject({ method: 'POST', url: `/api/v1/media/${own.fileId}/file` })).statusCode).toBe(405);
    expect((await get('/%')).json().error.code).toBe('MessageMalformed');
  });

  test('bodies that are too large, no JSON, or of another type', async () => {
    const post = (payload: string, type = 'application/json') =>
      api.inject({ method: 'POST', url: '/api/v1/session', headers: { 'content-type': type }, payload });
    expect((await post(JSON.stringify({ user: 'a'.repeat(70_000), password: 'x' }))).json().error).toMatchObject({
      code: 'MessageTooLarge',
    });
    expect((await post('{"user":')).json().error.code).toBe('MessageMalformed');
    expect((await post('', 'application/json')).json().error.code).toBe('MessageMalformed');
    expect((await post('{"user":"a","password":"b"}', 'text/plain')).json().error.code).toBe('MessageMalformed');
    expect((await post('{"user":"a"}')).json().error).toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining('password'),
    });
    expect((await post('{"user":"a","password":"b","role":"owner"}')).json().error).toMatchObject({
      code: 'ParameterInvalid',
      message: expect.stringContaining('role'),
    });
    expect((await post('{"__proto__":{},"user":"a","password":"b"}')).json().error.code).toBe('MessageMalformed');
  });

  test('what we break is one sentence with an id that the log knows', async () => {
    const secret = 'SELECT /secret/path hunter2';
    const broken = await createApi({
      log: createLog({ to: { write: (line) => logged.push(line) } }),
      demo: false,
      applications: new Applications(database.db),
      consoleUsers: new ConsoleUsers(database.db),
      restKeys: new RestKeys(database.db),
      library: new Catalogue(database.db),
      store,
      calls: { list: () => Promise.reject(new Error(secret)) },
      recordings: { list: async () => [] },
      callbacks: new CallbackLog({ db: database.db, nowUs, addressOf: async () => null, wake: () => undefined }),
      taskOrders,
      usage: new UsageBook(database.db),
      dialect,
      checks: { database: async () => undefined, mediaServer: async () => undefined },
    });
    const answer = await broken.inject({ url: '/api/v1/calls', headers: admin() });
    await broken.close();
    expect(answer.statusCode).toBe(500);
    const { error } = answer.json();
    expect(error).toEqual({
      code: 'InternalError',
      message: 'Something went wrong on the server.',
      retry: true,
      requestId: expect.any(String),
    });
    expect(answer.body).not.toContain('secret');
    expect(logged.filter((line) => line.includes(error.requestId)).join()).toContain(secret);
  });
});

describe('pages', () => {
  test('the library and the call page', async () => {
    expect((await get('/')).headers.location).toBe('/library');
    for (const [url, type] of [
      ['/library', 'text/html'],
      ['/library/library.js', 'javascript'],
      ['/library/library.css', 'text/css'],
      ['/call', 'text/html'],
      ['/call/', 'text/html'],
      ['/call?userId=a', 'text/html'],
      ['/call/assets/page.js', 'javascript'],
    ]) {
      const answer = await get(url ?? '');
      expect([url, answer.statusCode, answer.headers['content-type']]).toEqual([
        url,
        200,
        expect.stringContaining(type ?? ''),
      ]);
      expect(answer.headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  test.each([
    '/library/..%2f..%2fpackage.json',
    '/library/%2e%2e/package.json',
    '/call/..%2findex.html',
    '/call/nothing.js',
    '/library/.hidden',
  ])('%s leads nowhere', async (url) => {
    const answer = await get(url);
    expect([403, 404]).toContain(answer.statusCode);
    expect(answer.json().error.code).toMatch(/NotFound|MessageMalformed/);
  });

  test('the call page learns the application in demo mode only', async () => {
    expect((await get('/call/config.json')).json()).toEqual({ demo: false, sdkAppId: null });
    expect((await demoApi.inject('/call/config.json')).json()).toEqual({
      demo: true,
      sdkAppId: credentials.app.sdkAppId,
    });
    expect((await demoApi.inject('/call')).json().error).toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('bootstrap'),
    });
  });
});
