import type { CallMediaType } from '@callreel/protocol';
import { css, html, LitElement, type TemplateResult } from 'lit';
import './call-avatar.ts';
import { cameraIcon, phoneIcon } from './icons.ts';
import { userIdsIn } from './page-parameters.ts';
import type { Texts } from './texts.ts';
import { controls } from './theme.ts';

/** Asks the page to sign in: `detail` is the user id. */
export type SignInEvent = CustomEvent<string>;

/** Asks the page to call. */
export type PlaceCallEvent = CustomEvent<{ userIdList: string[]; type: CallMediaType }>;

/** `<callreel-lobby>`: who am I, whom do I call. */
export class CallLobby extends LitElement {
  static override properties = {
    texts: { attribute: false },
    userId: {},
    connected: { type: Boolean },
    busy: { type: Boolean },
    whom: { state: true },
  };
  declare texts: Texts;
  /** Null: nobody is signed in. */
  declare userId: string | null;
  declare connected: boolean;
  declare busy: boolean;
  /** What stands in the field of the called users. */
  declare whom: string;

  static override styles = [
    controls,
    css`
      :host { display: contents; }
      .me { display: flex; align-items: center; gap: 0.75rem; padding-bottom: 1.25rem; border-bottom: 1px solid var(--line); }
      .me div { min-width: 0; }
      .me strong { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; line-height: 1.35; }
      .me .quiet { font-size: 0.8125rem; line-height: 1.35; }
      .dot { margin-left: auto; display: inline-flex; align-items: center; gap: 0.4rem; font-size: 0.8125rem; color: var(--text-2); white-space: nowrap; }
      .dot::before { content: ''; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--good); }
      .dot.off::before { background: #d69a1c; animation: blink 1s ease-in-out infinite alternate; }
      .note { display: flex; gap: 0.6rem; align-items: baseline; }
      .note::before { content: ''; flex: none; width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--bad); transform: translateY(-1px); }
      label .quiet { font-weight: 400; }
      form { display: grid; gap: 1.125rem; }
      @keyframes blink { to { opacity: 0.3; } }
    `,
  ];

  constructor() {
    super();
    this.userId = null;
    this.connected = false;
    this.busy = false;
    this.whom = '';
  }

  override render(): TemplateResult {
    return this.userId === null ? this.#signIn() : this.#lobby(this.userId);
  }

  #signIn(): TemplateResult {
    const { texts } = this;
    const submit = (event: SubmitEvent): void => {
      event.preventDefault();
      if (!(event.target instanceof HTMLFormElement)) return;
      const userId = String(new FormData(event.target).get('userId') ?? '').trim();
      if (userId !== '') this.dispatchEvent(new CustomEvent('sign-in', { detail: userId }) satisfies SignInEvent);
    };
    return html`<section class="card" aria-labelledby="title">
      <div><h1 id="title">${texts.signInTitle}</h1><p class="quiet">${texts.signInHint}</p></div>
      <form @submit=${submit}>
        <label>${texts.yourName}<input name="userId" required maxlength="64" autocomplete="username" autocapitalize="off" spellcheck="false" autofocus></label>
        <button class="primary" ?disabled=${this.busy}>${this.busy ? texts.signingIn : texts.signIn}</button>
      </form>
    </section>`;
  }

  #lobby(userId: string): TemplateResult {
    const { texts } = this;
    const nobody = userIdsIn(this.whom).length === 0 || this.busy || !this.connected;
    return html`<section class="card" aria-labelledby="title">
      <div class="me">
        <callreel-avatar .name=${userId}></callreel-avatar>
        <div><span class="quiet">${texts.signedInAs}</span><strong>${userId}</strong></div>
        <span class="dot ${this.connected ? '' : 'off'}" role="status">${this.connected ? texts.online : texts.signingIn}</span>
      </div>
      <h1 id="title">${texts.callTitle}</h1>
      <form @submit=${(event: SubmitEvent) => {
        event.preventDefault();
        this.#place('video');
      }}>
        <label>
          ${texts.callWhom}
          <input name="whom" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="hint" .value=${this.whom} @input=${this.#typed}>
          <span id="hint" class="quiet">${texts.callHint}</span>
        </label>
        <div class="row">
          <button class="primary" ?disabled=${nobody}>${cameraIcon}${texts.videoCall}</button>
          <button type="button" ?disabled=${nobody} @click=${() => this.#place('audio')}>${phoneIcon}${texts.audioCall}</button>
        </div>
      </form>
      <p class="quiet note">${texts.consent}</p>
    </section>`;
  }

  readonly #typed = (event: Event): void => {
    if (event.target instanceof HTMLInputElement) this.whom = event.target.value;
  };

  #place(type: CallMediaType): void {
    const userIdList = userIdsIn(this.whom);
    if (userIdList.length > 0)
      this.dispatchEvent(new CustomEvent('place-call', { detail: { userIdList, type } }) satisfies PlaceCallEvent);
  }
}

customElements.define('callreel-lobby', CallLobby);
