import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CallInfo, type ResumedCall, type RoomSnapshot, SIGNALLING_PATH } from '@callreel/protocol';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallMedia } from '../media/call-media.ts';
import { CallEngine } from './call-engine.ts';
import type { CallEngineEvents } from './call-events.ts';

// A server that answers what the test says; the engine's own rules are what is tested here, the real server
// and real media in the whole-system tests.
type Handler = (body: unknown) => unknown;

class ScriptedServer {
  readonly heard: { name: string; body: unknown }[] = [];
  readonly answers = new Map<string, Handler>([['call.resume', () => ({ calls: [] })]]);
  readonly #http = createServer();
  readonly #io = new Server(this.#http, { path: SIGNALLING_PATH });
  socket: Socket | null = null;

  async listen(): Promise<string> {
    this.#io.on('connection', (socket) => {
      this.socket = socket;
      socket.onAny((name: string, body: unknown, ack: (answer: unknown) => void) => {
        this.heard.push({ name, body });
        const answer = this.answers.get(name);
        if (answer === undefined) ack({ ok: true, data: {} });
        else {
          try {
            ack({ ok: true, data: answer(body) });
          } catch (thrown) {
            ack({ ok: false, error: thrown });
          }
        }
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  tell(name: string, body: unknown): void {
    this.socket?.emit(name, body);
  }

  /** Cuts the connection as a network does; the engine comes back by itself. */
  cut(): void {
    this.socket?.conn.close();
  }

  async close(): Promise<void> {
    await this.#io.close();
  }
}

class RecordedMedia implements CallMedia {
  readonly log: string[] = [];
  devices = { microphone: true, camera: true };
  /** Settles `prepare`; by default at once. */
  ready: Promise<void> = Promise.resolve();

  async prepare(type: string): Promise<void> {
    this.log.push(`prepare ${type}`);
    await this.ready;
  }
  enter(callId: string, _room: RoomSnapshot, rejoined: boolean): void {
    this.log.push(`enter ${callId}${rejoined ? ' again' : ''}`);
  }
  update(room: RoomSnapshot, resumed: boolean): void {
    this.log.push(`update ${room.mediaEpoch}${resumed ? ' resumed' : ''}`);
  }
  offered({ offerId }: { offerId: number }): void {
    this.log.push(`offer ${offerId}`);
  }
  async setMicrophone(on: boolean): Promise<void> {
    this.log.push(`microphone ${on}`);
  }
  async setCamera(on: boolean): Promise<void> {
    this.log.push(`camera ${on}`);
  }
  setView(userId: string): void {
    this.log.push(`view ${userId}`);
  }
  async resumeSound(): Promise<void> {
    this.log.push('sound');
  }
  close(): void {
    this.log.push('close');
  }
}

const info = (role: CallInfo['role'], callId = 'call-0001'): CallInfo => ({
  callId,
  mediaType: 'video',
  callerId: role === 'caller' ? 'amy' : 'bob',
  calleeIdList: [role === 'caller' ? 'bob' : 'amy'],
  roomId: 7,
  role,
  userData: 'u',
  chatGroupId: '',
});
const room = (facts: Partial<RoomSnapshot> = {}): RoomSnapshot => ({
  roomId: 7,
  users: ['amy', 'bob'],
  streams: [],
  recording: false,
  mediaEpoch: 1,
  ...facts,
});
const extra = (role: CallInfo['role']) => ({ roomId: 7, role, userData: 'u', chatGroupId: '' });

const EVENTS: (keyof CallEngineEvents)[] = [
  'onCallReceived',
  'onCallBegin',
  'onCallEnd',
  'onCallNotConnected',
  'onUserReject',
  'onUserNoResponse',
  'onUserLineBusy',
  'onUserJoin',
  'onUserLeave',
  'onUserVideoAvailable',
  'onUserAudioAvailable',
  'onKickedOffline',
  'onUserSigExpired',
  'onError',
  'onRecordingChanged',
];

let server: ScriptedServer;
let address: string;
let engine: CallEngine;
let events: unknown[][];
let medias: RecordedMedia[];

/** Waits until something holds; fails with the test's own time-out. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const seen = (name: string): unknown[] | undefined => events.find(([event]) => event === name);

beforeEach(async () => {
  server = new ScriptedServer();
  address = await server.listen();
  events = [];
  medias = [];
  engine = new CallEngine({
    newCallMedia: () => {
      const media = new RecordedMedia();
      medias.push(media);
      return media;
    },
  });
  for (const name of EVENTS) engine.on(name, (...args: unknown[]) => void events.push([name, ...args]));
});

afterEach(async () => {
  engine.destroy();
  await server.close();
});

const signIn = (): Promise<void> =>
  engine.init({ server: address, sdkAppId: 1, userId: 'amy', deviceId: 'device-0001' });

async function callBob(): Promise<void> {
  server.answers.set('call.start', () => ({ info: info('caller') }));
  await engine.calls({ userIdList: ['bob'], type: 'video', userData: 'u' });
}

describe('a call of one’s own', () => {
  it('opens the devices first, rings, begins and ends with the known events', async () => {
    await signIn();
    await callBob();
    expect(engine.state).toBe('calling');
    expect(server.heard.at(-1)).toEqual({
      name: 'call.start',
      body: { userIdList: ['bob'], type: 'video', timeoutS: 30, userData: 'u' },
    });
    server.tell('call.begun', { info: info('caller'), room: room({ recording: true }), acceptedAtMs: 5 });
    await until(() => engine.state === 'active');
    server.tell('room.offer', { callId: 'call-0001', offerId: 3, sdp: 'v=0', streams: [] });
    const streams = [{ streamId: 's', userId: 'bob', kind: 'video', source: 'main', muted: false }] as const;
    server.tell('room.changed', { callId: 'call-0001', room: room({ recording: true, streams: [...streams] }) });
    server.tell('call.ended', { info: info('caller'), reason: 'hangup', userId: 'bob', totalMs: 1234 });
    await until(() => engine.state === 'idle');
    expect(events).toEqual([
      ['onCallBegin', 'call-0001', 'video', extra('caller')],
      ['onRecordingChanged', true],
      ['onUserJoin', 'bob'],
      ['onUserVideoAvailable', 'bob', true],
      ['onRecordingChanged', false],
      ['onCallEnd', 'call-0001', 'video', 'hangup', 'bob', 1234, extra('caller')],
    ]);
    expect(medias.map(({ log }) => log)).toEqual([
      ['prepare video', 'enter call-0001', 'offer 3', 'update 1', 'close'],
    ]);
  });

  it('tells who does not come, and why it was not connected', async () => {
    await signIn();
    await callBob();
    for (const reason of ['reject', 'noResponse', 'lineBusy', 'offline']) {
      server.tell('call.userDeclined', { callId: 'call-0001', userId: reason, reason });
    }
    server.tell('call.userDeclined', { callId: 'call-9999', userId: 'stranger', reason: 'reject' });
    server.tell('call.notConnected', { info: info('caller'), reason: 'reject', userId: 'bob' });
    await until(() => engine.state === 'idle');
    expect(events).toEqual([
      ['onUserReject', 'reject'],
      ['onUserNoResponse', 'noResponse'],
      ['onUserLineBusy', 'lineBusy'],
      ['onUserNoResponse', 'offline'],
      ['onCallNotConnected', 'call-0001', 'video', 'reject', 'bob', extra('caller')],
    ]);
  });

  it('throws what the server answers and is free again', async () => {
    await signIn();
    server.answers.set('call.start', () => {
      throw { code: 'CallUserUnknown', message: 'Nobody.', retry: false };
    });
    await expect(engine.calls({ userIdList: ['bob'], type: 'audio' })).rejects.toMatchObject({
      code: 'CallUserUnknown',
    });
    expect(engine.state).toBe('idle');
    expect(medias[0]?.log).toEqual(['prepare audio', 'close']);
    await callBob();
    await expect(engine.calls({ userIdList: ['bob'], type: 'audio' })).rejects.toMatchObject({ code: 'CallBusy' });
  });

  it('can be cancelled while the devices are being opened, before anybody was rung', async () => {
    const opened = Promise.withResolvers<void>();
    engine = new CallEngine({
      newCallMedia: () => Object.assign(new RecordedMedia(), { ready: opened.promise }),
    });
    await signIn();
    const placing = engine.calls({ userIdList: ['bob'], type: 'video' });
    await engine.hangup();
    opened.resolve();
    await expect(placing).rejects.toMatchObject({ code: 'NoCall' });
    expect(engine.state).toBe('idle');
    expect(server.heard.map(({ name }) => name)).not.toContain('call.start');
  });

  it('is cancelled with one event, whether or not the server tells it too', async () => {
    await signIn();
    await callBob();
    server.answers.set('call.hangup', () => {
      server.tell('call.notConnected', { info: info('caller'), reason: 'canceled', userId: 'amy' });
      return {};
    });
    await engine.hangup();
    expect(events).toEqual([['onCallNotConnected', 'call-0001', 'video', 'canceled', 'amy', extra('caller')]]);
    await expect(engine.hangup()).rejects.toMatchObject({ code: 'NoCall' });
  });
});

describe('a call from somebody', () => {
  const ring = async (): Promise<void> => {
    await signIn();
    server.tell('call.received', { info: info('callee'), timeoutMs: 30_000 });
    await until(() => engine.state === 'ringing');
  };

  it('rings and is answered', async () => {
    await ring();
    expect(seen('onCallReceived')).toEqual(['onCallReceived', 'call-0001', 'bob', ['amy'], 'video', extra('callee')]);
    server.answers.set('call.accept', () => ({ info: info('callee'), room: room(), acceptedAtMs: 9 }));
    await engine.accept();
    expect(engine.state).toBe('active');
    expect(engine.call).toMatchObject({ acceptedAtMs: 9, userIds: ['bob'] });
    expect(medias[0]?.log).toEqual(['prepare video', 'enter call-0001']);
    await engine.closeCamera();
    await engine.closeMicrophone();
    engine.startRemoteView({ userId: 'bob', view: 'x' });
    expect(medias[0]?.log.slice(2)).toEqual(['camera false', 'microphone false', 'view bob']);
  });

  it('is rejected', async () => {
    await ring();
    await engine.reject();
    expect(server.heard.at(-1)).toEqual({ name: 'call.reject', body: { callId: 'call-0001' } });
    expect(seen('onCallNotConnected')).toEqual([
      'onCallNotConnected',
      'call-0001',
      'video',
      'reject',
      'amy',
      extra('callee'),
    ]);
    await expect(engine.accept()).rejects.toMatchObject({ code: 'CallNotRinging' });
  });

  it('lets the devices go when the caller gives up while they are being opened', async () => {
    await ring();
    const opened = Promise.withResolvers<void>();
    engine.on('onError', () => undefined);
    const answering = engine.accept();
    const [media] = medias;
    if (media !== undefined) media.ready = opened.promise;
    server.tell('call.notConnected', { info: info('callee'), reason: 'canceled', userId: 'bob' });
    opened.resolve();
    await Promise.allSettled([answering]);
    await until(() => engine.state === 'idle');
    expect(media?.log).toContain('close');
  });

  it('is left alone while another call is under way', async () => {
    await signIn();
    await callBob();
    server.tell('call.received', { info: info('callee', 'call-0002'), timeoutMs: 30_000 });
    server.tell('call.userDeclined', { callId: 'call-0001', userId: 'bob', reason: 'reject' });
    await until(() => seen('onUserReject') !== undefined);
    expect(seen('onCallReceived')).toBeUndefined();
  });
});

describe('a lost connection', () => {
  const active = (facts?: Partial<RoomSnapshot>): ResumedCall => ({
    state: 'active',
    info: info('caller'),
    room: room(facts),
    acceptedAtMs: 5,
  });
  const begin = async (): Promise<void> => {
    await signIn();
    await callBob();
    server.tell('call.begun', { info: info('caller'), room: room(), acceptedAtMs: 5 });
    await until(() => engine.state === 'active');
  };

  it('leaves a running call alone and catches up', async () => {
    await begin();
    server.answers.set('call.resume', () => ({ calls: [active({ recording: true, mediaEpoch: 2 })] }));
    server.cut();
    await until(() => seen('onRecordingChanged') !== undefined);
    expect(medias).toHaveLength(1);
    expect(medias[0]?.log).toEqual(['prepare video', 'enter call-0001', 'update 2 resumed']);
    expect(seen('onCallEnd')).toBeUndefined();
  });

  it('ends a call that is over on the server', async () => {
    await begin();
    server.cut();
    await until(() => seen('onCallEnd') !== undefined);
    expect(seen('onCallEnd')?.slice(0, 5)).toEqual(['onCallEnd', 'call-0001', 'video', 'offline', 'amy']);
    expect(medias[0]?.log.at(-1)).toBe('close');
  });

  it('begins a call that was answered meanwhile', async () => {
    await signIn();
    await callBob();
    server.answers.set('call.resume', () => ({ calls: [active()] }));
    server.cut();
    await until(() => engine.state === 'active');
    expect(medias[0]?.log).toEqual(['prepare video', 'enter call-0001 again']);
  });

  it('hangs up at once and tells the server when it is back', async () => {
    await begin();
    const lost = new Promise((resolve) => engine.on('onConnectionChanged', resolve));
    server.answers.set('call.resume', () => ({ calls: [active()] }));
    server.cut();
    await lost;
    await engine.hangup();
    expect(engine.state).toBe('idle');
    expect(seen('onCallEnd')?.slice(3, 5)).toEqual(['hangup', 'amy']);
    await until(() => server.heard.some(({ name }) => name === 'call.hangup'));
    expect(engine.state).toBe('idle');
  });

  it('takes up the call of a page that was loaded anew', async () => {
    server.answers.set('call.resume', () => ({ calls: [active()] }));
    await signIn();
    expect(engine.state).toBe('active');
    expect(medias[0]?.log).toEqual(['prepare video', 'enter call-0001 again']);
    expect(seen('onCallBegin')).toBeDefined();
  });

  it('takes up a call that rings', async () => {
    server.answers.set('call.resume', () => ({
      calls: [{ state: 'ringing', info: info('callee'), remainingMs: 900 }],
    }));
    await signIn();
    expect(engine.state).toBe('ringing');
    expect(seen('onCallReceived')).toBeDefined();
  });
});

describe('being thrown out', () => {
  it.each([
    ['SignedInElsewhere', 'onKickedOffline'],
    ['UserSigExpired', 'onUserSigExpired'],
  ])('by %s is told by %s', async (code, event) => {
    await signIn();
    server.tell('device.kicked', { error: { code, message: 'Out.', retry: false } });
    await until(() => engine.state === 'signedOut');
    expect(events).toEqual([[event]]);
    await expect(engine.calls({ userIdList: ['bob'], type: 'video' })).rejects.toMatchObject({
      code: 'NotInitialised',
    });
  });

  it('ends nothing twice', async () => {
    await signIn();
    engine.destroy();
    engine.destroy();
    expect(engine.state).toBe('signedOut');
    await signIn();
    expect(engine.state).toBe('idle');
  });
});
