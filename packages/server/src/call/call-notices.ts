import type { CallEndReason } from '@callreel/protocol';
import { nowUs } from '../base/clock.ts';
import {
  type Addressee,
  type Call,
  type CallMember,
  type CallOutlet,
  type DeviceRef,
  infoFor,
  isBusyState,
} from './call.ts';

/** Why an invited user does not come. */
export type Declined = 'reject' | 'noResponse' | 'lineBusy' | 'offline';

/** What the devices of a call's members are told: who hears of what, and how the known system words it. */
export class CallNotices {
  readonly #notify: CallOutlet['notify'];

  constructor(outlet: CallOutlet) {
    this.#notify = (to, name, body) => outlet.notify(to, name, body);
  }

  /** All devices of a callee ring. */
  ring(call: Call, { userId }: CallMember): void {
    this.#notify(userOf(call, userId), 'call.received', { info: infoFor(call, userId), timeoutMs: call.timeoutMs });
  }

  /** The other devices of whoever answered stop ringing. */
  answered(call: Call, { userId, deviceId }: DeviceRef): void {
    this.#notConnected({ ...userOf(call, userId), exceptDeviceId: deviceId }, call, 'otherDeviceAccepted', userId);
  }

  /** A callee stops ringing without having answered. @param actingDeviceId where it was refused, or null. */
  stopRinging(call: Call, { userId }: CallMember, reason: Declined, actingDeviceId: string | null): void {
    const user = userOf(call, userId);
    if (actingDeviceId === null) {
      this.#notConnected(user, call, reason, userId);
      return;
    }
    this.#notConnected({ ...user, deviceId: actingDeviceId }, call, reason, userId);
    this.#notConnected({ ...user, exceptDeviceId: actingDeviceId }, call, 'otherDeviceReject', userId);
  }

  /** Somebody does not come: in a 1:1 call only the caller hears of it, in a group all who are invited. */
  declined(call: Call, userId: string, reason: Declined): void {
    for (const member of call.members) {
      const hears = member.role === 'caller' || (call.callType === 'multi' && isBusyState(member.state));
      if (!hears || member.userId === userId) continue;
      this.#notify(userOf(call, member.userId), 'call.userDeclined', { callId: call.callId, userId, reason });
    }
  }

  /** A call is over that never began for this member; `userId` is who ended it. */
  notConnected(call: Call, member: CallMember, reason: CallEndReason, userId: string): void {
    this.#notConnected(deviceOf(call, member), call, reason, userId);
  }

  /** A call is over that had begun for this member. */
  ended(call: Call, member: CallMember, reason: CallEndReason, userId: string): void {
    const totalMs = call.acceptedUs === null ? 0 : Math.round((nowUs() - call.acceptedUs) / 1000);
    const info = infoFor(call, member.userId);
    this.#notify(deviceOf(call, member), 'call.ended', { info, reason, userId, totalMs });
  }

  #notConnected(to: Addressee, call: Call, reason: CallEndReason, userId: string): void {
    this.#notify(to, 'call.notConnected', { info: infoFor(call, to.userId), reason, userId });
  }
}

function userOf({ sdkAppId }: Call, userId: string): Addressee {
  return { sdkAppId, userId };
}

/** The device that a member is in the call with; all of the user's while there is none. */
function deviceOf(call: Call, { userId, deviceId }: CallMember): Addressee {
  return { ...userOf(call, userId), ...(deviceId === null ? {} : { deviceId }) };
}
