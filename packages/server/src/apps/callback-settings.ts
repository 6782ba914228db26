/**
 * The kinds of events that an application can be told of, each at an address of its own: `room` who enters and leaves
 * (group 1), `media` what is sent (group 2), `recording` (group 3), `call` (the dialect's `Call.…`), `own` what the
 * dialect does not know (group 90).
 */
export const CALLBACK_KINDS = Object.freeze(['room', 'media', 'recording', 'call', 'own'] as const);

/** One of {@link CALLBACK_KINDS}. */
export type CallbackKind = (typeof CALLBACK_KINDS)[number];

/** Where events are posted. */
export type CallbackAddress = {
  /** Begins with `http://` or `https://`. */
  url: string;
  /** Signs what is posted: 1 to 32 letters and digits. */
  key: string;
};

/** Where an application is told of what happens; of a kind without an address it is told nothing. */
export type CallbackSettings = { [kind in CallbackKind]?: CallbackAddress };
