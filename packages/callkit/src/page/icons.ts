import { type SVGTemplateResult, svg } from 'lit';

// Drawn for this page on a grid of 24; strokes take the colour of the text.
const stroke = (body: SVGTemplateResult): SVGTemplateResult =>
  svg`<svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body}</svg>`;

/** A microphone. */
export const microphoneIcon = stroke(
  svg`<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3M9 21h6"/>`,
);
/** A microphone, crossed out. */
export const microphoneOffIcon = stroke(
  svg`<path d="M15 9.5V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.6 2.5M5.5 11.5a6.5 6.5 0 0 0 10.3 5.3M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v3M9 21h6M4 4l16 16"/>`,
);
/** A camera. */
export const cameraIcon = stroke(
  svg`<rect x="2.5" y="6" width="13" height="12" rx="3"/><path d="m15.5 10.5 5-3v9l-5-3"/>`,
);
/** A camera, crossed out. */
export const cameraOffIcon = stroke(
  svg`<path d="M10 6h2.5a3 3 0 0 1 3 3v1.5l5-3v9l-3-1.8M15 16.6a3 3 0 0 1-2.5 1.4h-7a3 3 0 0 1-3-3V9a3 3 0 0 1 2.5-2.95M4 4l16 16"/>`,
);
/** A telephone receiver, as one lifts it. */
export const phoneIcon = svg`<svg viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden="true"><path d="M6.6 3.2 9 3a1.5 1.5 0 0 1 1.5 1l1 2.7a1.5 1.5 0 0 1-.4 1.6L9.6 9.8a12 12 0 0 0 4.6 4.6l1.5-1.5a1.5 1.5 0 0 1 1.6-.4l2.7 1a1.5 1.5 0 0 1 1 1.5l-.2 2.4a2.5 2.5 0 0 1-2.7 2.3A16.5 16.5 0 0 1 4.3 5.9a2.5 2.5 0 0 1 2.3-2.7Z"/></svg>`;
/** A telephone receiver, laid down. */
export const hangupIcon = svg`<svg viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden="true"><g transform="rotate(135 12 12)"><path d="M6.6 3.2 9 3a1.5 1.5 0 0 1 1.5 1l1 2.7a1.5 1.5 0 0 1-.4 1.6L9.6 9.8a12 12 0 0 0 4.6 4.6l1.5-1.5a1.5 1.5 0 0 1 1.6-.4l2.7 1a1.5 1.5 0 0 1 1 1.5l-.2 2.4a2.5 2.5 0 0 1-2.7 2.3A16.5 16.5 0 0 1 4.3 5.9a2.5 2.5 0 0 1 2.3-2.7Z"/></g></svg>`;
/** A loudspeaker. */
export const soundIcon = stroke(
  svg`<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>`,
);
/** The sign of Callreel: a reel. */
export const reelIcon = svg`<svg viewBox="0 0 32 32" width="1em" height="1em" aria-hidden="true"><rect width="32" height="32" rx="9" fill="var(--accent)"/><circle cx="16" cy="16" r="8.5" fill="none" stroke="#fff" stroke-width="3"/><circle cx="16" cy="16" r="3" fill="#fff"/></svg>`;
