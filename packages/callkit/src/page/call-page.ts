import type { CallEndReason, CallMediaType } from '@callreel/protocol';
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { CallEngine } from '../engine/call-engine.ts';
import { CallkitError } from '../signalling/index.ts';
import './call-lobby.ts';
import type { PlaceCallEvent, SignInEvent } from './call-lobby.ts';
import './call-ringing.ts';
import './call-stage.ts';
import './call-tile.ts';
import type { StagePerson } from './call-stage.ts';
import { reelIcon } from './icons.ts';
import { type PageParameters, pageParameters } from './page-parameters.ts';
import { clockTime, type Language, preferredLanguage, type Texts, textsIn } from './texts.ts';
import { controls, themeColors } from './theme.ts';

/** What the page shows; `data-state` of the element. */
export type PageState = 'signedOut' | 'idle' | 'calling' | 'ringing' | 'active' | 'ended' | 'error';

type Ended = { title: string; text: string; reason: CallEndReason; again: { userIdList: string[]; type: CallMediaType } | null };
type Failure = { code: string; text: string; action: string };

// How long `call=` waits for somebody who has not signed in yet, and how often it asks.
const CALL_PATIENCE_MS = 20_000;
const CALL_AGAIN_MS = 1000;

/**
 * `<callreel-call>`: the call page. Reads its parameters from the address.
 *
 * For automation the element has the attributes `data-state`, `data-user-id`, `data-call-id`, `data-users` (the
 * others in the call, with commas between), `data-recording`, `data-microphone`, `data-camera`, `data-connected`
 * (`true` or `false` each), `data-end-reason` and `data-error` (a code); buttons have `data-action`, pictures
 * stand in elements with `data-user-id` and, while there is a picture, `data-video`.
 */
export class CallPage extends LitElement {
  readonly #parameters: PageParameters = pageParameters(location.search);
  readonly #engine = new CallEngine({ videoCodec: this.#parameters.videoCodec });
  readonly #people = new Map<string, StagePerson>();
  #language: Language = storedLanguage() ?? preferredLanguage(navigator.languages);
  #userId: string | null = this.#parameters.userId;
  #signingIn = false;
  #answering = false;
  #connected = false;
  #recording = false;
  #soundBlocked = false;
  /** True while somebody is waited for who has not signed in yet. */
  #patient = false;
  #ended: Ended | null = null;
  /** Whom this page has called last. */
  #called: { userIdList: string[]; type: CallMediaType } | null = null;
  #fatal: Failure | null = null;
  #notices: { id: number; text: string; code: string }[] = [];
  #noticeCount = 0;

  static override styles = [
    themeColors,
    controls,
    css`
      :host { position: relative; display: block; min-height: 100%; background: radial-gradient(90rem 50rem at 50% -10%, var(--ground-2), var(--ground)); }
      .bar { position: absolute; inset: 0 0 auto; display: flex; align-items: center; justify-content: space-between; padding: 1rem 1.25rem; }
      .mark { display: flex; align-items: center; gap: 0.6rem; font-weight: 700; letter-spacing: -0.01em; font-size: 1.0625rem; }
      .mark svg { font-size: 1.75rem; }
      .bar button { background: none; color: var(--text-2); padding: 0.4rem 0.7rem; font-size: 0.875rem; font-weight: 550; }
      .center { min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 5rem 1rem 2rem; }
      .center > * { width: 100%; display: grid; justify-items: center; }
      .end { text-align: center; }
      .notices { position: fixed; z-index: 10; inset: auto 1rem calc(6.5rem + env(safe-area-inset-bottom)); display: grid; justify-items: center; gap: 0.5rem; pointer-events: none; }
      .notices p { max-width: 32rem; padding: 0.6rem 1rem; border-radius: 12px; background: #232c3a; color: #fff; font-size: 0.875rem; box-shadow: 0 6px 24px rgb(0 0 0 / 28%); animation: rise 0.2s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(0.5rem); } }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    document.documentElement.lang = this.#language;
    this.#listen();
    this.requestUpdate();
    if (this.#userId !== null) void this.#signIn(this.#userId);
  }

  override disconnectedCallback(): void {
    this.#engine.destroy();
    super.disconnectedCallback();
  }

  /** What the page shows. */
  get state(): PageState {
    if (this.#fatal !== null) return 'error';
    const { state } = this.#engine;
    if (state !== 'idle') return state;
    return this.#ended !== null ? 'ended' : this.#patient ? 'calling' : 'idle';
  }

  override render(): TemplateResult {
    return html`${this.#body(this.state)}
      <div class="notices" role="status" aria-live="polite">${this.#notices.map(({ text, code }) => html`<p data-code=${code}>${text}</p>`)}</div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const { call, devices } = this.#engine;
    const facts: Record<string, string | undefined> = {
      state: this.state,
      userId: this.#userId ?? undefined,
      callId: call?.info.callId,
      users: [...this.#people.keys()].join(','),
      recording: String(this.#recording),
      microphone: String(devices.microphone),
      camera: String(devices.camera),
      connected: String(this.#connected),
      endReason: this.#ended?.reason,
      error: this.#fatal?.code ?? this.#notices.at(-1)?.code,
    };
    for (const [name, value] of Object.entries(facts)) {
      if (value === undefined) delete this.dataset[name];
      else if (this.dataset[name] !== value) this.dataset[name] = value;
    }
    document.title = this.#userId === null ? 'Callreel' : `${this.#userId} · Callreel`;
  }

  get #texts(): Texts {
    return textsIn(this.#language);
  }

  #body(state: PageState): TemplateResult {
    const texts = this.#texts;
    const { call, devices } = this.#engine;
    if (state === 'active' && call !== null) {
      return html`<callreel-stage
        .texts=${texts} .selfId=${this.#userId ?? ''} .people=${[...this.#people.values()]} .microphone=${devices.microphone} .camera=${devices.camera}
        .recording=${this.#recording} .connected=${this.#connected} .soundBlocked=${this.#soundBlocked} .sinceMs=${call.acceptedAtMs} .attach=${this.#attach}
        @microphone=${() => this.#try(devices.microphone ? this.#engine.closeMicrophone() : this.#engine.openMicrophone())}
        @camera=${() => this.#try(devices.camera ? this.#engine.closeCamera() : this.#engine.openCamera())}
        @hangup=${() => this.#try(this.#engine.hangup())}
        @hear=${() => this.#hear()}></callreel-stage>`;
    }
    return html`<div class="bar">
        <span class="mark">${reelIcon}Callreel</span>
        <button lang=${this.#language === 'en' ? 'zh' : 'en'} data-action="language" aria-label=${texts.languageLabel} @click=${() => this.#switchLanguage()}>${texts.language}</button>
      </div>
      <div class="center"><div>${this.#card(state)}</div></div>`;
  }

  #card(state: PageState): TemplateResult {
    const texts = this.#texts;
    const { devices } = this.#engine;
    const info = this.#engine.call?.info;
    if (state === 'error') return this.#errorCard();
    if (state === 'ended' && this.#ended !== null) return this.#endedCard(this.#ended);
    if (state === 'ringing' && info !== undefined) {
      const others = info.calleeIdList.filter((id) => id !== this.#userId);
      return html`<callreel-ringing .texts=${texts} .incoming=${true} .names=${[info.callerId]} .others=${others} .type=${info.mediaType} .busy=${this.#answering}
        @accept=${() => this.#accept()} @reject=${() => this.#try(this.#engine.reject())}></callreel-ringing>`;
    }
    if (state === 'calling') {
      return html`<callreel-ringing .texts=${texts} .incoming=${false} .names=${info?.calleeIdList ?? this.#called?.userIdList ?? []} .others=${[]} .type=${info?.mediaType ?? 'video'}
        @cancel=${() => this.#cancel()}>
        ${devices.camera && this.#userId !== null ? html`<callreel-tile slot="preview" .texts=${texts} .userId=${this.#userId} .self=${true} .audio=${true} .video=${true} .attach=${this.#preview}></callreel-tile>` : nothing}
      </callreel-ringing>`;
    }
    return html`<callreel-lobby .texts=${texts} .userId=${state === 'signedOut' && !this.#signingIn ? null : this.#userId} .connected=${this.#connected && state === 'idle'} .busy=${this.#signingIn}
      @sign-in=${(event: SignInEvent) => void this.#signIn(event.detail)} @place-call=${(event: PlaceCallEvent) => void this.#place(event.detail)}></callreel-lobby>`;
  }

  #endedCard({ title, text, again }: Ended): TemplateResult {
    const texts = this.#texts;
    const back = (): void => {
      this.#ended = null;
      this.requestUpdate();
    };
    return html`<section class="card end" role="status">
      <div><h1>${title}</h1><p class="quiet">${text}</p></div>
      <div class="row">
        <button data-action="back" @click=${back}>${texts.back}</button>
        ${again === null ? nothing : html`<button class="primary" data-action="again" @click=${() => void this.#place(again)}>${texts.again}</button>`}
      </div>
    </section>`;
  }

  #errorCard(): TemplateResult {
    const texts = this.#texts;
    const retry = (): void => {
      this.#fatal = null;
      if (this.#userId === null) this.requestUpdate();
      else void this.#signIn(this.#userId);
    };
    return html`<section class="card end" role="alert">
      <div><h1>${texts.errorTitle}</h1><p>${this.#fatal?.text}</p><p class="quiet">${this.#fatal?.action}</p></div>
      <div class="row"><button class="primary" data-action="retry" @click=${retry}>${texts.signInAgain}</button></div>
    </section>`;
  }

  #listen(): void {
    const engine = this.#engine;
    const show = (): void => this.requestUpdate();
    const forget = (): void => {
      this.#people.clear();
      this.#recording = false;
      this.#soundBlocked = false;
      this.#answering = false;
    };
    engine.on('onStateChanged', show);
    engine.on('onDevicesChanged', show);
    engine.on('onConnectionChanged', (isConnected) => this.#set(() => void (this.#connected = isConnected)));
    engine.on('onCallReceived', () => {
      this.#set(() => void (this.#ended = null));
      if (this.#parameters.autoAccept) void this.#accept();
    });
    engine.on('onCallBegin', () => this.#set(() => void (this.#ended = null)));
    engine.on('onCallEnd', (_callId, type, reason, userId, totalTime) => {
      const again = this.#others(type);
      const text = `${this.#reason(reason, userId)} ${this.#texts.length(clockTime(totalTime))}`;
      this.#set(() => {
        forget();
        this.#ended = { title: this.#texts.ended, text, reason, again };
      });
    });
    engine.on('onCallNotConnected', (_callId, type, reason, userId, info) => {
      const again = info.role === 'caller' ? (this.#called ?? this.#others(type)) : null;
      this.#set(() => {
        forget();
        this.#ended = { title: this.#texts.notConnected, text: this.#reason(reason, userId), reason, again };
      });
    });
    engine.on('onUserJoin', (userId) => this.#set(() => void this.#people.set(userId, { userId, audio: false, video: false })));
    engine.on('onUserLeave', (userId) => this.#set(() => void this.#people.delete(userId)));
    engine.on('onUserVideoAvailable', (userId, video) => this.#person(userId, { video }));
    engine.on('onUserAudioAvailable', (userId, audio) => this.#person(userId, { audio }));
    engine.on('onRecordingChanged', (isRecording) => this.#set(() => void (this.#recording = isRecording)));
    engine.on('onUserReject', (userId) => this.#notice(this.#texts.declinedBy(userId)));
    engine.on('onUserNoResponse', (userId) => this.#notice(this.#texts.noAnswerFrom(userId)));
    engine.on('onUserLineBusy', (userId) => this.#notice(this.#texts.busyUser(userId)));
    engine.on('onKickedOffline', () => this.#fail(new CallkitError('SignedInElsewhere')));
    engine.on('onUserSigExpired', () => this.#fail(new CallkitError('UserSigExpired')));
    engine.on('onError', (code, message) => {
      if (code === 'SoundBlocked') this.#set(() => void (this.#soundBlocked = true));
      else this.#notice(this.#texts.errors[code] ?? message, code);
    });
  }

  readonly #attach = (userId: string, element: HTMLVideoElement): void => {
    if (this.#engine.state === 'active') this.#engine.startRemoteView({ userId, view: element });
  };

  readonly #preview = (element: HTMLVideoElement): void => {
    if (this.#engine.state === 'calling') this.#engine.startLocalView(element);
  };

  async #signIn(userId: string): Promise<void> {
    this.#set(() => {
      this.#userId = userId;
      this.#signingIn = true;
      this.#fatal = null;
    });
    rememberUser(userId);
    try {
      const sdkAppId = this.#parameters.sdkAppId ?? (await demoApplication());
      await this.#engine.init({ sdkAppId, userId, userSig: this.#parameters.userSig });
      this.#set(() => void (this.#signingIn = false));
      if (this.#parameters.call.length > 0 && this.#engine.state === 'idle') await this.#callPatiently();
    } catch (thrown) {
      this.#set(() => void (this.#signingIn = false));
      this.#fail(CallkitError.of(thrown));
    }
  }

  /** Calls those of the address; somebody who has not signed in yet is waited for. */
  async #callPatiently(): Promise<void> {
    const { call: userIdList, type } = this.#parameters;
    const until = Date.now() + CALL_PATIENCE_MS;
    this.#called = { userIdList, type };
    this.#patient = true;
    while (this.#patient && this.isConnected && this.#engine.state === 'idle') {
      try {
        await this.#engine.calls({ userIdList, type });
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
    this.#set(() => void (this.#patient = false));
  }

  async #cancel(): Promise<void> {
    this.#set(() => void (this.#patient = false));
    if (this.#engine.state === 'calling') await this.#try(this.#engine.hangup());
  }

  async #place(wanted: { userIdList: string[]; type: CallMediaType }): Promise<void> {
    this.#called = wanted;
    this.#set(() => void (this.#ended = null));
    await this.#try(this.#engine.calls(wanted));
  }

  async #accept(): Promise<void> {
    this.#set(() => void (this.#answering = true));
    await this.#try(this.#engine.accept());
    this.#set(() => void (this.#answering = false));
  }

  async #hear(): Promise<void> {
    await this.#try(this.#engine.resumeSound());
    this.#set(() => void (this.#soundBlocked = false));
  }

  /** Awaits what a button began; an error becomes a notice. */
  async #try(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#report(CallkitError.of(thrown));
    }
    this.requestUpdate();
  }

  #report(error: CallkitError): void {
    // NoCall: the user was faster than the server.
    if (error.code !== 'NoCall') this.#notice(this.#texts.errors[error.code] ?? error.message, error.code);
  }

  #fail(error: CallkitError): void {
    const known = this.#texts.errors[error.code];
    this.#set(() => void (this.#fatal = { code: error.code, text: known ?? error.message, action: known === undefined ? error.action : '' }));
  }

  #notice(text: string, code = ''): void {
    const id = ++this.#noticeCount;
    this.#set(() => void (this.#notices = [...this.#notices.slice(-2), { id, text, code }]));
    setTimeout(() => this.#set(() => void (this.#notices = this.#notices.filter((notice) => notice.id !== id))), 6000);
  }

  #person(userId: string, facts: Partial<StagePerson>): void {
    const known = this.#people.get(userId);
    if (known !== undefined) this.#set(() => void this.#people.set(userId, { ...known, ...facts }));
  }

  #others(type: CallMediaType): { userIdList: string[]; type: CallMediaType } | null {
    const userIdList = this.#called?.userIdList ?? [...this.#people.keys()];
    return userIdList.length === 0 ? null : { userIdList, type };
  }

  #reason(reason: CallEndReason, userId: string): string {
    return this.#texts.reasons[reason](userId === this.#userId ? this.#texts.you : userId);
  }

  #switchLanguage(): void {
    this.#language = this.#language === 'en' ? 'zh' : 'en';
    document.documentElement.lang = this.#language;
    storeLanguage(this.#language);
    this.requestUpdate();
  }

  #set(change: () => void): void {
    change();
    this.requestUpdate();
  }
}

/** The application of a server in demo mode. Throws `ApplicationUnknown` when the server tells none. */
async function demoApplication(): Promise<number> {
  const answer = await fetch('/call/config.json').catch((cause: unknown) => {
    throw new CallkitError('ServerUnreachable', { cause });
  });
  const config: unknown = answer.ok ? await answer.json() : null;
  if (typeof config === 'object' && config !== null && 'sdkAppId' in config && typeof config.sdkAppId === 'number') return config.sdkAppId;
  throw new CallkitError('ApplicationUnknown', { message: 'The address names no sdkAppId, and this server tells none.' });
}

/** Writes the user into the address, so that a page that is loaded anew is the same user. */
function rememberUser(userId: string): void {
  const address = new URL(location.href);
  if (address.searchParams.get('userId') === userId) return;
  address.searchParams.set('userId', userId);
  history.replaceState(null, '', address);
}

function storedLanguage(): Language | null {
  try {
    const kept = localStorage.getItem('callreel.language');
    return kept === 'zh' || kept === 'en' ? kept : null;
  } catch {
    // Storage is switched off: the browser's own language it is.
    return null;
  }
}

function storeLanguage(language: Language): void {
  try {
    localStorage.setItem('callreel.language', language);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

customElements.define('callreel-call', CallPage);
