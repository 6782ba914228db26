import type { CallMediaType } from '@callreel/protocol';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import './call-avatar.ts';
import { cameraIcon, hangupIcon, phoneIcon } from './icons.ts';
import type { Texts } from './texts.ts';
import { controls } from './theme.ts';

/** `<callreel-ringing>`: a call that nobody has answered yet, seen from either side. */
export class CallRinging extends LitElement {
  static override properties = {
    texts: { attribute: false },
    incoming: { type: Boolean },
    names: { attribute: false },
    others: { attribute: false },
    type: {},
    busy: { type: Boolean },
  };
  declare texts: Texts;
  /** True: somebody calls here. */
  declare incoming: boolean;
  /** Who calls, or who is called. */
  declare names: string[];
  /** Who else is called. */
  declare others: string[];
  declare type: CallMediaType;
  /** True while an answer is under way. */
  declare busy: boolean;

  static override styles = [
    controls,
    css`
      :host { display: contents; }
      .card { justify-items: center; text-align: center; padding: 2.25rem 1.75rem 1.75rem; gap: 1.5rem; }
      .faces { display: flex; padding-block: 0.75rem; }
      .faces callreel-avatar { width: 6.5rem; position: relative; }
      .faces callreel-avatar + callreel-avatar { margin-left: -1.5rem; box-shadow: 0 0 0 4px var(--surface); }
      .faces callreel-avatar:only-child::before, .faces callreel-avatar:only-child::after {
        content: ''; position: absolute; inset: 0; border-radius: 50%; border: 2px solid var(--accent); opacity: 0; animation: wave 2.2s ease-out infinite;
      }
      .faces callreel-avatar:only-child::after { animation-delay: 1.1s; }
      ::slotted(*) { width: 100%; aspect-ratio: 16 / 9; }
      h1 { overflow-wrap: anywhere; }
      .answers { display: flex; justify-content: center; gap: 3.5rem; }
      .answers label { justify-items: center; gap: 0.6rem; font-weight: 500; color: var(--text-2); cursor: pointer; }
      .round { width: 4rem; height: 4rem; padding: 0; border-radius: 50%; font-size: 1.35rem; color: #fff; }
      .yes { background: var(--good); }
      .no { background: var(--bad); }
      @keyframes wave { 0% { transform: scale(1); opacity: 0.7; } 100% { transform: scale(1.42); opacity: 0; } }
    `,
  ];

  constructor() {
    super();
    this.incoming = false;
    this.names = [];
    this.others = [];
    this.type = 'video';
    this.busy = false;
  }

  override render(): TemplateResult {
    const { texts, incoming, names, others, type } = this;
    const what = incoming ? (type === 'video' ? texts.ringingVideo : texts.ringingAudio) : texts.calling;
    return html`<section class="card" role=${incoming ? 'alertdialog' : 'status'} aria-labelledby="title" aria-describedby="what">
      <slot name="preview"></slot>
      <div class="faces">${names.slice(0, 4).map((name) => html`<callreel-avatar .name=${name}></callreel-avatar>`)}</div>
      <div>
        <h1 id="title">${names.join(', ')}</h1>
        <p id="what" class="quiet">${what}</p>
        ${others.length > 0 ? html`<p class="quiet">${texts.withOthers(others.join(', '))}</p>` : nothing}
      </div>
      <div class="answers">
        <label>${this.#answer(incoming ? 'reject' : 'cancel', 'no', incoming ? texts.reject : texts.cancel)}</label>
        ${incoming ? html`<label>${this.#answer('accept', 'yes', texts.accept)}</label>` : nothing}
      </div>
      <p class="quiet">${incoming ? texts.consentAccept : texts.consent}</p>
    </section>`;
  }

  #answer(name: 'accept' | 'reject' | 'cancel', kind: 'yes' | 'no', text: string): TemplateResult {
    const icon = kind === 'no' ? hangupIcon : this.type === 'video' ? cameraIcon : phoneIcon;
    return html`<button class="round ${kind}" data-action=${name} aria-label=${text} ?disabled=${this.busy && kind === 'yes'} @click=${() => this.dispatchEvent(new CustomEvent(name))}>${icon}</button><span aria-hidden="true">${text}</span>`;
  }
}

customElements.define('callreel-ringing', CallRinging);
