import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SIGNALLING_PATH } from '@callreel/protocol';
import { Server } from 'socket.io';
import { afterEach, describe, expect, it } from 'vitest';
import { newDeviceId, SignallingClient } from './index.ts';

type Running = { io: Server; http: HttpServer; port: number };
const running: Running[] = [];
const clients: SignallingClient[] = [];

async function serve(onSocket: (io: Server) => void, port = 0): Promise<Running> {
  const http = createServer();
  const io = new Server(http, { path: SIGNALLING_PATH });
  onSocket(io);
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const entry = { io, http, port: (http.address() as AddressInfo).port };
  running.push(entry);
  return entry;
}

function client(port: number, requestTimeoutMs?: number): SignallingClient {
  const deviceId = newDeviceId();
  const made = new SignallingClient({
    server: `http://127.0.0.1:${port}`,
    signIn: () => ({ sdkAppId: 1, userId: 'amy', deviceId }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
  });
  clients.push(made);
  return made;
}

afterEach(async () => {
  for (const made of clients.splice(0)) made.close();
  for (const { io } of running.splice(0)) await io.close();
});

describe('SignallingClient', () => {
  it('signs in, asks and hears', async () => {
    const auths: unknown[] = [];
    const { port } = await serve((io) =>
      io.on('connection', (socket) => {
        auths.push(socket.handshake.auth);
        socket.on('call.resume', (body: unknown, ack: (a: unknown) => void) => {
          socket.emit('room.userEntered', { callId: 'call-0001', userId: 'bob' });
          ack({ ok: true, data: { calls: [], body } });
        });
      }),
    );
    const amy = client(port);
    const heard = new Promise((resolve) => amy.on('room.userEntered', resolve));
    await amy.connect();
    expect(await amy.request('call.resume', {})).toMatchObject({ calls: [] });
    expect(await heard).toEqual({ callId: 'call-0001', userId: 'bob' });
    expect(auths).toEqual([{ sdkAppId: 1, userId: 'amy', deviceId: expect.stringMatching(/^[a-z0-9]{24}$/) }]);
  });

  it('throws the error that the server answers', async () => {
    const { port } = await serve((io) =>
      io.on('connection', (socket) =>
        socket.on('call.start', (_body, ack) =>
          ack({ ok: false, error: { code: 'CallUserUnknown', message: 'Nobody.', retry: false, requestId: 'r1' } }),
        ),
      ),
    );
    const amy = client(port);
    await amy.connect();
    await expect(amy.request('call.start', { userIdList: ['bob'], type: 'video' })).rejects.toMatchObject({
      code: 'CallUserUnknown',
      message: 'Nobody.',
      requestId: 'r1',
      retry: false,
      action: expect.stringContaining('user id'),
    });
  });

  it('throws when an answer cannot be understood or does not come', async () => {
    const { port } = await serve((io) =>
      io.on('connection', (socket) => socket.on('call.resume', (_body, ack) => ack('well'))),
    );
    const amy = client(port, 200);
    await amy.connect();
    await expect(amy.request('call.resume', {})).rejects.toMatchObject({ code: 'AnswerMalformed' });
    await expect(amy.request('call.reject', { callId: 'call-0001' })).rejects.toMatchObject({
      code: 'RequestTimedOut',
      retry: true,
    });
  });

  it('is refused with the code of the server, and does not try again', async () => {
    let attempts = 0;
    const { port } = await serve((io) =>
      io.use((_socket, next) => {
        attempts++;
        next(Object.assign(new Error('no'), { data: { code: 'UserSigExpired', message: 'Expired.', retry: false } }));
      }),
    );
    const amy = client(port);
    await expect(amy.connect()).rejects.toMatchObject({ code: 'UserSigExpired' });
    await expect(amy.connect()).rejects.toMatchObject({ code: 'ConnectionLost' });
    expect(attempts).toBe(1);
  });

  it('tries again when the refusal says that it may pass', async () => {
    let attempts = 0;
    const { port } = await serve((io) =>
      io.use((_socket, next) => {
        attempts++;
        if (attempts > 1) next();
        else
          next(Object.assign(new Error('no'), { data: { code: 'MediaUnavailable', message: 'Soon.', retry: true } }));
      }),
    );
    const amy = client(port);
    const codes: string[] = [];
    amy.on('unreachable', (error) => codes.push(error.code));
    await amy.connect();
    expect(codes).toEqual(['MediaUnavailable']);
  });

  it('comes back after the server was away, and a request made meanwhile is answered', async () => {
    const answer = (io: Server) => {
      io.on('connection', (socket) => socket.on('call.resume', (_body, ack) => ack({ ok: true, data: { calls: [] } })));
    };
    const first = await serve(answer);
    const amy = client(first.port);
    const seen: string[] = [];
    amy.on('connected', (isFirst) => seen.push(isFirst ? 'first' : 'again'));
    amy.on('disconnected', () => seen.push('lost'));
    await amy.connect();
    const lost = new Promise<void>((resolve) => amy.on('disconnected', resolve));
    await first.io.close();
    await lost;
    const waiting = amy.request('call.resume', {});
    await serve(answer, first.port);
    expect(await waiting).toEqual({ calls: [] });
    expect(seen).toEqual(['first', 'lost', 'again']);
  });

  it('fails a request whose connection breaks before the answer', async () => {
    const { port } = await serve((io) =>
      io.on('connection', (socket) => socket.on('call.hangup', () => socket.conn.close())),
    );
    const amy = client(port);
    await amy.connect();
    await expect(amy.request('call.hangup', { callId: 'call-0001' })).rejects.toMatchObject({
      code: 'ConnectionLost',
      retry: true,
    });
  });

  it('ends when it is thrown out', async () => {
    const { port, io } = await serve(() => undefined);
    const amy = client(port);
    const refused = new Promise<unknown>((resolve) => amy.on('refused', resolve));
    await amy.connect();
    io.emit('device.kicked', { error: { code: 'SignedInElsewhere', message: 'Elsewhere.', retry: false } });
    expect(await refused).toMatchObject({ code: 'SignedInElsewhere' });
    expect(amy.connected).toBe(false);
  });
});
