import { css } from 'lit';

/** Colours, in light and dark. Set on the outermost element; the components inside inherit them. */
export const themeColors = css`
  :host {
    --ground: #f4f6fa;
    --ground-2: #e6ebf6;
    --surface: #ffffff;
    --line: #dde3ee;
    --text: #16202f;
    --text-2: #5a677c;
    --accent: #4353e6;
    --accent-text: #ffffff;
    --accent-soft: #eceffe;
    --good: #12925c;
    --bad: #d92f3c;
    --bad-soft: #fdebec;
    --shadow: 0 1px 2px rgb(20 32 60 / 6%), 0 12px 40px rgb(20 32 60 / 10%);
    --stage: #10151e;
    --stage-2: #1b2330;
    --stage-text: #eef2f8;
    --stage-text-2: #a3b0c4;
    color: var(--text);
    font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif;
  }
  @media (prefers-color-scheme: dark) {
    :host {
      --ground: #0e131b;
      --ground-2: #141c2b;
      --surface: #18202d;
      --line: #2a3445;
      --text: #eef2f8;
      --text-2: #9eabc0;
      --accent: #6d7cff;
      --accent-text: #ffffff;
      --accent-soft: #232c4d;
      --good: #23a86c;
      --bad: #ee4d59;
      --bad-soft: #3a2029;
      --shadow: 0 1px 2px rgb(0 0 0 / 30%), 0 16px 48px rgb(0 0 0 / 35%);
    }
  }
`;

/** Forms, cards and buttons that several components share. */
export const controls = css`
  * { box-sizing: border-box; }
  h1, h2, p { margin: 0; }
  h1 { font-size: 1.375rem; line-height: 1.3; font-weight: 650; letter-spacing: -0.01em; text-wrap: balance; }
  .quiet { color: var(--text-2); font-size: 0.875rem; }
  .card {
    width: min(100%, 26rem);
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: 20px;
    box-shadow: var(--shadow);
    padding: 1.75rem;
    display: grid;
    gap: 1.25rem;
  }
  label { display: grid; gap: 0.375rem; font-size: 0.875rem; font-weight: 550; }
  input {
    font: inherit;
    font-size: 1rem;
    font-weight: 400;
    color: var(--text);
    background: var(--ground);
    border: 1px solid var(--line);
    border-radius: 12px;
    padding: 0.7rem 0.875rem;
    width: 100%;
  }
  input::placeholder { color: color-mix(in srgb, var(--text-2) 70%, transparent); }
  button {
    font: inherit;
    font-weight: 600;
    border: 0;
    border-radius: 12px;
    padding: 0.75rem 1.125rem;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.5rem;
    cursor: pointer;
    background: var(--accent-soft);
    color: color-mix(in srgb, var(--accent) 85%, var(--text));
    transition: filter 0.15s, background 0.15s, transform 0.1s;
  }
  button svg { font-size: 1.25em; flex: none; }
  button:hover:not(:disabled) { filter: brightness(1.06); }
  button:active:not(:disabled) { transform: scale(0.98); }
  button:disabled { opacity: 0.45; cursor: default; }
  button.primary { background: var(--accent); color: var(--accent-text); }
  :is(button, input):focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 55%, transparent); outline-offset: 2px; }
  .row { display: flex; gap: 0.75rem; flex-wrap: wrap; }
  .row > button { flex: 1 1 9rem; }
  @media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
`;
