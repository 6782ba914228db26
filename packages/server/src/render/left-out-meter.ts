import type { LeftOut } from '../recording/render-protocol.ts';

/** What a meter knows, as it is kept beside the segments. */
export type LeftOutState = { open: [userId: string, fromUs: number][]; over: LeftOut[]; atUs: number };

/** Notes who had no place in the layout, and when. */
export class LeftOutMeter {
  readonly #open: Map<string, number>;
  readonly #over: LeftOut[];
  #atUs: number;

  constructor(state: LeftOutState = { open: [], over: [], atUs: 0 }) {
    this.#open = new Map(state.open);
    this.#over = [...state.over];
    this.#atUs = state.atUs;
  }

  /** These users have no place from `atUs` on; all others have one or are not there. What was told already is passed over. */
  at(atUs: number, leftOut: readonly string[]): void {
    if (atUs < this.#atUs) return;
    this.#atUs = atUs;
    if (leftOut.length === 0 && this.#open.size === 0) return;
    for (const [userId, fromUs] of this.#open) {
      if (leftOut.includes(userId)) continue;
      this.#over.push({ userId, fromUs, untilUs: atUs });
      this.#open.delete(userId);
    }
    for (const userId of leftOut) if (!this.#open.has(userId)) this.#open.set(userId, atUs);
  }

  /** Everybody who had none before `untilUs`, and until when at the latest, in the order of their beginning. */
  until(untilUs: number): LeftOut[] {
    const open = [...this.#open].map(([userId, fromUs]) => ({ userId, fromUs, untilUs }));
    return [...this.#over, ...open]
      .filter(({ fromUs }) => fromUs < untilUs)
      .map((span) => ({ ...span, untilUs: Math.min(span.untilUs, untilUs) }))
      .sort((a, b) => a.fromUs - b.fromUs);
  }

  get state(): LeftOutState {
    return { open: [...this.#open], over: [...this.#over], atUs: this.#atUs };
  }
}
