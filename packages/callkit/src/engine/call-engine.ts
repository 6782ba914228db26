import type { CallEndReason, CallInfo, CallMediaType, ResumedCall, RoomSnapshot, ServerEvents } from '@callreel/protocol';
import { BrowserCallMedia, type CallMediaOptions } from '../media/browser-call-media.ts';
import type { CallMedia, View } from '../media/call-media.ts';
import type { VideoCodec } from '../media/codec-preference.ts';
import { CallkitError, Emitter, type Listener, newDeviceId, SignallingClient } from '../signalling/index.ts';
import { type CallEngineEvents, type EngineState, extraInfoOf } from './call-events.ts';
import { type EngineCall, newEngineCall, resumeSteps } from './engine-call.ts';
import { changesBetween, viewOf } from './room-view.ts';
import { tabDeviceId } from './tab-device-id.ts';

/** How to make a {@link CallEngine}. */
export type CallEngineOptions = {
  /** Video codec that this device sends where it can, default `vp8`. */
  videoCodec?: VideoCodec;
  /** Makes sound and picture of one call; default: the browser's WebRTC. */
  newCallMedia?: (options: CallMediaOptions) => CallMedia;
};

/** Who signs in, and where. */
export type EngineInit = {
  /** Origin of the server, default: that of the page. */
  server?: string;
  sdkAppId: number;
  userId: string;
  /** Made by the application's back end. May be missing only when the server runs in demo mode. */
  userSig?: string | undefined;
  /** Default: random, kept for the life of the tab. */
  deviceId?: string;
};

/** Whom to call, and how. */
export type CallsParameters = {
  userIdList: string[];
  type: CallMediaType;
  roomId?: number;
  strRoomId?: string;
  /** How long it rings, in seconds, default 30. */
  timeout?: number;
  userData?: string;
  chatGroupId?: string;
};

/**
 * Calls of one user on one device, with TUICallEngine's words.
 *
 * States: `signedOut` → `init` → `idle` → `calls` → `calling` or (somebody calls) `ringing` → `active` →
 * `idle`. `destroy` leads back to `signedOut` from anywhere; the engine may then be initialised anew.
 * A lost connection changes no state: it is made again, and what happened meanwhile is caught up.
 */
export class CallEngine {
  readonly #events = new Emitter<CallEngineEvents>();
  readonly #videoCodec: VideoCodec;
  readonly #newCallMedia: (options: CallMediaOptions) => CallMedia;
  readonly #pageDeviceId = newDeviceId();
  #signalling: SignallingClient | null = null;
  #selfId = '';
  #state: EngineState = 'signedOut';
  #call: EngineCall | null = null;
  /** Media of a call that is being placed and which the server does not know yet. */
  #pending: CallMedia | null = null;
  /** Calls that the user has left without the server's answer. */
  readonly #left = new Set<string>();

  constructor({ videoCodec = 'vp8', newCallMedia = (options) => new BrowserCallMedia(options) }: CallEngineOptions = {}) {
    this.#videoCodec = videoCodec;
    this.#newCallMedia = newCallMedia;
  }

  /** Where the engine stands. */
  get state(): EngineState {
    return this.#state;
  }

  /** The call of this moment, and when it was answered (ms since the Unix epoch, by the server's clock). */
  get call(): { info: CallInfo; acceptedAtMs: number; userIds: string[] } | null {
    if (this.#call === null) return null;
    const { info, acceptedAtMs, view } = this.#call;
    return { info, acceptedAtMs, userIds: [...view.users.keys()] };
  }

  /** Whether own microphone and camera are on in the call of this moment. */
  get devices(): { microphone: boolean; camera: boolean } {
    return this.#anyMedia()?.devices ?? { microphone: false, camera: false };
  }

  /** Hears an event. Adding a listener twice changes nothing. */
  on<N extends keyof CallEngineEvents>(name: N, listener: Listener<CallEngineEvents[N]>): void {
    this.#events.on(name, listener);
  }

  /** Ends the hearing of one listener, or of all of the event. */
  off<N extends keyof CallEngineEvents>(name: N, listener?: Listener<CallEngineEvents[N]>): void {
    this.#events.off(name, listener);
  }

  /**
   * Signs in, however long the server is away, and takes up a call in which this tab was before it was
   * loaded anew. Throws what the server answers: `UserSigInvalid`, `ApplicationUnknown` …
   */
  async init({ server = location.origin, sdkAppId, userId, userSig, deviceId }: EngineInit): Promise<void> {
    if (this.#signalling !== null) this.destroy();
    const device = deviceId ?? tabDeviceId(`${sdkAppId}/${userId}`, this.#pageDeviceId);
    const signIn = { sdkAppId, userId, deviceId: device, ...(userSig === undefined ? {} : { userSig }) };
    const signalling = new SignallingClient({ server, signIn: () => signIn });
    this.#signalling = signalling;
    this.#selfId = userId;
    this.#listen(signalling);
    try {
      await signalling.connect();
    } catch (thrown) {
      if (this.#signalling === signalling) this.destroy();
      throw thrown;
    }
    if (this.#state === 'signedOut') this.#setState('idle');
    await this.#resume(signalling);
  }

  /** Signs out and lets everything go. A running call ends for the others when the server misses this device. */
  destroy(): void {
    this.#signalling?.close();
    this.#signalling = null;
    this.#drop();
    this.#left.clear();
    this.#setState('signedOut');
  }

  /**
   * Calls users. Opens microphone and camera first, so that nobody is rung before they may be used. Throws
   * what the server answers: `CallUserUnknown`, `CallBusy`, `CallSelf` …
   */
  async calls({ userIdList, type, roomId, strRoomId, timeout = 30, userData, chatGroupId }: CallsParameters): Promise<{ callId: string }> {
    const signalling = this.#signedIn();
    if (this.#state !== 'idle') throw new CallkitError('CallBusy');
    this.#setState('calling');
    const media = this.#makeMedia(signalling);
    this.#pending = media;
    try {
      await media.prepare(type);
      if (this.#pending !== media) throw new CallkitError('NoCall');
      const body = { userIdList, type, timeoutS: timeout, ...given({ roomId, strRoomId, userData, chatGroupId }) };
      const { info } = await signalling.request('call.start', body);
      if (this.#pending !== media) {
        // Hung up while the server was being asked.
        this.#leave(info.callId);
        throw new CallkitError('NoCall');
      }
      this.#pending = null;
      this.#call = newEngineCall('calling', info, media);
      return { callId: info.callId };
    } catch (thrown) {
      media.close();
      if (this.#pending === media) {
        this.#pending = null;
        this.#setState('idle');
        // Somebody may have called meanwhile, which was not heard here.
        this.#resume(signalling).catch((error: unknown) => this.#report(CallkitError.of(error)));
      }
      throw CallkitError.of(thrown);
    }
  }

  /** Answers the ringing call. Opens microphone and camera first. Throws `CallNotRinging` when it is over meanwhile. */
  async accept(): Promise<void> {
    const signalling = this.#signedIn();
    const call = this.#call;
    if (call?.phase !== 'ringing') throw new CallkitError('CallNotRinging');
    if (call.media !== null) return;
    const media = this.#makeMedia(signalling);
    call.media = media;
    try {
      await media.prepare(call.info.mediaType);
      if (this.#call !== call) throw new CallkitError('CallNotRinging');
      const begun = await signalling.request('call.accept', { callId: call.callId });
      this.#begin(begun, false);
    } catch (thrown) {
      media.close();
      if (call.media === media) call.media = null;
      throw CallkitError.of(thrown);
    }
  }

  /** Rejects the ringing call. */
  async reject(): Promise<void> {
    const call = this.#call;
    if (call?.phase !== 'ringing') throw new CallkitError('CallNotRinging');
    await this.#leave(call.callId, 'call.reject');
    this.#finish(call.callId, 'reject', this.#selfId);
  }

  /** Leaves the running call, or cancels one that still rings. Works without a connection, too. */
  async hangup(): Promise<void> {
    const call = this.#call;
    if (call === null) {
      if (this.#pending === null) throw new CallkitError('NoCall');
      this.#pending.close();
      this.#pending = null;
      this.#setState('idle');
      return;
    }
    if (call.phase === 'ringing') return this.reject();
    // Nothing leaves this device from now on, whenever the server answers.
    call.media?.close();
    await this.#leave(call.callId);
    this.#finish(call.callId, call.phase === 'active' ? 'hangup' : 'canceled', this.#selfId);
  }

  /** Switches the camera on, and shows it in a view if one is given. In a call of sound it adds pictures. */
  async openCamera(view?: View): Promise<void> {
    const media = this.#media();
    if (view !== undefined) media.setView(this.#selfId, view);
    await media.setCamera(true);
  }

  /** Switches the camera off and lets it go. */
  async closeCamera(): Promise<void> {
    await this.#media().setCamera(false);
  }

  /** Lets the microphone be heard. */
  async openMicrophone(): Promise<void> {
    await this.#media().setMicrophone(true);
  }

  /** Sends silence instead of what the microphone hears. */
  async closeMicrophone(): Promise<void> {
    await this.#media().setMicrophone(false);
  }

  /** Shows somebody's picture in an element (or the one with this id); a `<video>` is used itself. */
  startRemoteView({ userId, view }: { userId: string; view: View }): void {
    this.#media().setView(userId, view);
  }

  /** Ends the showing of somebody's picture. */
  stopRemoteView({ userId }: { userId: string }): void {
    this.#anyMedia()?.setView(userId, null);
  }

  /** Shows the own picture in an element, or the one with this id. */
  startLocalView(view: View): void {
    this.#media().setView(this.#selfId, view);
  }

  /** Ends the showing of the own picture. */
  stopLocalView(): void {
    this.#anyMedia()?.setView(this.#selfId, null);
  }

  /** After `SoundBlocked`: lets the others be heard. To be called from a click. */
  async resumeSound(): Promise<void> {
    await this.#media().resumeSound();
  }

  #signedIn(): SignallingClient {
    if (this.#signalling === null) throw new CallkitError('NotInitialised');
    return this.#signalling;
  }

  #anyMedia(): CallMedia | null {
    return this.#call?.media ?? this.#pending;
  }

  #media(): CallMedia {
    const media = this.#anyMedia();
    if (media === null) throw new CallkitError('NoCall');
    return media;
  }

  #makeMedia(signalling: SignallingClient): CallMedia {
    return this.#newCallMedia({
      signalling,
      selfId: this.#selfId,
      videoCodec: this.#videoCodec,
      onError: (error) => this.#report(error),
      onDevicesChanged: () => {
        const { microphone, camera } = this.devices;
        this.#events.emit('onDevicesChanged', microphone, camera);
      },
    });
  }

  #listen(signalling: SignallingClient): void {
    const forCall = (callId: string, act: (call: EngineCall) => void): void => {
      if (this.#call?.callId === callId) act(this.#call);
    };
    signalling.on('connected', (first) => {
      this.#events.emit('onConnectionChanged', true);
      if (!first) this.#resume(signalling).catch((thrown: unknown) => this.#report(CallkitError.of(thrown)));
    });
    signalling.on('disconnected', () => this.#events.emit('onConnectionChanged', false));
    signalling.on('unreachable', () => this.#events.emit('onConnectionChanged', false));
    signalling.on('refused', (error) => this.#onRefused(error));
    signalling.on('call.received', ({ info }) => this.#ring(info));
    signalling.on('call.begun', (body) => forCall(body.info.callId, () => this.#begin(body, false)));
    signalling.on('call.ended', ({ info, reason, userId, totalMs }) => this.#finish(info.callId, reason, userId, totalMs));
    signalling.on('call.notConnected', ({ info, reason, userId }) => this.#finish(info.callId, reason, userId));
    signalling.on('call.userDeclined', (body) => forCall(body.callId, () => this.#onDeclined(body)));
    // Joins, leaves and streams are told from the snapshots, so that a lost event is made good by the next one.
    signalling.on('room.changed', ({ callId, room }) => forCall(callId, (call) => this.#look(call, room, false)));
    signalling.on('room.offer', (offer) => forCall(offer.callId, ({ media }) => media?.offered(offer)));
    signalling.on('room.userEntered', ({ callId, userId }) => forCall(callId, (call) => this.#onEntered(call, userId)));
    signalling.on('room.userLeft', ({ callId, userId }) => forCall(callId, (call) => this.#onLeft(call, userId)));
  }

  #onRefused(error: CallkitError): void {
    const wasSignedIn = this.#state !== 'signedOut';
    this.destroy();
    // A refused init throws; only a device that was in is told by event.
    if (!wasSignedIn) return;
    if (error.code === 'UserSigExpired') this.#events.emit('onUserSigExpired');
    else if (error.code === 'SignedInElsewhere') this.#events.emit('onKickedOffline');
    else this.#report(error);
  }

  #ring(info: CallInfo): void {
    // The server answers "busy" for a user in a call; what comes here is older than the call in hand.
    if (this.#state !== 'idle') return;
    this.#call = newEngineCall('ringing', info, null);
    this.#setState('ringing');
    this.#events.emit('onCallReceived', info.callId, info.callerId, info.calleeIdList, info.mediaType, extraInfoOf(info));
  }

  #begin({ info, room, acceptedAtMs }: { info: CallInfo; room: RoomSnapshot; acceptedAtMs: number }, rejoined: boolean): void {
    const call = this.#call;
    if (call === null || call.callId !== info.callId || call.phase === 'active') return;
    call.phase = 'active';
    call.info = info;
    call.acceptedAtMs = acceptedAtMs;
    call.media?.enter(call.callId, room, rejoined);
    this.#setState('active');
    this.#events.emit('onCallBegin', info.callId, info.mediaType, extraInfoOf(info));
    this.#tellChanges(call, room);
  }

  #look(call: EngineCall, room: RoomSnapshot, resumed: boolean): void {
    if (call.phase !== 'active') return;
    call.media?.update(room, resumed);
    this.#tellChanges(call, room);
  }

  #tellChanges(call: EngineCall, room: RoomSnapshot): void {
    this.#setView(call, viewOf(room, this.#selfId));
  }

  #onEntered(call: EngineCall, userId: string): void {
    if (call.phase !== 'active' || userId === this.#selfId || call.view.users.has(userId)) return;
    this.#setView(call, { ...call.view, users: new Map([...call.view.users, [userId, { audio: false, video: false }]]) });
  }

  #onLeft(call: EngineCall, userId: string): void {
    this.#setView(call, { ...call.view, users: new Map([...call.view.users].filter(([id]) => id !== userId)) });
  }

  #setView(call: EngineCall, view: EngineCall['view']): void {
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

  #onDeclined({ userId, reason }: ServerEvents['call.userDeclined']): void {
    if (reason === 'reject') this.#events.emit('onUserReject', userId);
    else if (reason === 'lineBusy') this.#events.emit('onUserLineBusy', userId);
    else this.#events.emit('onUserNoResponse', userId);
  }

  /** Tells the server that the user has left; when it cannot hear, it is told after the reconnection. */
  async #leave(callId: string, request: 'call.hangup' | 'call.reject' = 'call.hangup'): Promise<void> {
    this.#left.add(callId);
    try {
      await this.#signalling?.request(request, { callId });
      this.#left.delete(callId);
    } catch (thrown) {
      const error = CallkitError.of(thrown);
      // Any other error means that the server, too, takes the call for over.
      if (!error.retry) this.#left.delete(callId);
    }
  }

  #finish(callId: string, reason: CallEndReason, userId: string, totalMs?: number): void {
    const call = this.#call;
    if (call === null || call.callId !== callId) return;
    const { info, phase, acceptedAtMs } = call;
    if (call.view.recording) this.#setView(call, { ...call.view, recording: false });
    this.#drop();
    this.#setState('idle');
    if (phase === 'active') {
      const totalTime = totalMs ?? Math.max(0, Date.now() - acceptedAtMs);
      this.#events.emit('onCallEnd', callId, info.mediaType, reason, userId, totalTime, extraInfoOf(info));
    } else {
      this.#events.emit('onCallNotConnected', callId, info.mediaType, reason, userId, extraInfoOf(info));
    }
  }

  async #resume(signalling: SignallingClient): Promise<void> {
    const { calls } = await signalling.request('call.resume', {});
    if (this.#signalling !== signalling) return;
    for (const step of resumeSteps(this.#call, calls, this.#left)) {
      if (step.do === 'hangup') await this.#leave(step.callId);
      else if (step.do === 'finish') this.#finishLost();
      else if (step.do === 'update' && this.#call !== null) this.#look(this.#call, step.call.room, true);
      else if (step.do === 'begin') this.#beginLate(signalling, step.call);
      else if (step.do === 'adopt') this.#adopt(signalling, step.call);
    }
  }

  /** The call ended while the server could not tell: nobody knows any more who ended it. */
  #finishLost(): void {
    const call = this.#call;
    if (call === null) return;
    const other = call.info.role === 'caller' ? (call.info.calleeIdList[0] ?? '') : call.info.callerId;
    if (call.phase === 'active') this.#finish(call.callId, 'offline', this.#selfId);
    else this.#finish(call.callId, call.phase === 'calling' ? 'noResponse' : 'canceled', other);
  }

  #beginLate(signalling: SignallingClient, resumed: Extract<ResumedCall, { state: 'active' }>): void {
    const call = this.#call;
    if (call === null) return;
    if (call.media === null) this.#equip(call, signalling);
    this.#begin(resumed, true);
  }

  #adopt(signalling: SignallingClient, resumed: ResumedCall): void {
    if (this.#state !== 'idle') return;
    if (resumed.state === 'ringing') {
      this.#ring(resumed.info);
      return;
    }
    const call = newEngineCall('calling', resumed.info, null);
    this.#call = call;
    this.#equip(call, signalling);
    if (resumed.state === 'active') this.#begin(resumed, true);
    else this.#setState('calling');
  }

  #equip(call: EngineCall, signalling: SignallingClient): void {
    const media = this.#makeMedia(signalling);
    call.media = media;
    media.prepare(call.info.mediaType).catch((thrown: unknown) => this.#report(CallkitError.of(thrown)));
  }

  #drop(): void {
    this.#call?.media?.close();
    this.#call = null;
    this.#pending?.close();
    this.#pending = null;
  }

  #setState(state: EngineState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.emit('onStateChanged', state);
  }

  #report(error: CallkitError): void {
    this.#events.emit('onError', error.code, error.message, error.action);
  }
}

function given<T extends Record<string, unknown>>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
