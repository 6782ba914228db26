import type { Loop } from './loop.ts';

/** Takes one unit of a loop at its time. `number` counts units since the Unix epoch. */
export type UnitSink = (number: number, unit: Loop['units'][number]) => void;

type Line = { loop: Loop; sink: UnitSink };

// A process that was held up longer than this goes on with the present instead of sending what nobody waits for.
const FORGET_AFTER_MS = 1000;

/**
 * Hands out the units of all loops by one timer. Unit `n` of a loop is due at `n / unitsPerSecond` seconds
 * of the Unix epoch: nothing adds up, so nothing drifts, and all loops agree with each other and with the
 * wall clock.
 *
 * Life: runs while there is a line; `close()` takes all away and may be called twice.
 */
export class Pacer {
  readonly #now: () => number;
  /** Lines by units a second, with the number of the next unit that is due. */
  readonly #groups = new Map<number, { next: number; lines: Set<Line> }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `now`: ms since the Unix epoch, steadily rising; default: the wall clock as it was when the process started, plus what has passed. */
  constructor(now: () => number = () => performance.timeOrigin + performance.now()) {
    this.#now = now;
  }

  /** Sends a loop to a sink from its next unit on. Returns a function that ends it. */
  add(loop: Loop, sink: UnitSink): () => void {
    const line = { loop, sink };
    const group = this.#groups.get(loop.unitsPerSecond) ?? {
      next: Math.ceil((this.#now() * loop.unitsPerSecond) / 1000),
      lines: new Set<Line>(),
    };
    this.#groups.set(loop.unitsPerSecond, group);
    group.lines.add(line);
    this.#arm();
    return () => {
      group.lines.delete(line);
      if (group.lines.size === 0 && this.#groups.get(loop.unitsPerSecond) === group)
        this.#groups.delete(loop.unitsPerSecond);
      this.#arm();
    };
  }

  /** Ends all. */
  close(): void {
    this.#groups.clear();
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#groups.size === 0) return;
    const dueMs = Math.min(...[...this.#groups].map(([perSecond, { next }]) => (next * 1000) / perSecond));
    this.#timer = setTimeout(() => this.#send(), Math.max(0, dueMs - this.#now()));
  }

  #send(): void {
    const nowMs = this.#now();
    for (const [perSecond, group] of this.#groups) {
      const first = Math.ceil(((nowMs - FORGET_AFTER_MS) * perSecond) / 1000);
      const last = Math.floor((nowMs * perSecond) / 1000);
      for (let number = Math.max(group.next, first); number <= last; number++) {
        for (const { loop, sink } of group.lines) {
          const unit = loop.units[number % loop.units.length];
          if (unit !== undefined) sink(number, unit);
        }
      }
      group.next = Math.max(group.next, last + 1);
    }
    this.#arm();
  }
}
