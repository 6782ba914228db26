import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { type Ack, ERROR_CATALOGUE, type ErrorBody, SIGNALLING_MAX_BYTES, SIGNALLING_PATH } from '@callreel/protocol';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ServerProcess } from './harness/server-process.ts';

// The official signer: nobody here wrote it.
type Signer = new (
  sdkAppId: number,
  key: string,
) => {
  genUserSig(userId: string, expireS: number): string;
  genPrivateMapKey(userId: string, expireS: number, roomId: number, privileges: number): string;
};
const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as { Api: Signer };

let server: ServerProcess;
let app: { sdkAppId: number; secretKey: string };
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await ServerProcess.start();
  ({ app } = await server.credentials());
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});
afterAll(() => server.close());

/** A UserSig of the official signer. @param agoS how long ago it was made. */
function sigOf(userId: string, { expireS = 600, key = app.secretKey, sdkAppId = app.sdkAppId, agoS = 0 } = {}): string {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - agoS * 1000 });
  try {
    return new Api(sdkAppId, key).genUserSig(userId, expireS);
  } finally {
    vi.useRealTimers();
  }
}

function connect(auth: Record<string, unknown>): Socket {
  const socket = io(server.address, {
    path: SIGNALLING_PATH,
    transports: ['websocket'],
    auth,
    forceNew: true,
    reconnection: false,
  });
  sockets.push(socket);
  return socket;
}

/** Signs a user in, with an own device id unless one is given. */
async function signIn(userId: string, deviceId = randomUUID()): Promise<Socket> {
  const socket = connect({ sdkAppId: app.sdkAppId, userId, userSig: sigOf(userId), deviceId });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

function refusal(auth: Record<string, unknown>): Promise<ErrorBody> {
  const socket = connect(auth);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('It was let in.')));
    socket.once('connect_error', (error: Error & { data?: ErrorBody }) =>
      error.data === undefined ? reject(error) : resolve(error.data),
    );
  });
}

async function ask(socket: Socket, name: string, body: unknown): Promise<Ack<Record<string, unknown>>> {
  return socket.timeout(10_000).emitWithAck(name, body);
}

async function codeOf(socket: Socket, name: string, body: unknown): Promise<string> {
  const ack = await ask(socket, name, body);
  if (ack.ok) return 'ok';
  expect(ack.error.message).toContain(ERROR_CATALOGUE[ack.error.code].sentence);
  expect(ack.error.retry).toBe(ERROR_CATALOGUE[ack.error.code].retry);
  return ack.error.code;
}

/** What must be the same before and after a refusal. */
async function stateOf(): Promise<string> {
  return JSON.stringify([
    await (await server.api('/api/v1/calls?limit=100')).json(),
    await (await server.api('/api/v1/recordings?limit=100')).json(),
  ]);
}

describe('signing in', () => {
  const good = (): Record<string, unknown> => ({
    sdkAppId: app.sdkAppId,
    userId: 'alice',
    userSig: sigOf('alice'),
    deviceId: randomUUID(),
  });

  test('both kinds of the official signer are let in', async () => {
    await signIn('alice');
    const socket = connect({
      ...good(),
      userSig: new Api(app.sdkAppId, app.secretKey).genPrivateMapKey('alice', 600, 1, 255),
    });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  });

  test.each([
    ['no UserSig', { userSig: undefined }, 'UserSigMissing'],
    ['a UserSig that is no such thing', { userSig: 'nonsense' }, 'UserSigInvalid'],
    ['a UserSig of another key', () => ({ userSig: sigOf('alice', { key: 'f'.repeat(64) }) }), 'UserSigInvalid'],
    ['a UserSig of another user', () => ({ userSig: sigOf('bob') }), 'UserSigForeign'],
    ['a UserSig of another application', () => ({ userSig: sigOf('alice', { sdkAppId: 1 }) }), 'UserSigForeign'],
    ['a UserSig that has expired', () => ({ userSig: sigOf('alice', { expireS: 60, agoS: 61 }) }), 'UserSigExpired'],
    ['an application that is not there', { sdkAppId: 1 }, 'ApplicationUnknown'],
    ['no user', { userId: '' }, 'MessageMalformed'],
    ['a user id with control characters', { userId: 'a\nb' }, 'MessageMalformed'],
    ['no device', { deviceId: undefined }, 'MessageMalformed'],
    ['a field too many', { admin: true }, 'MessageMalformed'],
    ['types that are wrong', { sdkAppId: '1' }, 'MessageMalformed'],
  ] as [string, Record<string, unknown> | (() => Record<string, unknown>), string][])(
    '%s is refused',
    async (_, change, code) => {
      const { code: answered, message } = await refusal({
        ...good(),
        ...(typeof change === 'function' ? change() : change),
      });
      expect([answered, message]).toEqual([
        code,
        expect.stringContaining(ERROR_CATALOGUE[code as keyof typeof ERROR_CATALOGUE].sentence),
      ]);
    },
  );

  test('a second sign-in of the same device ends the first, and says so', async () => {
    const deviceId = randomUUID();
    const first = await signIn('alice', deviceId);
    const kicked = new Promise<{ error: ErrorBody }>((resolve) => first.once('device.kicked', resolve));
    const gone = new Promise((resolve) => first.once('disconnect', resolve));
    const second = await signIn('alice', deviceId);
    expect((await kicked).error.code).toBe('SignedInElsewhere');
    await gone;
    expect(await codeOf(second, 'call.resume', {})).toBe('ok');
  });

  test('a UserSig that expires while signed in ends the connection', async () => {
    const socket = connect({ ...good(), userSig: sigOf('alice', { expireS: 5 }) });
    const { error } = await new Promise<{ error: ErrorBody }>((resolve, reject) =>
      socket.once('device.kicked', resolve).once('connect_error', reject),
    );
    expect(error.code).toBe('UserSigExpired');
  });
});

describe('requests', () => {
  test('a table of wrong ones: each has its code, and nothing changes', async () => {
    const [alice, bob, carol] = [await signIn('alice'), await signIn('bob'), await signIn('carol')];
    const noCall = 'x'.repeat(22);
    const video = (...userIdList: string[]) => ({ userIdList, type: 'video' });
    const publish = (
      callId: string,
      sdp = 'v=0',
      streams: unknown[] = [{ mid: '0', kind: 'audio', source: 'main' }],
    ) => ({ callId, sdp, streams });
    const before = await stateOf();
    const table: [string, unknown, string][] = [
      ['call.start', video('nobody-ever'), 'CallUserUnknown'],
      ['call.start', video('alice'), 'CallSelf'],
      ['call.start', video(), 'CallNobody'],
      ['call.start', video('bob', 'bob'), 'CallUserTwice'],
      ['call.start', { ...video('bob'), roomId: 1, strRoomId: 'x' }, 'RoomIdsBothGiven'],
      ['call.start', { ...video('bob'), roomId: 0 }, 'MessageMalformed'],
      ['call.start', { ...video('bob'), timeoutS: 0 }, 'MessageMalformed'],
      ['call.start', { ...video('bob'), type: 'smoke' }, 'MessageMalformed'],
      ['call.start', { ...video('bob'), extra: 1 }, 'MessageMalformed'],
      ['call.start', video(...Array.from({ length: 25 }, (_, index) => `u${index}`)), 'MessageMalformed'],
      ['call.start', null, 'MessageMalformed'],
      ['call.start', 'bob', 'MessageMalformed'],
      ['call.start', [], 'MessageMalformed'],
      ['call.accept', { callId: noCall }, 'CallUnknown'],
      ['call.reject', { callId: noCall }, 'CallUnknown'],
      ['call.hangup', { callId: noCall }, 'CallUnknown'],
      ['call.hangup', { callId: '../..' }, 'MessageMalformed'],
      ['call.explode', {}, 'MessageUnknown'],
      ['__proto__', {}, 'MessageUnknown'],
      ['room.publish', publish(noCall), 'CallUnknown'],
      ['room.publish', publish(noCall, ''), 'MessageMalformed'],
      ['room.publish', publish(noCall, 'v=0', []), 'MessageMalformed'],
      ['room.mute', { callId: noCall, kind: 'audio', source: 'main', muted: true }, 'CallUnknown'],
      ['room.answer', { callId: noCall, offerId: 1, sdp: 'v=0' }, 'CallUnknown'],
      ['room.subscribe', { callId: noCall, restart: false }, 'CallUnknown'],
      ['room.candidate', { callId: noCall, connection: 'publisher', candidate: null }, 'CallUnknown'],
      ['room.candidate', { callId: noCall, connection: 'third', candidate: null }, 'MessageMalformed'],
      ['call.start', { ...video('bob'), userData: 'x'.repeat(SIGNALLING_MAX_BYTES) }, 'MessageTooLarge'],
    ];
    for (const [name, body, code] of table)
      expect([name, body === null ? null : JSON.stringify(body).slice(0, 80), await codeOf(alice, name, body)]).toEqual(
        [name, body === null ? null : JSON.stringify(body).slice(0, 80), code],
      );
    expect(await stateOf()).toBe(before);

    // With a call under way: busy people, strangers, and orders of the wrong moment.
    const { data } = (await ask(alice, 'call.start', video('bob'))) as { ok: true; data: { info: { callId: string } } };
    const { callId } = data.info;
    const ringing = await stateOf();
    expect(await codeOf(carol, 'call.start', video('bob'))).toBe('CallUserBusy');
    expect(await codeOf(alice, 'call.start', video('carol'))).toBe('CallBusy');
    expect(await codeOf(carol, 'call.accept', { callId })).toBe('CallNotMember');
    expect(await codeOf(carol, 'call.hangup', { callId })).toBe('CallNotMember');
    expect(await codeOf(alice, 'call.accept', { callId })).toBe('CallNotRinging');
    expect(await codeOf(alice, 'room.publish', publish(callId))).toBe('CallNotActive');
    expect(await stateOf()).toBe(ringing);

    expect(await codeOf(bob, 'call.accept', { callId })).toBe('ok');
    const active = await stateOf();
    expect(await codeOf(bob, 'call.accept', { callId })).toBe('CallNotRinging');
    expect(await codeOf(carol, 'room.publish', publish(callId))).toBe('CallNotMember');
    expect(await codeOf(alice, 'room.publish', publish(callId))).toBe('OfferRefused');
    expect(await codeOf(alice, 'room.mute', { callId, kind: 'audio', source: 'main', muted: true })).toBe(
      'StreamUnknown',
    );
    expect(await codeOf(alice, 'room.answer', { callId, offerId: 1, sdp: 'v=0' })).toBe('OfferStale');
    expect(await codeOf(await signIn('bob'), 'room.subscribe', { callId, restart: false })).toBe('CallNotActive');
    expect(await stateOf()).toBe(active);
    expect(await codeOf(bob, 'call.hangup', { callId })).toBe('ok');
  });

  test('a flood is slowed down, and others are served', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const codes = await Promise.all(
      Array.from({ length: 700 }, () => codeOf(alice, 'call.hangup', { callId: 'x'.repeat(22) })),
    );
    expect(new Set(codes)).toEqual(new Set(['CallUnknown', 'RequestTooFrequent']));
    expect(await codeOf(bob, 'call.resume', {})).toBe('ok');
  });

  test('a message beyond all measure cuts the connection, and the server goes on', async () => {
    const alice = await signIn('alice');
    const gone = new Promise((resolve) => alice.once('disconnect', resolve));
    alice.emit('call.start', { userIdList: ['x'.repeat(8 * SIGNALLING_MAX_BYTES)], type: 'video' });
    await gone;
    expect(await codeOf(await signIn('alice'), 'call.resume', {})).toBe('ok');
  });
});

describe('starting', () => {
  test('a folder in use, a port in use, a wrong key: one sentence each, and exit code 1', async () => {
    await expect(startBeside({ data: server.folder })).resolves.toMatch(
      /^callreel: The data folder is in use by another Callreel process\./,
    );
    await expect(startBeside({ data: `${server.folder}-2`, port: String(server.port) })).resolves.toMatch(
      /^callreel: The port is in use by another program\./,
    );
    await expect(startBeside({ data: `${server.folder}-2`, environment: { CALLREEL_PROT: '1' } })).resolves.toMatch(
      /^callreel: The configuration is not valid\. .*CALLREEL_PROT/,
    );
    await expect(
      startBeside({ data: `${server.folder}-2`, environment: { CALLREEL_MEDIA_JANUS_PATH: '/nowhere/janus' } }),
    ).resolves.toMatch(/^callreel: Janus is not installed\./);
  });
});

async function startBeside({
  data,
  port = '0',
  environment = {},
}: {
  data: string;
  port?: string;
  environment?: Record<string, string>;
}): Promise<string> {
  const { spawn } = await import('node:child_process');
  const { join } = await import('node:path');
  const { rm } = await import('node:fs/promises');
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../packages/server/src/main.ts'),
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      port,
      '--data',
      data,
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (data !== server.folder) await rm(data, { recursive: true, force: true });
  expect(code).toBe(1);
  return said.trim();
}
