import type { CallInfo, CallMediaType, ResumedCall } from '@callreel/protocol';
import { BrowserCallMedia, type CallMediaOptions } from '../media/browser-call-media.ts';
import type { CallMedia, View } from '../media/call-media.ts';
import type { VideoCodec } from '../media/codec-preference.ts';
import { CallkitError, Emitter, type Listener, newDeviceId, SignallingClient } from '../signalling/index.ts';
import type { CallEngineEvents, EngineState } from './call-events.ts';
import { CurrentCall } from './current-call.ts';
import { resumeSteps } from './engine-call.ts';
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
  readonly #current = new CurrentCall(this.#events);
  /** Media of a call that is being placed and which the server does not know yet. */
  #pending: CallMedia | null = null;
  /** Calls that the user has left without the server's answer. */
  readonly #left = new Set<string>();

  constructor({
    videoCodec = 'vp8',
    newCallMedia = (options) => new BrowserCallMedia(options),
  }: CallEngineOptions = {}) {
    this.#videoCodec = videoCodec;
    this.#newCallMedia = newCallMedia;
  }

  /** Where the engine stands. */
  get state(): EngineState {
    return this.#current.state;
  }

  /** The call of this moment, and when it was answered (ms since the Unix epoch, by the server's clock). */
  get call(): { info: CallInfo; acceptedAtMs: number; userIds: string[] } | null {
    if (this.#current.call === null) return null;
    const { info, acceptedAtMs, view } = this.#current.call;
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
    this.#current.belongTo(userId);
    this.#listen(signalling);
    try {
      await signalling.connect();
    } catch (thrown) {
      if (this.#signalling === signalling) this.destroy();
      throw thrown;
    }
    if (this.#current.state === 'signedOut') this.#current.setState('idle');
    try {
      await this.#resume(signalling);
    } catch (thrown) {
      // Lost again already: the next connection resumes.
      if (!CallkitError.of(thrown).retry) throw thrown;
    }
  }

  /** Signs out and lets everything go. A running call ends for the others when the server misses this device. */
  destroy(): void {
    this.#signalling?.close();
    this.#signalling = null;
    this.#drop();
    this.#left.clear();
    this.#current.setState('signedOut');
  }

  /**
   * Calls users. Opens microphone and camera first, so that nobody is rung before they may be used. Throws
   * what the server answers: `CallUserUnknown`, `CallBusy`, `CallSelf` …
   */
  async calls({
    userIdList,
    type,
    roomId,
    strRoomId,
    timeout = 30,
    userData,
    chatGroupId,
  }: CallsParameters): Promise<{ callId: string }> {
    const signalling = this.#signedIn();
    if (this.#current.state !== 'idle') throw new CallkitError('CallBusy');
    this.#current.setState('calling');
    const media = this.#makeMedia(signalling);
    this.#pending = media;
    try {
      await media.prepare(type);
      if (this.#pending !== media) throw new CallkitError('NoCall');
      const body = { userIdList, type, timeoutS: timeout, ...given({ roomId, strRoomId, userData, chatGroupId }) };
      const { info } = await signalling.request('call.start', body);
      if (this.#pending !== media) {
        // Hung up while the server was being asked.
        await this.#leave(info.callId);
        throw new CallkitError('NoCall');
      }
      this.#pending = null;
      this.#current.place(info, media);
      return { callId: info.callId };
    } catch (thrown) {
      media.close();
      if (this.#pending === media) {
        this.#pending = null;
        this.#current.setState('idle');
        // Somebody may have called meanwhile, which was not heard here.
        this.#resume(signalling).catch((error: unknown) => this.#report(CallkitError.of(error)));
      }
      throw CallkitError.of(thrown);
    }
  }

  /** Answers the ringing call. Opens microphone and camera first. Throws `CallNotRinging` when it is over meanwhile. */
  async accept(): Promise<void> {
    const signalling = this.#signedIn();
    const call = this.#current.call;
    if (call?.phase !== 'ringing') throw new CallkitError('CallNotRinging');
    if (call.media !== null) return;
    const media = this.#makeMedia(signalling);
    call.media = media;
    try {
      await media.prepare(call.info.mediaType);
      if (this.#current.call !== call) throw new CallkitError('CallNotRinging');
      const begun = await signalling.request('call.accept', { callId: call.callId });
      this.#current.begin(begun, false);
    } catch (thrown) {
      media.close();
      if (call.media === media) call.media = null;
      throw CallkitError.of(thrown);
    }
  }

  /** Rejects the ringing call. */
  async reject(): Promise<void> {
    const call = this.#current.call;
    if (call?.phase !== 'ringing') throw new CallkitError('CallNotRinging');
    await this.#leaveOrForget(call.callId, 'call.reject');
    this.#current.finish(call.callId, 'reject', this.#selfId);
  }

  /** Leaves the running call, or cancels one that still rings. Works without a connection, too. */
  async hangup(): Promise<void> {
    const call = this.#current.call;
    if (call === null) {
      if (this.#pending === null) throw new CallkitError('NoCall');
      this.#pending.close();
      this.#pending = null;
      this.#current.setState('idle');
      return;
    }
    if (call.phase === 'ringing') return this.reject();
    // Nothing leaves this device from now on, whenever the server answers.
    call.media?.close();
    await this.#leaveOrForget(call.callId, 'call.hangup');
    this.#current.finish(call.callId, call.phase === 'active' ? 'hangup' : 'canceled', this.#selfId);
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
    return this.#current.call?.media ?? this.#pending;
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
    const current = this.#current;
    signalling.on('connected', (first) => {
      this.#events.emit('onConnectionChanged', true);
      if (!first) this.#resume(signalling).catch((thrown: unknown) => this.#report(CallkitError.of(thrown)));
    });
    signalling.on('disconnected', () => this.#events.emit('onConnectionChanged', false));
    signalling.on('unreachable', () => this.#events.emit('onConnectionChanged', false));
    signalling.on('refused', (error) => this.#onRefused(error));
    signalling.on('call.received', ({ info }) => current.ring(info));
    signalling.on('call.begun', (begun) => current.begin(begun, false));
    signalling.on('call.ended', ({ info, reason, userId, totalMs }) =>
      current.finish(info.callId, reason, userId, totalMs),
    );
    signalling.on('call.notConnected', ({ info, reason, userId }) => current.finish(info.callId, reason, userId));
    signalling.on('call.userDeclined', (declined) => current.declined(declined));
    // Joins, leaves and streams are told from the snapshots, too: a lost event is made good by the next one.
    signalling.on('room.changed', ({ callId, room }) => current.look(callId, room, false));
    signalling.on('room.userEntered', ({ callId, userId }) => current.entered(callId, userId));
    signalling.on('room.userLeft', ({ callId, userId }) => current.left(callId, userId));
    signalling.on('room.offer', (offer) => current.withId(offer.callId)?.media?.offered(offer));
  }

  #onRefused(error: CallkitError): void {
    const wasSignedIn = this.#current.state !== 'signedOut';
    this.destroy();
    // A refused init throws; only a device that was in is told by event.
    if (!wasSignedIn) return;
    if (error.code === 'UserSigExpired') this.#events.emit('onUserSigExpired');
    else if (error.code === 'SignedInElsewhere') this.#events.emit('onKickedOffline');
    else this.#report(error);
  }

  /** Tells the server that the user leaves; without a connection nobody waits for that. */
  async #leaveOrForget(callId: string, request: 'call.hangup' | 'call.reject'): Promise<void> {
    const told = this.#leave(callId, request);
    if (this.#signalling?.connected === true) await told;
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

  async #resume(signalling: SignallingClient): Promise<void> {
    // What is left now may still stand in the answer, even when the server hears of the leaving meanwhile.
    const leftBefore = [...this.#left];
    const { calls } = await signalling.request('call.resume', {});
    if (this.#signalling !== signalling) return;
    for (const step of resumeSteps(this.#current.call, calls, new Set([...leftBefore, ...this.#left]))) {
      if (step.do === 'hangup') await this.#leave(step.callId);
      else if (step.do === 'finish') this.#current.finishLost();
      else if (step.do === 'update') this.#current.look(step.call.info.callId, step.call.room, true);
      else if (step.do === 'begin') this.#beginLate(signalling, step.call);
      else if (step.do === 'adopt') this.#adopt(signalling, step.call);
    }
  }

  #beginLate(signalling: SignallingClient, resumed: Extract<ResumedCall, { state: 'active' }>): void {
    const call = this.#current.call;
    if (call === null) return;
    if (call.media === null) {
      call.media = this.#makeMedia(signalling);
      this.#prepare(call.media, call.info);
    }
    this.#current.begin(resumed, true);
  }

  #adopt(signalling: SignallingClient, resumed: ResumedCall): void {
    if (this.#current.state !== 'idle') return;
    if (resumed.state === 'ringing') {
      this.#current.ring(resumed.info);
      return;
    }
    const media = this.#makeMedia(signalling);
    this.#current.place(resumed.info, media);
    this.#prepare(media, resumed.info);
    if (resumed.state === 'active') this.#current.begin(resumed, true);
  }

  /** Opens the devices for a call that does not wait for them. */
  #prepare(media: CallMedia, { mediaType }: CallInfo): void {
    media.prepare(mediaType).catch((thrown: unknown) => this.#report(CallkitError.of(thrown)));
  }

  #drop(): void {
    this.#current.drop();
    this.#pending?.close();
    this.#pending = null;
  }

  #report(error: CallkitError): void {
    this.#events.emit('onError', error.code, error.message, error.action);
  }
}

function given<T extends Record<string, unknown>>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
