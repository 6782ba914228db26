import type { CallEndReason, CallInfo, RoomSnapshot, ServerEvents } from '@callreel/protocol';
import type { CallMedia } from '../media/call-media.ts';
import type { Emitter } from '../signalling/index.ts';
import { type CallEngineEvents, type EngineState, extraInfoOf } from './call-events.ts';
import { type EngineCall, newEngineCall } from './engine-call.ts';
import { changesBetween, type RoomView, viewOf } from './room-view.ts';

/** The facts of a call that has begun. */
export type BegunCall = { info: CallInfo; room: RoomSnapshot; acceptedAtMs: number };

/**
 * The one call that an engine is in, and the engine's state; every change of either is told here and nowhere
 * else.
 *
 * States: see {@link EngineState}. A call is placed (`calling`) or rings here (`ringing`), may begin
 * (`active`), and is finished.
 */
export class CurrentCall {
  readonly #events: Emitter<CallEngineEvents>;
  #state: EngineState = 'signedOut';
  #call: EngineCall | null = null;
  #selfId = '';

  constructor(events: Emitter<CallEngineEvents>) {
    this.#events = events;
  }

  /** Where the engine stands. */
  get state(): EngineState {
    return this.#state;
  }

  /** The call, once the server knows it. */
  get call(): EngineCall | null {
    return this.#call;
  }

  /** The call if it is the one with this id, otherwise null. */
  withId(callId: string): EngineCall | null {
    return this.#call?.callId === callId ? this.#call : null;
  }

  /** Whose calls these are from now on. */
  belongTo(selfId: string): void {
    this.#selfId = selfId;
  }

  /** Changes the state, and tells it if it is another. */
  setState(state: EngineState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.emit('onStateChanged', state);
  }

  /** A call of one's own rings for others. */
  place(info: CallInfo, media: CallMedia): void {
    this.#call = newEngineCall('calling', info, media);
    this.setState('calling');
  }

  /** A call rings here. It is passed over in another state: the server answers "busy" for a user in a call. */
  ring(info: CallInfo): void {
    if (this.#state !== 'idle') return;
    this.#call = newEngineCall('ringing', info, null);
    this.setState('ringing');
    const { callId, callerId, calleeIdList, mediaType } = info;
    this.#events.emit('onCallReceived', callId, callerId, calleeIdList, mediaType, extraInfoOf(info));
  }

  /** The call was answered. `rejoined`: another connection of this device was in its room before. */
  begin({ info, room, acceptedAtMs }: BegunCall, rejoined: boolean): void {
    const call = this.withId(info.callId);
    if (call === null || call.phase === 'active') return;
    Object.assign(call, { phase: 'active', info, acceptedAtMs });
    call.media?.enter(call.callId, room, rejoined);
    this.setState('active');
    this.#events.emit('onCallBegin', info.callId, info.mediaType, extraInfoOf(info));
    this.#setView(call, viewOf(room, this.#selfId));
  }

  /** The room of the running call changed; `resumed` after a lost signalling connection. */
  look(callId: string, room: RoomSnapshot, resumed: boolean): void {
    const call = this.withId(callId);
    if (call?.phase !== 'active') return;
    call.media?.update(room, resumed);
    this.#setView(call, viewOf(room, this.#selfId));
  }

  /** Somebody entered the room. Streams are told from the snapshots that follow. */
  entered(callId: string, userId: string): void {
    const call = this.withId(callId);
    if (call?.phase !== 'active' || userId === this.#selfId || call.view.users.has(userId)) return;
    this.#setView(call, {
      ...call.view,
      users: new Map([...call.view.users, [userId, { audio: false, video: false }]]),
    });
  }

  /** Somebody left the room. */
  left(callId: string, userId: string): void {
    const call = this.withId(callId);
    if (call === null) return;
    this.#setView(call, { ...call.view, users: new Map([...call.view.users].filter(([id]) => id !== userId)) });
  }

  /** An invited user does not come. */
  declined({ callId, userId, reason }: ServerEvents['call.userDeclined']): void {
    if (this.withId(callId) === null) return;
    if (reason === 'reject') this.#events.emit('onUserReject', userId);
    else if (reason === 'lineBusy') this.#events.emit('onUserLineBusy', userId);
    else this.#events.emit('onUserNoResponse', userId);
  }

  /** The call is over. `totalMs`: its length; default: since it was answered. */
  finish(callId: string, reason: CallEndReason, userId: string, totalMs?: number): void {
    const call = this.withId(callId);
    if (call === null) return;
    const { info, phase, acceptedAtMs, view } = call;
    if (view.recording) this.#setView(call, { ...view, recording: false });
    this.drop();
    this.setState('idle');
    if (phase === 'active') {
      const totalTime = totalMs ?? Math.max(0, Date.now() - acceptedAtMs);
      this.#events.emit('onCallEnd', callId, info.mediaType, reason, userId, totalTime, extraInfoOf(info));
    } else {
      this.#events.emit('onCallNotConnected', callId, info.mediaType, reason, userId, extraInfoOf(info));
    }
  }

  /** The call ended while the server could not tell: nobody knows any more who ended it. */
  finishLost(): void {
    const call = this.#call;
    if (call === null) return;
    const { callId, info, phase } = call;
    const other = info.role === 'caller' ? (info.calleeIdList[0] ?? '') : info.callerId;
    if (phase === 'active') this.finish(callId, 'offline', this.#selfId);
    else this.finish(callId, phase === 'calling' ? 'noResponse' : 'canceled', other);
  }

  /** Lets the call go without a word. */
  drop(): void {
    this.#call?.media?.close();
    this.#call = null;
  }

  #setView(call: EngineCall, view: RoomView): void {
    const changes = changesBetween(call.view, view);
    call.view = view;
    for (const change of changes) {
      if (change.type === 'joined') this.#events.emit('onUserJoin', change.userId);
      else if (change.type === 'left') this.#events.emit('onUserLeave', change.userId);
      else if (change.type === 'video') this.#events.emit('onUserVideoAvailable', change.userId, change.available);
      else if (change.type === 'audio') this.#events.emit('onUserAudioAvailable', change.userId, change.available);
      else this.#events.emit('onRecordingChanged', change.recording);
    }
  }
}
