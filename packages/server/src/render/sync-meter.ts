/** Everything that is further off counts as this: a second is heard and seen as wrong, however much more it is. */
const FURTHEST_MS = 1000;

/** How often something was off by so many ms: pairs of ms and count. */
export type SyncState = [offMs: number, count: number][];

/** Finds below what 95 of 100 distances lie, to the ms and in constant memory. */
export class SyncMeter {
  readonly #counts = new Uint32Array(FURTHEST_MS + 1);
  #total = 0;

  /** @param state What a meter before this one knew. */
  constructor(state: SyncState = []) {
    for (const [offMs, count] of state) this.#add(offMs, count);
  }

  /** Something is shown or heard this far from its time, to either side. */
  add(offUs: number): void {
    this.#add(Math.round(Math.abs(offUs) / 1000), 1);
  }

  /** 95th percentile of all, in ms; null when there is nothing. At most 1000. */
  get p95Ms(): number | null {
    if (this.#total === 0) return null;
    const rank = Math.ceil(this.#total * 0.95);
    let sum = 0;
    const found = this.#counts.findIndex((count) => {
      sum += count;
      return sum >= rank;
    });
    return found;
  }

  get state(): SyncState {
    const state: SyncState = [];
    this.#counts.forEach((count, offMs) => {
      if (count > 0) state.push([offMs, count]);
    });
    return state;
  }

  #add(offMs: number, count: number): void {
    const slot = Math.min(offMs, FURTHEST_MS);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
    this.#total += count;
  }
}
