import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerEventName } from '@callreel/protocol';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFirstCredentials } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { CallreelError } from '../base/index.ts';
import type { CallChange, CallEvent, CallOutbox, DeviceRef } from './call.ts';
import { Calls, listCalls, rememberUser } from './index.ts';

let APP = 0;
const device = (userId: string, tab = 'tab-1'): DeviceRef => ({ sdkAppId: APP, userId, deviceId: `${userId}-${tab}` });
let alice: DeviceRef;
let bob: DeviceRef;
let carol: DeviceRef;
let dave: DeviceRef;

let folder = '';
let database: Database;
let calls: Calls;
let events: CallEvent['type'][] = [];
let told: { to: string; name: ServerEventName; reason?: string; userId?: string }[] = [];
let refuseRoom = false;
/** What was told outside, and, for each time that it was committed, a line. */
let outside: string[] = [];
let refuseTelling: CallChange['type'] | null = null;
const outbox: CallOutbox = {
  write: async (transaction, call, change) => {
    if (change.type === refuseTelling) throw new Error('The outbox is full.');
    if (!transaction.isTransaction) throw new Error('That is no transaction.');
    const about =
      change.type === 'membersChanged'
        ? change.members.map(({ userId, action }) => ` ${userId} ${action}`).join()
        : change.type === 'ended'
          ? ` ${change.reason}`
          : '';
    outside.push(`${change.type}${about}: ${call.members.map(({ state }) => state).join(' ')}`);
  },
  committed: () => void outside.push('committed'),
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callreel-calls-'));
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  APP = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
  [alice, bob, carol, dave] = [device('alice'), device('bob'), device('carol'), device('dave')];
  for (const { userId } of [alice, bob, carol, dave]) await rememberUser(database.db, APP, userId);
}, 60_000);
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

function newCalls(ringTimeoutMs = 30_000, absenceTimeoutMs = 10_000): Calls {
  return new Calls({
    db: database.db,
    log: pino({ level: 'silent' }),
    ringTimeoutMs,
    absenceTimeoutMs,
    outbox,
    outlet: {
      event: async ({ type }) => {
        if (refuseRoom && type === 'answered') throw new CallreelError('MediaUnavailable');
        events.push(type);
      },
      notify: (to, name, body) => {
        const whom = `${to.userId}${to.deviceId === undefined ? '' : `@${to.deviceId}`}${to.exceptDeviceId === undefined ? '' : ` not ${to.exceptDeviceId}`}`;
        told.push({
          to: whom,
          name,
          ...('reason' in body ? { reason: body.reason } : {}),
          ...('userId' in body ? { userId: body.userId } : {}),
        });
      },
    },
  });
}

beforeEach(() => {
  events = [];
  told = [];
  refuseRoom = false;
  outside = [];
  refuseTelling = null;
  calls = newCalls();
});
afterEach(async () => {
  for (const { call, member } of [alice, bob, carol, dave].flatMap((each) => calls.of(each))) {
    if (member.userId === call.callerId) await calls.memberLost(call.callId, call.callerId);
  }
  calls.letGo();
});

const video = (...userIdList: string[]) => ({ userIdList, type: 'video' as const });
const recordOf = async (callId: string) =>
  (await listCalls(database.db, { sdkAppId: APP, limit: 100 })).find((record) => record.callId === callId);

describe('a 1:1 call', () => {
  test('rings, begins, and ends with the one who hangs up', async () => {
    const info = await calls.start(alice, { ...video('bob'), userData: 'x' });
    expect(info).toMatchObject({ callerId: 'alice', calleeIdList: ['bob'], role: 'caller', userData: 'x' });
    expect(typeof info.roomId).toBe('number');
    expect(told).toEqual([{ to: 'bob', name: 'call.received' }]);
    const begun = await calls.accept(bob, info.callId);
    expect(begun.info.role).toBe('callee');
    expect(events).toEqual(['answered']);
    expect(calls.activeCall(alice, info.callId).state).toBe('active');
    await calls.hangup(alice, info.callId);
    expect(told.filter(({ name }) => name === 'call.ended')).toEqual([
      { to: 'bob@bob-tab-1', name: 'call.ended', reason: 'hangup', userId: 'alice' },
      { to: 'alice@alice-tab-1', name: 'call.ended', reason: 'hangup', userId: 'alice' },
    ]);
    expect(events).toEqual(['answered', 'ended']);
    expect(await recordOf(info.callId)).toMatchObject({
      state: 'ended',
      result: 'hangup',
      calleeIdList: ['bob'],
      acceptedUs: begun.acceptedUs,
    });
  });

  test('a rejection reaches the caller, and ends the ringing on the other devices', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.reject(bob, callId);
    expect(told.slice(1)).toEqual([
      { to: 'alice', name: 'call.userDeclined', reason: 'reject', userId: 'bob' },
      { to: 'bob@bob-tab-1', name: 'call.notConnected', reason: 'reject', userId: 'bob' },
      { to: 'bob not bob-tab-1', name: 'call.notConnected', reason: 'otherDeviceReject', userId: 'bob' },
      { to: 'alice@alice-tab-1', name: 'call.notConnected', reason: 'reject', userId: 'bob' },
    ]);
    expect(await recordOf(callId)).toMatchObject({ state: 'ended', result: 'reject', acceptedUs: null });
  });

  test('the caller cancels', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.hangup(alice, callId);
    expect(told.slice(1)).toEqual([
      { to: 'bob', name: 'call.notConnected', reason: 'canceled', userId: 'alice' },
      { to: 'alice@alice-tab-1', name: 'call.notConnected', reason: 'canceled', userId: 'alice' },
    ]);
  });

  test('nobody answers in time', async () => {
    calls = newCalls(50);
    const { callId } = await calls.start(alice, video('bob'));
    await vi.waitFor(async () => expect((await recordOf(callId))?.result).toBe('noResponse'));
    expect(told.map(({ to, name, reason }) => `${to} ${name} ${reason}`)).toContain(
      'alice call.userDeclined noResponse',
    );
  });

  test('a second device that answers ends the ringing on the first', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.accept(device('bob', 'tab-2'), callId);
    expect(told.at(-1)).toEqual({
      to: 'bob not bob-tab-2',
      name: 'call.notConnected',
      reason: 'otherDeviceAccepted',
      userId: 'bob',
    });
    await expect(calls.accept(bob, callId)).rejects.toMatchObject({ code: 'CallAnsweredElsewhere' });
    await expect(calls.hangup(bob, callId)).rejects.toMatchObject({ code: 'CallNotActive' });
    expect(() => calls.activeCall(bob, callId)).toThrow(expect.objectContaining({ code: 'CallNotActive' }));
  });

  test('a caller who vanishes ends it for the other', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.accept(bob, callId);
    await calls.memberLost(callId, 'bob');
    expect(told.at(-2)).toEqual({ to: 'alice@alice-tab-1', name: 'call.ended', reason: 'offline', userId: 'bob' });
    expect(await recordOf(callId)).toMatchObject({ result: 'offline' });
  });

  test('the server ends it for both, or takes one out, which ends it too', async () => {
    const first = await calls.start(alice, video('bob'));
    await calls.accept(bob, first.callId);
    await calls.endByServer(first.callId);
    expect(told.filter(({ name }) => name === 'call.ended').map(({ to, reason }) => [to, reason])).toEqual([
      ['alice@alice-tab-1', 'endByServer'],
      ['bob@bob-tab-1', 'endByServer'],
    ]);
    expect(await recordOf(first.callId)).toMatchObject({ state: 'ended', result: 'endByServer' });
    await calls.endByServer(first.callId);

    const second = await calls.start(alice, video('bob', 'carol'));
    await calls.accept(bob, second.callId);
    await calls.accept(carol, second.callId);
    told = [];
    await calls.removeMember(second.callId, 'dave');
    expect(told).toEqual([]);
    await calls.removeMember(second.callId, 'carol');
    expect(told).toEqual([{ to: 'carol@carol-tab-1', name: 'call.ended', reason: 'endByServer', userId: 'carol' }]);
    expect((await recordOf(second.callId))?.state).toBe('active');
    await calls.removeMember(second.callId, 'alice');
    expect(await recordOf(second.callId)).toMatchObject({ state: 'ended', result: 'endByServer' });
    expect(events.slice(-2)).toEqual(['left', 'ended']);
  });

  test('a caller who vanishes while it rings: the callee stops ringing; one who comes back goes on', async () => {
    calls = newCalls(30_000, 50);
    const lost = await calls.start(alice, video('bob'));
    const kept = await calls.start(carol, video('dave'));
    calls.deviceGone(alice);
    calls.deviceGone(carol);
    calls.deviceBack(carol);
    await vi.waitFor(async () => expect((await recordOf(lost.callId))?.result).toBe('offline'));
    expect(told).toContainEqual({ to: 'bob', name: 'call.notConnected', reason: 'offline', userId: 'alice' });
    expect((await recordOf(kept.callId))?.state).toBe('calling');
  });

  test('an answer that gets no room is taken back, and may be given again', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    refuseRoom = true;
    await expect(calls.accept(bob, callId)).rejects.toMatchObject({ code: 'MediaUnavailable' });
    expect(await recordOf(callId)).toMatchObject({ state: 'calling', acceptedUs: null });
    refuseRoom = false;
    await calls.accept(bob, callId);
    expect(calls.activeCall(bob, callId).state).toBe('active');
  });
});

describe('a group call', () => {
  test('goes on while two speak, and ends when one is left', async () => {
    const { callId } = await calls.start(alice, video('bob', 'carol', 'dave'));
    await calls.accept(bob, callId);
    await calls.accept(carol, callId);
    await calls.reject(dave, callId);
    expect(events).toEqual(['answered', 'joined']);
    expect(told.filter(({ name }) => name === 'call.userDeclined').map(({ to }) => to)).toEqual([
      'alice',
      'bob',
      'carol',
    ]);
    await calls.hangup(alice, callId);
    expect(events).toEqual(['answered', 'joined', 'left']);
    await calls.hangup(bob, callId);
    expect(events).toEqual(['answered', 'joined', 'left', 'ended']);
    expect(told.at(-2)).toEqual({ to: 'carol@carol-tab-1', name: 'call.ended', reason: 'hangup', userId: 'bob' });
  });

  test('leaves busy users out and says so', async () => {
    const first = await calls.start(alice, video('bob'));
    const { callId } = await calls.start(carol, video('bob', 'dave'));
    expect(told.filter(({ name }) => name === 'call.userDeclined')).toEqual([
      { to: 'carol', name: 'call.userDeclined', reason: 'lineBusy', userId: 'bob' },
      { to: 'dave', name: 'call.userDeclined', reason: 'lineBusy', userId: 'bob' },
    ]);
    await expect(calls.accept(bob, callId)).rejects.toMatchObject({ code: 'CallNotRinging' });
    await calls.hangup(carol, callId);
    await calls.hangup(alice, first.callId);
  });
});

describe('what is told outside', () => {
  test('of a call that is held', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.accept(bob, callId);
    await calls.hangup(alice, callId);
    expect(outside).toEqual([
      ...['started: active ringing', 'committed'],
      ...['membersChanged bob accept: active active', 'committed'],
      ...['membersChanged alice hangup: left left', 'ended hangup: left left', 'committed'],
    ]);
  });

  test('of a call that is refused, taken back, or not answered', async () => {
    const refused = await calls.start(alice, video('bob'));
    await calls.reject(bob, refused.callId);
    const canceled = await calls.start(alice, video('bob'));
    await calls.hangup(alice, canceled.callId);
    calls = newCalls(50);
    const missed = await calls.start(alice, video('bob'));
    await vi.waitFor(async () => expect((await recordOf(missed.callId))?.result).toBe('noResponse'));
    expect(outside.filter((line) => line !== 'committed')).toEqual([
      ...['started: active ringing', 'membersChanged bob reject: active rejected', 'ended reject: left rejected'],
      ...['started: active ringing', 'membersChanged bob cancel: left canceled', 'ended canceled: left canceled'],
      ...[
        'started: active ringing',
        'membersChanged bob noResponse: active noResponse',
        'ended noResponse: left noResponse',
      ],
    ]);
  });

  test('of a group, one of whom is busy and one vanishes', async () => {
    const other = await calls.start(alice, video('bob'));
    const { callId } = await calls.start(carol, video('bob', 'dave'));
    await calls.accept(dave, callId);
    await calls.memberLost(callId, 'dave');
    await calls.hangup(alice, other.callId);
    expect(outside.filter((line) => line !== 'committed').slice(1, -2)).toEqual([
      ...['started: active lineBusy ringing', 'membersChanged bob lineBusy: active lineBusy ringing'],
      'membersChanged dave accept: active lineBusy active',
      ...['membersChanged dave offline: left lineBusy offline', 'ended offline: left lineBusy offline'],
    ]);
  });

  test('an answer that gets no room: it rings again', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    refuseRoom = true;
    await expect(calls.accept(bob, callId)).rejects.toMatchObject({ code: 'MediaUnavailable' });
    expect(outside.slice(2)).toEqual([
      ...['membersChanged bob accept: active active', 'committed'],
      ...['membersChanged bob ring: active ringing', 'committed'],
    ]);
  });

  test('a call whose beginning cannot be told has not begun', async () => {
    refuseTelling = 'started';
    await expect(calls.start(alice, video('bob'))).rejects.toThrow('The outbox is full.');
    expect(told).toEqual([]);
    expect(outside).toEqual([]);
    const rows = await database.db.selectFrom('calls').select('call_id').where('state', '!=', 'ended').execute();
    expect(rows).toEqual([]);
    refuseTelling = null;
    await calls.start(alice, video('bob'));
  });
});

describe('what is refused, and changes nothing', () => {
  test.each([
    ['nobody', video(), 'CallNobody'],
    ['oneself', video('alice'), 'CallSelf'],
    ['one user twice', video('bob', 'bob'), 'CallUserTwice'],
    ['somebody who never signed in', video('bob', 'mallory'), 'CallUserUnknown'],
    ['two rooms', { ...video('bob'), roomId: 1, strRoomId: 'a' }, 'RoomIdsBothGiven'],
  ])('a call to %s', async (_, body, code) => {
    const before = (await listCalls(database.db, { sdkAppId: APP, limit: 1000 })).length;
    await expect(calls.start(alice, body)).rejects.toMatchObject({ code });
    expect(calls.size).toBe(0);
    expect(told).toEqual([]);
    expect((await listCalls(database.db, { sdkAppId: APP, limit: 1000 })).length).toBe(before);
  });

  test('a busy caller, a busy callee, a room in use', async () => {
    const { callId } = await calls.start(alice, { ...video('bob'), strRoomId: 'ward 7' });
    await expect(calls.start(alice, video('carol'))).rejects.toMatchObject({ code: 'CallBusy' });
    await expect(calls.start(carol, video('bob'))).rejects.toMatchObject({ code: 'CallUserBusy' });
    await expect(calls.start(carol, { ...video('dave'), strRoomId: 'ward 7' })).rejects.toMatchObject({
      code: 'RoomTaken',
    });
    expect(calls.size).toBe(1);
    await calls.hangup(alice, callId);
  });

  test('two calls at once to one user: one rings', async () => {
    const results = await Promise.allSettled([calls.start(alice, video('carol')), calls.start(bob, video('carol'))]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('calls that are not there, are another application’s, or are nobody’s business', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    const acts: ((who: DeviceRef, id: string) => Promise<unknown>)[] = [
      (who, id) => calls.accept(who, id),
      (who, id) => calls.reject(who, id),
      (who, id) => calls.hangup(who, id),
    ];
    for (const act of acts) {
      await expect(async () => act(bob, 'no-such-call')).rejects.toMatchObject({ code: 'CallUnknown' });
      await expect(async () => act({ ...bob, sdkAppId: 2 }, callId)).rejects.toMatchObject({ code: 'CallUnknown' });
      await expect(async () => act(carol, callId)).rejects.toMatchObject({ code: 'CallNotMember' });
    }
    await expect(calls.reject(alice, callId)).rejects.toMatchObject({ code: 'CallNotRinging' });
    expect(() => calls.activeCall(alice, callId)).toThrow(expect.objectContaining({ code: 'CallNotActive' }));
  });
});

describe('after a crash', () => {
  test('ringing goes on, and a call with its room', async () => {
    const ringing = await calls.start(alice, video('bob'));
    const active = await calls.start(carol, video('dave'));
    await calls.accept(dave, active.callId);
    calls.letGo();
    calls = newCalls();
    await calls.resume(() => true);
    expect(calls.of(bob)).toMatchObject([{ call: { callId: ringing.callId }, member: { state: 'ringing' } }]);
    await calls.accept(bob, ringing.callId);
    expect(calls.activeCall(carol, active.callId).members.map(({ state }) => state)).toEqual(['active', 'active']);
  });

  test('a call whose room is gone is ended', async () => {
    const { callId } = await calls.start(alice, video('bob'));
    await calls.accept(bob, callId);
    calls.letGo();
    calls = newCalls();
    await calls.resume(() => false);
    expect(await recordOf(callId)).toMatchObject({ state: 'ended', result: 'endByServer' });
  });
});
