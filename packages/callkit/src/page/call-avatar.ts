import { css, html, LitElement, type TemplateResult } from 'lit';

/** `<callreel-avatar name>`: the first letter of a user on a colour made from the id. */
export class CallAvatar extends LitElement {
  static override properties = { name: {} };
  declare name: string;

  static override styles = css`
    :host { display: inline-grid; place-items: center; aspect-ratio: 1; width: 2.5rem; border-radius: 50%; color: #fff; font-weight: 650; container-type: inline-size; user-select: none; flex: none; }
    span { font-size: 44cqi; line-height: 1; }
  `;

  constructor() {
    super();
    this.name = '';
  }

  override render(): TemplateResult {
    let hash = 7;
    for (const character of this.name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600;
    this.style.background = `linear-gradient(145deg, hsl(${hash / 10} 62% 56%), hsl(${hash / 10 + 28} 58% 42%))`;
    const [first = '?'] = [...this.name.trim()];
    return html`<span aria-hidden="true">${first.toUpperCase()}</span>`;
  }
}

customElements.define('callreel-avatar', CallAvatar);
