import { availableParallelism, totalmem } from 'node:os';

/** What one render of the default template was measured to hold, rounded up. */
const RENDER_BYTES = 300_000_000;

/**
 * A live render of the default template was measured to take a quarter of a core. Twice as many as that fills are let run,
 * since smaller canvases take less, and one that falls behind costs nobody else a call: captures come first.
 */
const RENDERS_PER_CORE = 8;

/**
 * How many renders run at the same time. The others wait in order: their captures go on, and they are rendered
 * later, faster than real time. Lag, never loss, and never more memory than there is.
 */
export class RenderSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count 0: as many as cores and half of the memory carry. */
  constructor(count: number) {
    this.#free = count === 0 ? slotsOfMachine() : count;
  }

  /** Waits for a slot. Answers the function that gives it back; calling that twice changes nothing. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}

function slotsOfMachine(): number {
  return Math.max(2, Math.min(availableParallelism() * RENDERS_PER_CORE, Math.floor(totalmem() / 2 / RENDER_BYTES)));
}
