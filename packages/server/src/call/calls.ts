import { randomBytes, randomInt } from 'node:crypto';
import type { CallEndReason, CallInfo, RequestBodyOf } from '@callreel/protocol';
import type { Kysely } from 'kysely';
import { Absences } from '../base/absences.ts';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import {
  type Call,
  type CallChange,
  type CallMember,
  type CallOutbox,
  type CallOutlet,
  type DeviceRef,
  infoFor,
  isBusyState,
  type MemberAction,
  type MemberState,
} from './call.ts';
import { CallNotices, type Declined } from './call-notices.ts';
import { insertCall, knownUsers, liveCalls, updateCall } from './queries.ts';

/** What calls work with. */
export type CallsParts = {
  db: Kysely<Tables>;
  outlet: CallOutlet;
  outbox: CallOutbox;
  log: Log;
  /** Ringing time when the caller names none, in ms. */
  ringTimeoutMs: number;
  /** How long the device of a caller may be unheard of before the call stops ringing, in ms. */
  absenceTimeoutMs: number;
};

type Change = WithoutTime<CallChange>;
type WithoutTime<C> = C extends unknown ? Omit<C, 'atUs'> : never;

type Live = { call: Call; timer: NodeJS.Timeout | null; queue: Promise<unknown> };

/**
 * All calls that live.
 *
 * A call begins as `calling` with the caller `active` and the callees `ringing`. The first answer makes it
 * `active`. It is `ended` when nobody rings and fewer than two are in it, when the caller cancels, when
 * nobody answers in time, or by the server. Whatever happens to one call happens in order.
 */
export class Calls {
  readonly #parts: CallsParts;
  readonly #live = new Map<string, Live>();

  readonly #notices: CallNotices;
  readonly #absences: Absences;

  constructor(parts: CallsParts) {
    this.#parts = parts;
    this.#notices = new CallNotices(parts.outlet);
    this.#absences = new Absences(parts.absenceTimeoutMs, (name) => this.#callersLost(name));
  }

  /** Takes over what an earlier process left. @param hasRoom whether an active call's room is still open. */
  async resume(hasRoom: (call: Call) => boolean): Promise<void> {
    for (const call of await liveCalls(this.#parts.db)) {
      const live: Live = { call, timer: null, queue: Promise.resolve() };
      this.#live.set(call.callId, live);
      this.#armTimeout(live);
      if (call.state === 'calling') this.deviceGone(callerDevice(call));
      if (call.state === 'active' && !hasRoom(call))
        await this.#inOrder(live, () => this.#end(live, 'endByServer', call.callerId));
    }
  }

  /**
   * Starts a call. Users who are busy are left out of a group call, and the caller is told.
   * @throws {CallreelError} `CallNobody`, `CallSelf`, `CallUserTwice`, `RoomIdsBothGiven`, `CallBusy`, `RoomTaken`,
   *   `CallUserUnknown`, `CallUserBusy`.
   */
  async start(device: DeviceRef, body: RequestBodyOf<'call.start'>): Promise<CallInfo> {
    const { sdkAppId, userId } = device;
    const { userIdList, type, roomId, strRoomId, timeoutS, userData = '', chatGroupId = '' } = body;
    if (userIdList.length === 0) throw new CallreelError('CallNobody');
    if (userIdList.includes(userId)) throw new CallreelError('CallSelf');
    if (new Set(userIdList).size !== userIdList.length) throw new CallreelError('CallUserTwice');
    if (roomId !== undefined && strRoomId !== undefined) throw new CallreelError('RoomIdsBothGiven');
    const known = await knownUsers(this.#parts.db, sdkAppId, userIdList);
    if (userIdList.some((callee) => !known.has(callee))) throw new CallreelError('CallUserUnknown');
    // From here to the entry in #live nothing waits: two calls at once cannot both find a user free.
    if (this.#isBusy(sdkAppId, userId)) throw new CallreelError('CallBusy');
    const givenRoom = strRoomId ?? roomId?.toString();
    if (givenRoom !== undefined && this.#roomInUse(sdkAppId, givenRoom)) throw new CallreelError('RoomTaken');
    const busy = userIdList.filter((callee) => this.#isBusy(sdkAppId, callee));
    if (busy.length === userIdList.length) throw new CallreelError('CallUserBusy');
    const call: Call = {
      callId: randomBytes(16).toString('base64url'),
      sdkAppId,
      callerId: userId,
      mediaType: type,
      callType: userIdList.length === 1 ? 'single' : 'multi',
      roomId: givenRoom ?? this.#freeRoom(sdkAppId),
      roomIdType: strRoomId === undefined ? 'number' : 'string',
      userData,
      chatGroupId,
      timeoutMs: timeoutS === undefined ? this.#parts.ringTimeoutMs : timeoutS * 1000,
      startedUs: nowUs(),
      acceptedUs: null,
      state: 'calling',
      members: [
        { userId, role: 'caller', state: 'active', deviceId: device.deviceId },
        ...userIdList.map(
          (callee): CallMember => ({
            userId: callee,
            role: 'callee',
            state: busy.includes(callee) ? 'lineBusy' : 'ringing',
            deviceId: null,
          }),
        ),
      ],
    };
    const live: Live = { call, timer: null, queue: Promise.resolve() };
    this.#live.set(call.callId, live);
    return this.#inOrder(live, async () => {
      try {
        const changes: Change[] = [
          { type: 'started' },
          ...membersChanged(busy.map((callee) => ({ userId: callee, action: 'lineBusy' }))),
        ];
        await insertCall(this.#parts.db, call, (tx) => this.#tell(tx, call, changes, call.startedUs));
        this.#parts.outbox.committed();
      } catch (error) {
        this.#live.delete(call.callId);
        throw error;
      }
      this.#parts.log.info({ callId: call.callId, sdkAppId, callees: userIdList.length }, 'call started');
      this.#armTimeout(live);
      for (const callee of call.members.filter(({ state }) => state === 'ringing')) {
        this.#notices.ring(call, callee);
      }
      for (const callee of busy) this.#notices.declined(call, callee, 'lineBusy');
      return infoFor(call, userId);
    });
  }

  /** Answers a call on a device. @throws {CallreelError} `CallUnknown`, `CallNotMember`, `CallAnsweredElsewhere`, `CallNotRinging`, `MediaUnavailable`. */
  accept(device: DeviceRef, callId: string): Promise<{ info: CallInfo; acceptedUs: number }> {
    const live = this.#mustLive(device, callId);
    return this.#inOrder(live, async () => {
      const { call } = live;
      const member = this.#mustMember(call, device.userId);
      if (member.state === 'active')
        throw new CallreelError(member.deviceId === device.deviceId ? 'CallNotRinging' : 'CallAnsweredElsewhere');
      if (member.state !== 'ringing' || call.state === 'ended') throw new CallreelError('CallNotRinging');
      const caller = this.#mustMember(call, call.callerId);
      const first = call.state === 'calling';
      const acceptedUs = call.acceptedUs ?? nowUs();
      const before = { member: { ...member }, state: call.state, acceptedUs: call.acceptedUs };
      Object.assign(member, { state: 'active', deviceId: device.deviceId });
      Object.assign(call, { state: 'active', acceptedUs });
      try {
        await this.#write(call, [member], membersChanged([{ userId: member.userId, action: 'accept' }]));
        if (first)
          await this.#parts.outlet.event({
            type: 'answered',
            call,
            caller: { sdkAppId: call.sdkAppId, userId: call.callerId, deviceId: caller.deviceId ?? '' },
            callee: device,
          });
        else await this.#parts.outlet.event({ type: 'joined', call, member: device });
      } catch (error) {
        Object.assign(member, before.member);
        Object.assign(call, { state: before.state, acceptedUs: before.acceptedUs });
        // It was told that he accepted, and rings again.
        await this.#write(call, [member], membersChanged([{ userId: member.userId, action: 'ring' }]));
        throw error;
      }
      this.#parts.log.info({ callId, first }, 'call answered');
      this.#notices.answered(call, device);
      return { info: infoFor(call, device.userId), acceptedUs };
    });
  }

  /** Refuses a ringing call. @throws {CallreelError} `CallUnknown`, `CallNotMember`, `CallNotRinging`. */
  reject(device: DeviceRef, callId: string): Promise<void> {
    const live = this.#mustLive(device, callId);
    return this.#inOrder(live, async () => {
      const member = this.#mustMember(live.call, device.userId);
      if (member.state !== 'ringing') throw new CallreelError('CallNotRinging');
      await this.#decline(live, [member], 'rejected', 'reject', device.deviceId);
    });
  }

  /**
   * Leaves a running call, cancels one that rings (the caller), or refuses it (a callee).
   * @throws {CallreelError} `CallUnknown`, `CallNotMember`, `CallNotActive`.
   */
  hangup(device: DeviceRef, callId: string): Promise<void> {
    const live = this.#mustLive(device, callId);
    return this.#inOrder(live, async () => {
      const { call } = live;
      const member = this.#mustMember(call, device.userId);
      if (member.state === 'ringing') return this.#decline(live, [member], 'rejected', 'reject', device.deviceId);
      if (member.state !== 'active' || member.deviceId !== device.deviceId) throw new CallreelError('CallNotActive');
      return call.state === 'calling'
        ? this.#end(live, 'canceled', device.userId)
        : this.#leave(live, member, 'hangup');
    });
  }

  /** A user who was in the call has vanished. */
  async memberLost(callId: string, userId: string): Promise<void> {
    const live = this.#live.get(callId);
    if (live === undefined) return;
    await this.#inOrder(live, async () => {
      const member = live.call.members.find((each) => each.userId === userId);
      if (member?.state !== 'active') return;
      if (live.call.state === 'calling') await this.#end(live, 'offline', userId);
      else await this.#leave(live, member, 'offline');
    });
  }

  /** Ends a call by order of the server. One that is over stays so. */
  async endByServer(callId: string): Promise<void> {
    const live = this.#live.get(callId);
    if (live !== undefined) await this.#inOrder(live, () => this.#end(live, 'endByServer', live.call.callerId));
  }

  /** Takes a user out of a call by order of the server; the call ends where nobody is left to speak with. */
  async removeMember(callId: string, userId: string): Promise<void> {
    const live = this.#live.get(callId);
    if (live === undefined) return;
    await this.#inOrder(live, async () => {
      const member = live.call.members.find((each) => each.userId === userId);
      if (member?.state !== 'active') return;
      if (live.call.state === 'calling') await this.#end(live, 'endByServer', userId);
      else await this.#leave(live, member, 'endByServer');
    });
  }

  /** A device is not heard of any more. A call that it placed and that still rings ends when it does not come back. */
  deviceGone(device: DeviceRef): void {
    if (this.#placedBy(nameOf(device)).length > 0) this.#absences.gone(nameOf(device));
  }

  /** A device is heard of again. */
  deviceBack(device: DeviceRef): void {
    this.#absences.back(nameOf(device));
  }

  /** The live calls that a device belongs to: those that ring for its user, and those that it is in. */
  of(device: DeviceRef): { call: Call; member: CallMember; info: CallInfo; remainingMs: number }[] {
    return [...this.#live.values()].flatMap(({ call }) => {
      const member =
        call.sdkAppId === device.sdkAppId ? call.members.find(({ userId }) => userId === device.userId) : undefined;
      if (member === undefined || call.state === 'ended') return [];
      if (member.state !== 'ringing' && !(member.state === 'active' && member.deviceId === device.deviceId)) return [];
      return [{ call, member, info: infoFor(call, device.userId), remainingMs: this.#remainingMs(call) }];
    });
  }

  /** The live call that a device is active in. @throws {CallreelError} `CallUnknown`, `CallNotMember`, `CallNotActive`. */
  activeCall(device: DeviceRef, callId: string): Call {
    const { call } = this.#mustLive(device, callId);
    const member = this.#mustMember(call, device.userId);
    if (call.state !== 'active' || member.state !== 'active' || member.deviceId !== device.deviceId)
      throw new CallreelError('CallNotActive');
    return call;
  }

  /** The live call that is held in a room, or null. */
  inRoom(sdkAppId: number, roomId: string): Call | null {
    return (
      [...this.#live.values()].find(({ call }) => call.sdkAppId === sdkAppId && call.roomId === roomId)?.call ?? null
    );
  }

  /** The number of live calls. */
  get size(): number {
    return this.#live.size;
  }

  /** Stops all timers; the calls stay as they are, for the next process. */
  letGo(): void {
    this.#absences.close();
    for (const { timer } of this.#live.values()) if (timer !== null) clearTimeout(timer);
  }

  /** Calls that a device placed and that nobody has answered. */
  #placedBy(name: string): Call[] {
    return [...this.#live.values()]
      .map(({ call }) => call)
      .filter((call) => call.state === 'calling' && nameOf(callerDevice(call)) === name);
  }

  #callersLost(name: string): void {
    for (const { callId, callerId } of this.#placedBy(name)) {
      this.memberLost(callId, callerId).catch((error: unknown) =>
        this.#parts.log.error({ err: error, callId }, 'a call whose caller vanished could not be ended'),
      );
    }
    this.#absences.back(name);
  }

  #armTimeout(live: Live): void {
    if (!live.call.members.some(({ state }) => state === 'ringing')) return;
    live.timer = setTimeout(() => {
      this.#inOrder(live, async () => {
        const ringing = live.call.members.filter(({ state }) => state === 'ringing');
        if (ringing.length > 0) await this.#decline(live, ringing, 'noResponse', 'noResponse', null);
      }).catch((error: unknown) =>
        this.#parts.log.error({ err: error, callId: live.call.callId }, 'ringing could not be ended'),
      );
    }, this.#remainingMs(live.call));
  }

  #remainingMs(call: Call): number {
    return Math.max(0, call.timeoutMs - (nowUs() - call.startedUs) / 1000);
  }

  /** Callees stop ringing; the call ends when nobody is left to speak with. */
  async #decline(
    live: Live,
    members: CallMember[],
    state: MemberState,
    reason: Declined,
    actingDeviceId: string | null,
  ): Promise<void> {
    const { call } = live;
    for (const member of members) member.state = state;
    await this.#write(call, members, membersChanged(members.map(({ userId }) => ({ userId, action: reason }))));
    for (const member of members) {
      this.#notices.declined(call, member.userId, reason);
      this.#notices.stopRinging(call, member, reason, actingDeviceId);
    }
    if (!this.#goesOn(call)) await this.#end(live, reason, members[0]?.userId ?? call.callerId);
  }

  /** A member leaves a running call. */
  async #leave(live: Live, member: CallMember, reason: 'hangup' | 'offline' | 'endByServer'): Promise<void> {
    const { call } = live;
    Object.assign(member, { state: reason === 'offline' ? 'offline' : 'left' });
    if (!this.#goesOn(call)) return this.#end(live, reason, member.userId, [member]);
    await this.#write(call, [member], membersChanged([{ userId: member.userId, action: actionOf(reason) }]));
    await this.#parts.outlet.event({ type: 'left', call, userId: member.userId, reason });
    this.#notices.ended(call, member, reason, member.userId);
    return undefined;
  }

  /** Whether two people speak, or one waits for somebody who may still answer. */
  #goesOn(call: Call): boolean {
    const active = call.members.filter(({ state }) => state === 'active').length;
    const ringing = call.members.some(({ state }) => state === 'ringing');
    return active >= 2 || (active === 1 && ringing);
  }

  async #end(live: Live, reason: CallEndReason, userId: string, gone: CallMember[] = []): Promise<void> {
    const { call } = live;
    if (call.state === 'ended') return;
    if (live.timer !== null) clearTimeout(live.timer);
    const begun = call.state === 'active';
    const ringing = call.members.filter(({ state }) => state === 'ringing');
    const active = call.members.filter(({ state }) => state === 'active');
    call.state = 'ended';
    for (const member of ringing) member.state = 'canceled';
    for (const member of active) member.state = 'left';
    const left = actionOf(reason);
    await this.#write(
      call,
      [...ringing, ...active, ...gone],
      [
        ...membersChanged([
          ...gone.map((member) => ({ userId: member.userId, action: left }) as const),
          ...ringing.map((member) => ({ userId: member.userId, action: 'cancel' }) as const),
        ]),
        { type: 'ended', reason },
      ],
    );
    this.#live.delete(call.callId);
    this.#parts.log.info({ callId: call.callId, reason }, 'call ended');
    for (const member of ringing) {
      // Who still rings has neither refused nor hung up: the call was taken back.
      const own = begun ? 'canceled' : reason;
      this.#notices.notConnected(call, { ...member, deviceId: null }, own, userId);
    }
    for (const member of [...active, ...gone]) {
      if (begun) this.#notices.ended(call, member, reason, userId);
      else this.#notices.notConnected(call, member, reason, userId);
    }
    // After the words to the devices: whoever hung up has waited long enough, and nothing can refuse this.
    await this.#parts.outlet.event({ type: 'ended', call, reason });
  }

  /** Writes a change of a call, and in the same transaction what is told of it. */
  async #write(call: Call, members: readonly CallMember[], changes: readonly Change[]): Promise<void> {
    const atUs = nowUs();
    const result = changes.find((change) => change.type === 'ended')?.reason ?? null;
    await updateCall(this.#parts.db, call, { changed: members, result, atUs }, (tx) =>
      this.#tell(tx, call, changes, atUs),
    );
    this.#parts.outbox.committed();
  }

  async #tell(tx: Kysely<Tables>, call: Call, changes: readonly Change[], atUs: number): Promise<void> {
    for (const change of changes) await this.#parts.outbox.write(tx, call, { ...change, atUs });
  }

  #isBusy(sdkAppId: number, userId: string): boolean {
    return [...this.#live.values()].some(
      ({ call }) =>
        call.sdkAppId === sdkAppId &&
        call.members.some((member) => member.userId === userId && isBusyState(member.state)),
    );
  }

  #roomInUse(sdkAppId: number, roomId: string): boolean {
    return [...this.#live.values()].some(({ call }) => call.sdkAppId === sdkAppId && call.roomId === roomId);
  }

  #freeRoom(sdkAppId: number): string {
    for (;;) {
      const roomId = String(randomInt(1, 2 ** 31));
      if (!this.#roomInUse(sdkAppId, roomId)) return roomId;
    }
  }

  #mustLive(device: DeviceRef, callId: string): Live {
    const live = this.#live.get(callId);
    if (live === undefined || live.call.sdkAppId !== device.sdkAppId || live.call.state === 'ended')
      throw new CallreelError('CallUnknown');
    return live;
  }

  #mustMember(call: Call, userId: string): CallMember {
    const member = call.members.find((each) => each.userId === userId);
    if (member === undefined) throw new CallreelError('CallNotMember');
    return member;
  }

  #inOrder<T>(live: Live, work: () => Promise<T>): Promise<T> {
    const result = live.queue.then(work, work);
    live.queue = result;
    // Whoever asked hears of a failure; the queue itself goes on.
    live.queue.catch(() => null);
    return result;
  }
}

function membersChanged(members: readonly { userId: string; action: MemberAction }[]): Change[] {
  return members.length === 0 ? [] : [{ type: 'membersChanged', members }];
}

/** How leaving is told: the known system has no word for whom the server takes out. */
function actionOf(reason: CallEndReason): 'offline' | 'hangup' {
  return reason === 'offline' ? 'offline' : 'hangup';
}

function callerDevice(call: Call): DeviceRef {
  const deviceId = call.members.find(({ role }) => role === 'caller')?.deviceId ?? '';
  return { sdkAppId: call.sdkAppId, userId: call.callerId, deviceId };
}

function nameOf({ sdkAppId, userId, deviceId }: DeviceRef): string {
  return `${sdkAppId} ${deviceId} ${userId}`;
}
