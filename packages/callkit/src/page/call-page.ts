import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import './call-lobby.ts';
import type { PlaceCallEvent, SignInEvent } from './call-lobby.ts';
import './call-ringing.ts';
import './call-stage.ts';
import './call-tile.ts';
import { reelIcon } from './icons.ts';
import { chosenLanguage, keepLanguage, keepUser } from './page-memory.ts';
import { type Ended, type Notice, PageModel, type PageState } from './page-model.ts';
import { pageParameters } from './page-parameters.ts';
import { clockTime, type Language, preferredLanguage, type Texts, textsIn } from './texts.ts';
import { controls, themeColors } from './theme.ts';

/**
 * `<callreel-call>`: the call page. Reads its parameters from the address.
 *
 * For automation the element has the attributes `data-state`, `data-user-id`, `data-call-id`, `data-users` (the
 * others in the call, with commas between), `data-recording`, `data-microphone`, `data-camera`, `data-connected`
 * (`true` or `false` each), `data-end-reason` and `data-error` (a code); buttons have `data-action`, pictures
 * stand in elements with `data-user-id` and, while there is a picture, `data-video`.
 */
export class CallPage extends LitElement {
  readonly #parameters = pageParameters(location.search);
  readonly #model = new PageModel(this.#parameters, () => this.requestUpdate());
  #language: Language = chosenLanguage() ?? preferredLanguage(navigator.languages);

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
    if (this.#parameters.userId !== null) void this.#model.signIn(this.#parameters.userId);
  }

  override disconnectedCallback(): void {
    this.#model.close();
    super.disconnectedCallback();
  }

  /** What the page shows. */
  get state(): PageState {
    return this.#model.state;
  }

  override render(): TemplateResult {
    const { notices } = this.#model.facts;
    return html`${this.state === 'active' ? this.#stage() : this.#quietPage()}
      <div class="notices" role="status" aria-live="polite">
        ${notices.map((notice) => html`<p data-code=${notice.code}>${this.#noticeText(notice)}</p>`)}
      </div>`;
  }

  protected override updated(_changed: PropertyValues): void {
    const { engine, facts } = this.#model;
    const { microphone, camera } = engine.devices;
    const attributes: Record<string, string | undefined> = {
      state: this.state,
      userId: facts.userId ?? undefined,
      callId: engine.call?.info.callId,
      users: facts.people.map(({ userId }) => userId).join(','),
      recording: String(facts.recording),
      microphone: String(microphone),
      camera: String(camera),
      connected: String(facts.connected),
      endReason: facts.ended?.reason,
      error: facts.failure?.code ?? facts.notices.findLast(({ kind }) => kind === 'error')?.code,
    };
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined) delete this.dataset[name];
      else if (this.dataset[name] !== value) this.dataset[name] = value;
    }
    document.title = facts.userId === null ? 'Callreel' : `${facts.userId} · Callreel`;
  }

  get #texts(): Texts {
    return textsIn(this.#language);
  }

  #stage(): TemplateResult {
    const { engine, facts } = this.#model;
    const { microphone, camera } = engine.devices;
    const attempt = (work: Promise<void>): void => void this.#model.try(work);
    return html`<callreel-stage
      .texts=${this.#texts}
      .selfId=${facts.userId ?? ''}
      .people=${facts.people}
      .microphone=${microphone}
      .camera=${camera}
      .recording=${facts.recording}
      .connected=${facts.connected}
      .soundBlocked=${facts.soundBlocked}
      .sinceMs=${engine.call?.acceptedAtMs ?? 0}
      .attach=${this.#attach}
      @microphone=${() => attempt(microphone ? engine.closeMicrophone() : engine.openMicrophone())}
      @camera=${() => attempt(camera ? engine.closeCamera() : engine.openCamera())}
      @hangup=${() => attempt(engine.hangup())}
      @hear=${() => void this.#model.hear()}
    ></callreel-stage>`;
  }

  #quietPage(): TemplateResult {
    const texts = this.#texts;
    return html`<div class="bar">
        <span class="mark">${reelIcon}Callreel</span>
        <button
          lang=${otherLanguage(this.#language)}
          data-action="language"
          aria-label=${texts.languageLabel}
          @click=${this.#switchLanguage}
        >${texts.language}</button>
      </div>
      <div class="center"><div>${this.#card()}</div></div>`;
  }

  #card(): TemplateResult {
    const { ended } = this.#model.facts;
    switch (this.state) {
      case 'error':
        return this.#errorCard();
      case 'ringing':
        return this.#incomingCard();
      case 'calling':
        return this.#outgoingCard();
      case 'ended':
        return ended === null ? this.#lobby() : this.#endedCard(ended);
      default:
        return this.#lobby();
    }
  }

  #lobby(): TemplateResult {
    const { userId, signingIn, connected } = this.#model.facts;
    const isIn = this.state === 'idle';
    return html`<callreel-lobby
      .texts=${this.#texts}
      .userId=${isIn || signingIn ? userId : null}
      .connected=${connected && isIn}
      .busy=${signingIn}
      @sign-in=${({ detail }: SignInEvent) => this.#signIn(detail)}
      @place-call=${({ detail }: PlaceCallEvent) => void this.#model.place(detail)}
    ></callreel-lobby>`;
  }

  #incomingCard(): TemplateResult {
    const { engine, facts } = this.#model;
    const info = engine.call?.info;
    return html`<callreel-ringing
      .texts=${this.#texts}
      .incoming=${true}
      .names=${info === undefined ? [] : [info.callerId]}
      .others=${info?.calleeIdList.filter((id) => id !== facts.userId) ?? []}
      .type=${info?.mediaType ?? 'video'}
      .busy=${facts.answering}
      @accept=${() => void this.#model.accept()}
      @reject=${() => void this.#model.try(engine.reject())}
    ></callreel-ringing>`;
  }

  #outgoingCard(): TemplateResult {
    const { engine, facts } = this.#model;
    const info = engine.call?.info;
    const preview =
      engine.devices.camera && facts.userId !== null
        ? html`<callreel-tile slot="preview" .texts=${this.#texts} .userId=${facts.userId} .self=${true} .audio=${true} .video=${true} .attach=${this.#preview}></callreel-tile>`
        : nothing;
    return html`<callreel-ringing
      .texts=${this.#texts}
      .incoming=${false}
      .names=${info?.calleeIdList ?? facts.called?.userIdList ?? []}
      .others=${[]}
      .type=${info?.mediaType ?? facts.called?.type ?? 'video'}
      @cancel=${() => void this.#model.cancel()}
    >${preview}</callreel-ringing>`;
  }

  #endedCard({ reason, userId, lengthMs, again }: Ended): TemplateResult {
    const texts = this.#texts;
    const who = userId === this.#model.facts.userId ? texts.you : userId;
    return html`<section class="card end" role="status">
      <div>
        <h1>${lengthMs === null ? texts.notConnected : texts.ended}</h1>
        <p class="quiet">${texts.reasons[reason](who)} ${lengthMs === null ? nothing : texts.length(clockTime(lengthMs))}</p>
      </div>
      <div class="row">
        <button data-action="back" @click=${() => this.#model.forgetEnd()}>${texts.back}</button>
        ${again === null ? nothing : html`<button class="primary" data-action="again" @click=${() => void this.#model.place(again)}>${texts.again}</button>`}
      </div>
    </section>`;
  }

  #errorCard(): TemplateResult {
    const texts = this.#texts;
    const { failure, userId } = this.#model.facts;
    const known = failure === null ? undefined : texts.errors[failure.code];
    return html`<section class="card end" role="alert">
      <div>
        <h1>${texts.errorTitle}</h1>
        <p>${known ?? failure?.message}</p>
        ${known === undefined ? html`<p class="quiet">${failure?.action}</p>` : nothing}
      </div>
      <div class="row">
        <button class="primary" data-action="retry" ?disabled=${userId === null} @click=${() => this.#signIn(userId ?? '')}>${texts.signInAgain}</button>
      </div>
    </section>`;
  }

  #noticeText({ kind, code, text }: Notice): string {
    const texts = this.#texts;
    if (kind === 'reject') return texts.declinedBy(text);
    if (kind === 'noResponse') return texts.noAnswerFrom(text);
    if (kind === 'lineBusy') return texts.busyUser(text);
    return texts.errors[code] ?? text;
  }

  readonly #attach = (userId: string, view: HTMLVideoElement): void => {
    if (this.#model.engine.state === 'active') this.#model.engine.startRemoteView({ userId, view });
  };

  readonly #preview = (view: HTMLVideoElement): void => {
    if (this.#model.engine.state === 'calling') this.#model.engine.startLocalView(view);
  };

  readonly #switchLanguage = (): void => {
    this.#language = otherLanguage(this.#language);
    document.documentElement.lang = this.#language;
    keepLanguage(this.#language);
    this.requestUpdate();
  };

  #signIn(userId: string): void {
    keepUser(userId);
    void this.#model.signIn(userId);
  }
}

function otherLanguage(language: Language): Language {
  return language === 'en' ? 'zh' : 'en';
}

customElements.define('callreel-call', CallPage);
