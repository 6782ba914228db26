import type { CallEndReason, CallMediaType } from '@callreel/protocol';
import { CallEngine } from '../engine/call-engine.ts';
import { CallkitError } from '../signalling/index.ts';
import type { PageParameters } from './page-parameters.ts';

/** What the page shows; `data-state` of its element. */
export type PageState = 'signedOut' | 'idle' | 'calling' | 'ringing' | 'active' | 'ended' | 'error';

/** A person in the call, other than oneself. */
export type Person = { userId: string; audio: boolean; video: boolean };

/** Whom to call, and how. */
export type Wanted = { userIdList: string[]; type: CallMediaType };

/** How the last call ended. `lengthMs` is null when it never began. */
export type Ended = { reason: CallEndReason; userId: string; lengthMs: number | null; again: Wanted | null };

/** Something to tell the user for some seconds: an error, or that somebody does not come. */
export type Notice = { id: number; kind: 'error' | 'reject' | 'noResponse' | 'lineBusy'; code: string; text: string };

/** What the page knows besides the engine. */
export type PageFacts = {
  userId: string | null;
  signingIn: boolean;
  answering: boolean;
  connected: boolean;
  recording: boolean;
  soundBlocked: boolean;
  /** True while somebody is waited for who has not signed in yet. */
  patient: boolean;
  people: readonly Person[];
  /** Whom this page has called last. */
  called: Wanted | null;
  ended: Ended | null;
  /** What keeps the page from being signed in. */
  failure: CallkitError | null;
  notices: readonly Notice[];
};

// How long `call=` waits for somebody who has not signed in yet, and how often it asks.
const CALL_PATIENCE_MS = 20_000;
const CALL_AGAIN_MS = 1000;

const NOTICE_MS = 6000;

const NO_CALL = Object.freeze({ people: [], recording: false, soundBlocked: false, answering: false });

/**
 * What the call page knows and does; it shows nothing. `onChanged` is called after every change.
 * `close()` signs out and may be called twice.
 */
export class PageModel {
  readonly engine: CallEngine;
  readonly #parameters: PageParameters;
  readonly #onChanged: () => void;
  #noticeCount = 0;
  #closed = false;
  #facts: PageFacts = {
    ...NO_CALL,
    userId: null,
    signingIn: false,
    connected: false,
    patient: false,
    called: null,
    ended: null,
    failure: null,
    notices: [],
  };

  constructor(parameters: PageParameters, onChanged: () => void) {
    this.#parameters = parameters;
    this.#onChanged = onChanged;
    this.engine = new CallEngine({ videoCodec: parameters.videoCodec });
    this.#listenToCalls();
    this.#listenToPeople();
  }

  /** What is known now. */
  get facts(): Readonly<PageFacts> {
    return this.#facts;
  }

  /** What the page shows. */
  get state(): PageState {
    const { failure, ended, patient } = this.#facts;
    if (failure !== null) return 'error';
    const { state } = this.engine;
    if (state !== 'idle') return state;
    return ended !== null ? 'ended' : patient ? 'calling' : 'idle';
  }

  /** Signs in, and calls those whom the address names. */
  async signIn(userId: string): Promise<void> {
    this.#update({ userId, signingIn: true, failure: null });
    const { sdkAppId, userSig, call: userIdList, type } = this.#parameters;
    try {
      await this.engine.init({ sdkAppId: sdkAppId ?? (await demoApplication()), userId, userSig });
      this.#update({ signingIn: false });
    } catch (thrown) {
      this.#update({ signingIn: false, failure: CallkitError.of(thrown) });
      return;
    }
    if (userIdList.length > 0 && this.engine.state === 'idle') await this.#callPatiently({ userIdList, type });
  }

  /** Calls somebody. */
  async place(wanted: Wanted): Promise<void> {
    this.#update({ called: wanted, ended: null });
    await this.try(this.engine.calls(wanted));
  }

  /** Gives up a call that nobody has answered. */
  async cancel(): Promise<void> {
    this.#update({ patient: false });
    if (this.engine.state === 'calling') await this.try(this.engine.hangup());
  }

  /** Answers the call that rings. */
  async accept(): Promise<void> {
    this.#update({ answering: true });
    await this.try(this.engine.accept());
    this.#update({ answering: false });
  }

  /** Lets the others be heard after the browser held their sound back. */
  async hear(): Promise<void> {
    await this.try(this.engine.resumeSound());
    this.#update({ soundBlocked: false });
  }

  /** Puts the end of the last call away. */
  forgetEnd(): void {
    this.#update({ ended: null });
  }

  /** Awaits what the user began; an error becomes a notice. */
  async try(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#report(CallkitError.of(thrown));
    }
    this.#onChanged();
  }

  /** Signs out. */
  close(): void {
    this.#closed = true;
    this.engine.destroy();
  }

  #listenToCalls(): void {
    const { engine } = this;
    engine.on('onStateChanged', () => this.#onChanged());
    engine.on('onDevicesChanged', () => this.#onChanged());
    engine.on('onConnectionChanged', (connected) => this.#update({ connected }));
    engine.on('onCallReceived', () => {
      this.#update({ ended: null });
      if (this.#parameters.autoAccept) void this.accept();
    });
    engine.on('onCallBegin', () => this.#update({ ended: null }));
    engine.on('onCallEnd', (_callId, type, reason, userId, lengthMs) =>
      this.#update({ ...NO_CALL, ended: { reason, userId, lengthMs, again: this.#again(type) } }),
    );
    engine.on('onCallNotConnected', (_callId, type, reason, userId, { role }) => {
      const again = role === 'caller' ? this.#again(type) : null;
      this.#update({ ...NO_CALL, ended: { reason, userId, lengthMs: null, again } });
    });
    engine.on('onKickedOffline', () => this.#update({ failure: new CallkitError('SignedInElsewhere') }));
    engine.on('onUserSigExpired', () => this.#update({ failure: new CallkitError('UserSigExpired') }));
    engine.on('onError', (code, text) => {
      if (code === 'SoundBlocked') this.#update({ soundBlocked: true });
      else this.#notice({ kind: 'error', code, text });
    });
  }

  #listenToPeople(): void {
    const { engine } = this;
    const without = (userId: string): Person[] => this.#facts.people.filter((person) => person.userId !== userId);
    const change = (userId: string, now: Partial<Person>): void => {
      const people = this.#facts.people.map((person) => (person.userId === userId ? { ...person, ...now } : person));
      this.#update({ people });
    };
    engine.on('onUserJoin', (userId) =>
      this.#update({ people: [...without(userId), { userId, audio: false, video: false }] }),
    );
    engine.on('onUserLeave', (userId) => this.#update({ people: without(userId) }));
    engine.on('onUserVideoAvailable', (userId, video) => change(userId, { video }));
    engine.on('onUserAudioAvailable', (userId, audio) => change(userId, { audio }));
    engine.on('onRecordingChanged', (recording) => this.#update({ recording }));
    engine.on('onUserReject', (userId) => this.#notice({ kind: 'reject', code: '', text: userId }));
    engine.on('onUserNoResponse', (userId) => this.#notice({ kind: 'noResponse', code: '', text: userId }));
    engine.on('onUserLineBusy', (userId) => this.#notice({ kind: 'lineBusy', code: '', text: userId }));
  }

  /** Calls; somebody who has not signed in yet is waited for. */
  async #callPatiently(wanted: Wanted): Promise<void> {
    const until = Date.now() + CALL_PATIENCE_MS;
    this.#update({ called: wanted, patient: true });
    while (this.#facts.patient && !this.#closed && this.engine.state === 'idle') {
      try {
        await this.engine.calls(wanted);
        break;
      } catch (thrown) {
        const error = CallkitError.of(thrown);
        if (error.code !== 'CallUserUnknown' || Date.now() > until) {
          this.#report(error);
          break;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, CALL_AGAIN_MS));
    }
    this.#update({ patient: false });
  }

  #again(type: CallMediaType): Wanted | null {
    const { called, people } = this.#facts;
    if (called !== null) return called;
    return people.length === 0 ? null : { userIdList: people.map(({ userId }) => userId), type };
  }

  #report(error: CallkitError): void {
    // NoCall: the user was faster than the server.
    if (error.code !== 'NoCall') this.#notice({ kind: 'error', code: error.code, text: error.message });
  }

  #notice(notice: Omit<Notice, 'id'>): void {
    this.#noticeCount += 1;
    const id = this.#noticeCount;
    this.#update({ notices: [...this.#facts.notices.slice(-2), { id, ...notice }] });
    setTimeout(() => this.#update({ notices: this.#facts.notices.filter((each) => each.id !== id) }), NOTICE_MS);
  }

  #update(facts: Partial<PageFacts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#onChanged();
  }
}

/** The application of a server in demo mode. Throws `ApplicationUnknown` when the server tells none. */
async function demoApplication(): Promise<number> {
  const answer = await fetch('/call/config.json').catch((cause: unknown) => {
    throw new CallkitError('ServerUnreachable', { cause });
  });
  const config: unknown = answer.ok ? await answer.json() : null;
  if (typeof config === 'object' && config !== null && 'sdkAppId' in config && typeof config.sdkAppId === 'number') {
    return config.sdkAppId;
  }
  throw new CallkitError('ApplicationUnknown', {
    message: 'The address names no sdkAppId, and this server tells none.',
  });
}
