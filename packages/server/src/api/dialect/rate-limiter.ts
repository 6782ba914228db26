/** The known system's limit, for one action of one key. */
const REQUESTS_PER_SECOND = 20;
const WINDOW_MS = 1_000;
const REMEMBERED_MAX = 10_000;

/** Lets so many requests of a name pass in any second. */
export class RateLimiter {
  readonly #passed = new Map<string, number[]>();
  readonly #perSecond: number;
  readonly #nowMs: () => number;

  /** @param perSecond default 20. @param nowMs a clock that only goes forward, for tests. */
  constructor({
    perSecond = REQUESTS_PER_SECOND,
    nowMs = () => performance.now(),
  }: {
    perSecond?: number;
    nowMs?: () => number;
  } = {}) {
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
  }

  /** Whether one more may pass now; it then has. */
  takes(name: string): boolean {
    const now = this.#nowMs();
    const passed = (this.#passed.get(name) ?? []).filter((atMs) => now - atMs < WINDOW_MS);
    const takes = passed.length < this.#perSecond;
    if (takes) passed.push(now);
    this.#passed.delete(name);
    this.#passed.set(name, passed);
    // Whoever asked longest ago goes first: a Map keeps the order of insertion.
    const [oldest] = this.#passed.keys();
    if (this.#passed.size > REMEMBERED_MAX && oldest !== undefined) this.#passed.delete(oldest);
    return takes;
  }
}
