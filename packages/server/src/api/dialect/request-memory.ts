/** More requests than a few back ends make in the time that a signature is good for. */
const REMEMBERED_MAX = 20_000;

/** What is remembered of a signature. */
export type SeenSignature = {
  /** When it came first. */
  firstAtMs: number;
  /** When it is too old to be taken. */
  untilMs: number;
  /** Answers of the actions that changed something by it, by name. */
  answers: Map<string, Promise<object>>;
};

/** Remembers the signatures that may still be sent again. */
export class RequestMemory {
  readonly #seen = new Map<string, SeenSignature>();

  /** What is known of a signature that comes now; it is known from now on. */
  see(signature: string, nowMs: number, untilMs: number): SeenSignature {
    const before = this.#seen.get(signature);
    if (before !== undefined) return before;
    const seen: SeenSignature = { firstAtMs: nowMs, untilMs, answers: new Map() };
    this.#seen.set(signature, seen);
    for (const [oldest, each] of this.#seen) {
      if (each.untilMs >= nowMs && this.#seen.size <= REMEMBERED_MAX) break;
      this.#seen.delete(oldest);
    }
    return seen;
  }
}
