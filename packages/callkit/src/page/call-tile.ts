import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import './call-avatar.ts';
import { microphoneOffIcon } from './icons.ts';
import type { Texts } from './texts.ts';

/** `<callreel-tile>`: one person in a call. Hands its `<video>` to `attach` once it stands in the page. */
export class CallTile extends LitElement {
  static override properties = {
    texts: { attribute: false },
    userId: { attribute: 'data-user-id', reflect: true },
    self: { type: Boolean, reflect: true },
    video: { type: Boolean, attribute: 'data-video', reflect: true },
    audio: { type: Boolean, attribute: 'data-audio', reflect: true },
    attach: { attribute: false },
  };
  declare texts: Texts;
  declare userId: string;
  declare self: boolean;
  /** Whether the person sends a picture. */
  declare video: boolean;
  /** Whether the person's microphone is on. */
  declare audio: boolean;
  declare attach: (element: HTMLVideoElement) => void;

  static override styles = css`
    :host { position: relative; display: grid; place-items: center; overflow: hidden; border-radius: 16px; background: radial-gradient(120% 120% at 50% 20%, #263142, #171e29); min-width: 0; min-height: 0; }
    video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: var(--tile-fit, cover); opacity: 0; transition: opacity 0.2s; }
    :host([data-video]) video { opacity: 1; }
    :host([self]) video { transform: scaleX(-1); }
    callreel-avatar { width: clamp(3rem, 26%, 7.5rem); }
    :host([data-video]) callreel-avatar { visibility: hidden; }
    .name {
      position: absolute; left: 0.6rem; bottom: 0.6rem; max-width: calc(100% - 1.2rem); display: flex; align-items: center; gap: 0.4rem;
      padding: 0.2rem 0.65rem; border-radius: 99px; background: rgb(10 14 20 / 62%); color: #fff; font-size: 0.8125rem; font-weight: 550;
    }
    .name span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .name .off { display: flex; overflow: visible; }
    .name svg { flex: none; font-size: 1.05em; color: #ff8f97; }
  `;

  constructor() {
    super();
    this.userId = '';
    this.self = false;
    this.video = false;
    this.audio = false;
    this.attach = () => undefined;
  }

  override render(): TemplateResult {
    const name = this.self ? this.texts.you : this.userId;
    return html`
      <callreel-avatar .name=${this.userId}></callreel-avatar>
      <video muted autoplay playsinline aria-label=${this.texts.video(name)}></video>
      <div class="name">${this.audio ? nothing : html`<span class="off" role="img" aria-label=${this.texts.muted}>${microphoneOffIcon}</span>`}<span>${name}</span></div>
    `;
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    const element = this.renderRoot.querySelector('video');
    if (element !== null) this.attach(element);
  }
}

customElements.define('callreel-tile', CallTile);
