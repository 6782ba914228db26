import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { styleMap } from 'lit/directives/style-map.js';
import './call-tile.ts';
import { cameraIcon, cameraOffIcon, hangupIcon, microphoneIcon, microphoneOffIcon, soundIcon } from './icons.ts';
import type { Person } from './page-model.ts';
import { clockTime, type Texts } from './texts.ts';

/** `<callreel-stage>`: a running call: everybody's picture, the recording sign, the time and the controls. */
export class CallStage extends LitElement {
  static override properties = {
    texts: { attribute: false },
    selfId: {},
    people: { attribute: false },
    microphone: { type: Boolean },
    camera: { type: Boolean },
    recording: { type: Boolean },
    connected: { type: Boolean },
    soundBlocked: { type: Boolean },
    sinceMs: { type: Number },
    attach: { attribute: false },
  };
  declare texts: Texts;
  declare selfId: string;
  /** Everybody else. */
  declare people: readonly Person[];
  declare microphone: boolean;
  declare camera: boolean;
  declare recording: boolean;
  declare connected: boolean;
  /** Whether the browser waits for a touch before it plays sound. */
  declare soundBlocked: boolean;
  /** When the call was answered, in ms since the Unix epoch. */
  declare sinceMs: number;
  declare attach: (userId: string, element: HTMLVideoElement) => void;
  #ticking: ReturnType<typeof setInterval> | undefined;

  static override styles = css`
    * { box-sizing: border-box; }
    :host { position: absolute; inset: 0; display: grid; grid-template-rows: auto minmax(0, 1fr) auto; background: var(--stage); color: var(--stage-text); }
    header { display: flex; align-items: center; gap: 0.75rem; padding: max(0.75rem, env(safe-area-inset-top)) 1rem 0.75rem; min-height: 3.5rem; }
    header .time { font-variant-numeric: tabular-nums; font-weight: 600; }
    header .lost { color: #ffd58a; font-size: 0.875rem; }
    .sign { margin-left: auto; display: inline-flex; align-items: center; gap: 0.5rem; padding: 0.25rem 0.8rem; border-radius: 99px; background: #d92f3c; color: #fff; font-size: 0.8125rem; font-weight: 650; letter-spacing: 0.01em; }
    .sign::before { content: ''; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: #fff; animation: blink 1.1s ease-in-out infinite alternate; }
    main { position: relative; margin-inline: 1rem; min-height: 0; }
    .grid { position: absolute; inset: 0; display: grid; gap: 0.75rem; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); grid-auto-rows: minmax(0, 1fr); }
    .two > callreel-tile:not([self]) { position: absolute; inset: 0; --tile-fit: contain; }
    .two > callreel-tile[self] { position: absolute; right: 0.9rem; bottom: 0.9rem; width: clamp(7.5rem, 22%, 15rem); aspect-ratio: 16 / 9; box-shadow: 0 0 0 2px rgb(255 255 255 / 14%), 0 10px 30px rgb(0 0 0 / 45%); z-index: 1; }
    .waiting { position: absolute; inset: 0; display: grid; place-items: center; color: var(--stage-text-2); }
    footer { display: flex; justify-content: center; align-items: center; gap: 0.875rem; padding: 1rem 1rem max(1rem, env(safe-area-inset-bottom)); }
    button { font: inherit; cursor: pointer; border: 0; color: inherit; display: inline-grid; place-items: center; transition: background 0.15s, transform 0.1s; }
    button:active { transform: scale(0.95); }
    button:focus-visible { outline: 3px solid #93a0ff; outline-offset: 2px; }
    .round { width: 3.5rem; height: 3.5rem; border-radius: 50%; font-size: 1.45rem; background: #2b3546; }
    .round:hover { background: #384559; }
    .round[aria-pressed='true'] { background: #eef2f8; color: #16202f; }
    .round.end { background: #d92f3c; width: 4.75rem; border-radius: 99px; color: #fff; }
    .round.end:hover { background: #e8515c; }
    .hear { position: absolute; left: 50%; bottom: 1rem; translate: -50% 0; display: flex; align-items: center; gap: 0.5rem; padding: 0.7rem 1.2rem; border-radius: 99px; background: #4353e6; color: #fff; font-weight: 600; z-index: 2; white-space: nowrap; }
    @keyframes blink { to { opacity: 0.35; } }
    @media (max-width: 40rem) {
      main { margin-inline: 0.5rem; }
      .two > callreel-tile[self] { width: 7rem; aspect-ratio: 3 / 4; bottom: auto; top: 0.6rem; right: 0.6rem; }
      .two > callreel-tile:not([self]) { --tile-fit: cover; }
    }
    @media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
  `;

  constructor() {
    super();
    this.selfId = '';
    this.people = [];
    this.microphone = false;
    this.camera = false;
    this.recording = false;
    this.connected = true;
    this.soundBlocked = false;
    this.sinceMs = 0;
    this.attach = () => undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ticking = setInterval(() => this.requestUpdate(), 500);
  }

  override disconnectedCallback(): void {
    clearInterval(this.#ticking);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { texts, people } = this;
    const everybody = [...people, { userId: this.selfId, audio: this.microphone, video: this.camera }];
    const columns = everybody.length <= 2 ? everybody.length : Math.ceil(Math.sqrt(everybody.length));
    return html`
      <header>
        <span class="time" role="timer">${clockTime(Date.now() - this.sinceMs)}</span>
        ${this.connected ? nothing : html`<span class="lost" role="status">${texts.offline}</span>`}
        ${this.recording ? html`<span class="sign" role="status" data-sign="recording" title=${texts.recordingHint}>${texts.recording}</span>` : nothing}
      </header>
      <main>
        <div class="grid ${everybody.length <= 2 ? 'two' : ''}" style=${styleMap({ '--columns': String(columns) })} role="group" aria-label=${texts.people}>
          ${repeat(
            everybody,
            ({ userId }) => userId,
            (person) => this.#tile(person),
          )}
        </div>
        ${people.length === 0 ? html`<div class="waiting" role="status">${texts.waiting}</div>` : nothing}
        ${this.soundBlocked ? html`<button class="hear" data-action="hear" @click=${() => this.#say('hear')}>${soundIcon}${texts.hear}</button>` : nothing}
      </main>
      <footer role="toolbar" aria-label=${texts.controls}>
        ${this.#switch('microphone', this.microphone, this.microphone ? texts.mute : texts.unmute, this.microphone ? microphoneIcon : microphoneOffIcon)}
        ${this.#switch('camera', this.camera, this.camera ? texts.cameraOff : texts.cameraOn, this.camera ? cameraIcon : cameraOffIcon)}
        <button class="round end" data-action="hangup" aria-label=${texts.hangup} title=${texts.hangup} @click=${() => this.#say('hangup')}>${hangupIcon}</button>
      </footer>
    `;
  }

  #tile({ userId, audio, video }: Person): TemplateResult {
    return html`<callreel-tile .texts=${this.texts} .userId=${userId} .self=${userId === this.selfId} .audio=${audio} .video=${video} .attach=${(element: HTMLVideoElement) => this.attach(userId, element)}></callreel-tile>`;
  }

  #switch(name: 'microphone' | 'camera', on: boolean, text: string, icon: unknown): TemplateResult {
    // Pressed means switched off: that is the state which stands out.
    return html`<button class="round" data-action=${name} aria-label=${text} title=${text} aria-pressed=${String(!on)} @click=${() => this.#say(name)}>${icon}</button>`;
  }

  #say(name: string): void {
    this.dispatchEvent(new CustomEvent(name));
  }
}

customElements.define('callreel-stage', CallStage);
