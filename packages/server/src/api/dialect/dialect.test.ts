import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Applications } from '../../apps/index.ts';
import { nowUs } from '../../base/index.ts';
import { Dialect } from './dialect.ts';
import { RateLimiter } from './rate-limiter.ts';
import { DialectServer, OTHER_APP } from './testing/dialect-server.ts';
import { signRequest } from './testing/sign-request.ts';
import { trtcActions } from './trtc-actions.ts';

const CREATE = 'CreateCloudRecording';
const DESCRIBE = 'DescribeCloudRecording';
const DELETE = 'DeleteCloudRecording';
const MINUTE_S = 60;

let server: DialectServer;
/** Moves the clock of the server under test. */
let skewMs = 0;
beforeAll(async () => {
  server = await DialectServer.start({ nowMs: () => Date.now() + skewMs });
});
afterAll(() => server.close());

const nowS = (): number => Math.floor(Date.now() / 1000);
const codeOf = (answer: { Error?: { Code: string } }): string => answer.Error?.Code ?? 'none';
const describeTask = () => ({ SdkAppId: server.sdkAppId, TaskId: 'no-task' });

describe('who asks', () => {
  test('a request of anybody is answered with 200 and an id', async () => {
    const { status, answer } = await server.send({}, { body: '{}' });
    expect(status).toBe(200);
    expect(answer).toEqual({
      Error: { Code: 'MissingParameter', Message: 'The header X-TC-Action is missing.' },
      RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test.each(['x-tc-action', 'x-tc-version', 'x-tc-timestamp', 'authorization'])('%s must be given', async (name) => {
    const { [name]: _, ...headers } = signRequest({ ...server.key, host: server.host, action: DESCRIBE, body: '{}' });
    const { answer } = await server.send(headers, { body: '{}' });
    expect(codeOf(answer)).toBe('MissingParameter');
    expect(answer.Error?.Message.toLowerCase()).toContain(name);
  });

  test.each<[string, Parameters<DialectServer['ask']>[2] & object, string]>([
    ['an unknown key', { secretId: 'AKIDunknown' }, 'AuthFailure.SecretIdNotFound'],
    ['another secret', { secretKey: 'other' }, 'AuthFailure.SignatureFailure'],
    ['another host', { host: 'trtc.tencentcloudapi.com' }, 'AuthFailure.SignatureFailure'],
    ['another body', { body: '{}' }, 'AuthFailure.SignatureFailure'],
    ['an unsigned payload', { body: 'UNSIGNED-PAYLOAD' }, 'AuthFailure.SignatureFailure'],
    ['temporary credentials', { signed: { 'x-tc-token': 't' } }, 'AuthFailure.TokenFailure'],
    ['a host without its port', { host: '127.0.0.1' }, 'ResourceNotFound'],
    ['any service', { service: 'whatever' }, 'ResourceNotFound'],
    ['an unknown version', { version: '2018-01-01' }, 'NoSuchVersion'],
  ])('%s: %s', async (_, signing, code) => {
    expect(codeOf(await server.ask(DESCRIBE, describeTask(), signing))).toBe(code);
  });

  test.each([
    ['in the known system’s form', { 'x-tc-content-sha256': 'UNSIGNED-PAYLOAD' }, 'AuthFailure.SignatureFailure'],
    ['of no seconds', { 'x-tc-timestamp': 'now' }, 'InvalidParameterValue'],
    ['of another second', { 'x-tc-timestamp': String(nowS() - 1) }, 'AuthFailure.SignatureFailure'],
    ['of another kind', { authorization: 'Basic YTpi' }, 'AuthFailure.InvalidAuthorization'],
  ])('headers %s', async (_, changed, code) => {
    const body = JSON.stringify(describeTask());
    const headers = signRequest({ ...server.key, host: server.host, action: DESCRIBE, body });
    expect(codeOf((await server.send({ ...headers, ...changed }, { body })).answer)).toBe(code);
  });

  test('a timestamp may be five minutes off, both ways, and no more', async () => {
    const ask = async (offS: number): Promise<string> =>
      codeOf(await server.ask(DESCRIBE, describeTask(), { timestampS: nowS() + offS }));
    expect(await ask(5 * MINUTE_S - 2)).toBe('ResourceNotFound');
    expect(await ask(-5 * MINUTE_S + 2)).toBe('ResourceNotFound');
    expect(await ask(5 * MINUTE_S + 2)).toBe('AuthFailure.SignatureExpire');
    expect(await ask(-5 * MINUTE_S - 2)).toBe('AuthFailure.SignatureExpire');
  });

  test('unknown actions have a code', async () => {
    await expect(server.sdk().request('MakeCoffee', {})).rejects.toMatchObject({ code: 'InvalidAction' });
    await expect(server.sdk().request('constructor', {})).rejects.toMatchObject({ code: 'InvalidAction' });
  });
});

describe('a request that is sent again', () => {
  const request = (action: string, parameters: unknown) => {
    const body = JSON.stringify(parameters);
    const headers = signRequest({ ...server.key, host: server.host, action, body });
    return { headers, send: (changed = {}) => server.send({ ...headers, ...changed }, { body }) };
  };

  test('changes nothing twice, and is answered as before', async () => {
    const before = server.recording.tasks.size;
    const { send } = request(CREATE, server.createRequest({ RoomId: '21' }));
    const answers = await Promise.all([send(), send(), send()]);
    const taskIds = answers.map(({ answer }) => answer['TaskId']);
    expect(new Set(taskIds).size).toBe(1);
    expect(new Set(answers.map(({ answer }) => answer.RequestId)).size).toBe(3);
    expect(server.recording.tasks.size).toBe(before + 1);
  });

  test('becomes another action only in the moment in which both may have been signed', async () => {
    const both = async (laterMs: number, RoomId: string): Promise<string[]> => {
      const { TaskId } = await server.ask(CREATE, server.createRequest({ RoomId }));
      const { send } = request(DESCRIBE, { SdkAppId: server.sdkAppId, TaskId });
      try {
        const first = codeOf((await send()).answer);
        skewMs = laterMs;
        return [first, codeOf((await send({ 'x-tc-action': DELETE })).answer)];
      } finally {
        skewMs = 0;
      }
    };
    expect(await both(1_000, '22')).toEqual(['none', 'none']);
    expect(await both(20_000, '25')).toEqual(['none', 'AuthFailure.SignatureFailure']);
    const ended = [...server.recording.tasks.values()].filter(({ ended: isOver }) => isOver);
    expect(ended.map(({ order }) => order.roomId)).toEqual(['22']);
    // To end a task has the same words as to ask for it, and the client of the known system signs no more.
  });

  test('may be sent again when it was refused, and to end what has ended is nothing', async () => {
    const { send } = request(CREATE, server.createRequest({ RoomId: '26' }));
    server.recording.limit = 0;
    expect(codeOf((await send()).answer)).toBe('FailedOperation.RestrictedConcurrency');
    server.recording.limit = Number.POSITIVE_INFINITY;
    const { TaskId } = (await send()).answer;
    const ending = request(DELETE, { SdkAppId: server.sdkAppId, TaskId });
    expect(codeOf((await ending.send()).answer)).toBe('none');
    expect(codeOf((await ending.send()).answer)).toBe('ResourceNotFound');
  });

  test('is known to the next process too', async () => {
    const body = JSON.stringify(server.createRequest({ RoomId: '23' }));
    const headers = signRequest({ ...server.key, host: server.host, action: CREATE, body });
    expect((await server.send(headers, { body })).answer).toHaveProperty('TaskId');
    const tasks = server.recording.tasks.size;
    const applications = new Applications(server.database.db);
    const next = new Dialect({
      keys: server.restKeys,
      versions: trtcActions({
        applications,
        recording: server.recording,
        rooms: server.rooms,
        history: server.rooms,
        usage: null,
      }),
      limiter: new RateLimiter(),
      log: server.log,
    });
    const { Response } = await next.answer({
      ...{ method: 'POST', path: '/', query: '', host: server.host, requestId: 'r' },
      header: (name) => headers[name],
      body: Buffer.from(body),
    });
    expect(Response).toMatchObject({ Error: { Code: 'AuthFailure.SignatureFailure' } });
    expect(server.recording.tasks.size).toBe(tasks);
  });

  test('is too old when its signature is forgotten', async () => {
    const { send } = request(CREATE, server.createRequest({ RoomId: '24' }));
    expect((await send()).answer).toHaveProperty('TaskId');
    skewMs = (5 * MINUTE_S + 1) * 1000;
    try {
      expect(codeOf((await send()).answer)).toBe('AuthFailure.SignatureExpire');
    } finally {
      skewMs = 0;
    }
    const rows = await server.database.db.selectFrom('signed_requests').selectAll().execute();
    expect(rows.length).toBeGreaterThan(0);
    for (const { until_us } of rows) expect(until_us).toBeGreaterThan(nowUs() + 4 * MINUTE_S * 1e6);
  });
});

describe('limits', () => {
  test('twenty requests a second for each action of a key', async () => {
    let atMs = 0;
    const limited = await DialectServer.start({ limiter: new RateLimiter({ nowMs: () => atMs }) });
    try {
      const other = await limited.newKey({ sdkAppId: OTHER_APP, scopes: ['all'], name: '' });
      const task = { SdkAppId: limited.sdkAppId, TaskId: 'x' };
      const ask = async (action = DESCRIBE, key = limited.key): Promise<string> =>
        codeOf(await limited.ask(action, task, key));
      for (let n = 0; n < 20; n += 1) expect(await ask()).toBe('ResourceNotFound');
      expect(await ask()).toBe('RequestLimitExceeded');
      expect(await ask(DELETE)).toBe('ResourceNotFound');
      expect(await ask(DESCRIBE, other)).toBe('AuthFailure.UnauthorizedOperation');
      atMs = 999;
      expect(await ask()).toBe('RequestLimitExceeded');
      atMs = 1000;
      expect(await ask()).toBe('ResourceNotFound');
    } finally {
      await limited.close();
    }
  });

  test('an answer that takes too long is given without what it waits for', async () => {
    const slow = await DialectServer.start({ answerTimeoutMs: 50 });
    const blocked = Promise.withResolvers<void>();
    slow.recording.before = () => blocked.promise;
    try {
      expect(codeOf(await slow.ask(CREATE, slow.createRequest()))).toBe('InternalError.CRInternalError');
      expect(slow.recording.tasks.size).toBe(0);
    } finally {
      blocked.resolve();
      await slow.close();
    }
  });
});

describe('what comes over the wire', () => {
  test.each<[string, string | Uint8Array<ArrayBuffer>, string, string]>([
    ['no JSON', '{', 'application/json', 'InvalidParameter'],
    ['no object', '[]', 'application/json', 'InvalidParameter'],
    ['null', 'null', 'application/json', 'InvalidParameter'],
    ['nothing', '', 'application/json', 'MissingParameter.SdkAppId'],
    ['bytes that are no UTF-8', new Uint8Array([123, 34, 255, 34, 125]), 'application/json', 'InvalidParameter'],
    ['a form', 'SdkAppId=1', 'application/x-www-form-urlencoded', 'InvalidParameter'],
    ['an odd type', '{}', 'text/plain', 'MissingParameter.SdkAppId'],
    ['deep lists', '['.repeat(200_000), 'application/json', 'InvalidParameter'],
    ['deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'application/json', 'UnknownParameter'],
    [
      'deep lists where a list belongs',
      `{"SdkAppId":1,"TaskId":"x","MixLayoutParams":{"MixLayoutMode":4,"MixLayoutList":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      'application/json',
      'InvalidParameter',
    ],
    ['names of the language', '{"__proto__":{"SdkAppId":1},"constructor":1}', 'application/json', 'UnknownParameter'],
    ['a large number', '{"SdkAppId":1e400,"TaskId":"x"}', 'application/json', 'InvalidParameter'],
  ])('%s has a code', async (_, body, contentType, code) => {
    const headers = signRequest({
      ...server.key,
      host: server.host,
      action: 'ModifyCloudRecording',
      body,
      contentType,
    });
    const { status, answer } = await server.send(headers, { body });
    expect([status, codeOf(answer)]).toEqual([200, code]);
  });

  test('a body that is too large has one too', async () => {
    const body = ' '.repeat(1024 * 1024 + 1);
    const headers = signRequest({ ...server.key, host: server.host, action: DESCRIBE, body });
    const { status, answer } = await server.send(headers, { body });
    expect([status, codeOf(answer)]).toEqual([200, 'RequestSizeLimitExceeded']);
  });

  test('a content type that is none has one too', async () => {
    const headers = signRequest({ ...server.key, host: server.host, action: DESCRIBE, body: '{}', contentType: ';;;' });
    const { status, answer } = await server.send(headers, { body: '{}' });
    expect([status, codeOf(answer)]).toEqual([200, 'InvalidRequest']);
  });

  test.each([
    ['SdkAppId=1&SdkAppId=2', 'InvalidParameter'],
    ['SdkAppId=1&TaskId=x&MixLayoutParams=1&MixLayoutParams.MixLayoutMode=1', 'InvalidParameter'],
    ['SdkAppId=a&TaskId=x', 'InvalidParameter'],
    [`SdkAppId=1&TaskId=x&${'a.'.repeat(2_000)}=1`, 'UnknownParameter'],
    [Array.from({ length: 2_100 }, (_, n) => n.toString(36)).join('&'), 'InvalidParameter'],
    ['__proto__.SdkAppId=1', 'UnknownParameter'],
    ['SdkAppId=1&TaskId=%FF%', 'AuthFailure.UnauthorizedOperation'],
  ])('a query of %s has a code', async (query, code) => {
    const signing = { method: 'GET' as const, query, contentType: 'application/x-www-form-urlencoded' };
    const headers = signRequest({ ...server.key, host: server.host, action: 'ModifyCloudRecording', ...signing });
    const { status, answer } = await server.send(headers, { method: 'GET', query });
    expect([status, codeOf(answer)]).toEqual([200, code]);
  });

  test('browsers find their page where back ends ask', async () => {
    const response = await fetch(`http://${server.host}/`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/library']);
    const head = await fetch(`http://${server.host}/`, { method: 'HEAD', redirect: 'manual' });
    expect(head.status).toBe(302);
  });
});
