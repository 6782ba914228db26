/** What the buffer must know of a packet. */
export type Orderable = {
  epoch: number;
  sequence: number;
  /** Time by which waiting is measured, µs. */
  mediaUs: number;
};

/** Duplicates are recognised this far back: eight seconds of a busy video stream. */
const REMEMBERED = 4096;

/**
 * Puts the packets of a stream into the order of their sequence numbers. A gap is waited for until a packet
 * that is `windowUs` younger than what waits behind the gap has come; then it counts as lost. Whatever comes
 * twice is dropped and counted; whatever comes after it was given up stays lost. Which packet is the first of
 * all is known after `windowUs` only.
 */
export class ReorderBuffer<T extends Orderable> {
  readonly #windowUs: number;
  readonly #seen = new Float64Array(REMEMBERED).fill(Number.NaN);
  #waiting: T[] = [];
  #epoch = -1;
  #next: number | null = null;
  #lost = 0;
  #duplicates = 0;

  constructor({ windowUs }: { windowUs: number }) {
    this.#windowUs = windowUs;
  }

  /** Packets given up so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Packets that came more than once. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Takes a packet and gives those whose turn it is, in order. */
  push(packet: T): T[] {
    const ready: T[] = [];
    if (packet.epoch !== this.#epoch) {
      ready.push(...this.flush());
      this.#epoch = packet.epoch;
      this.#next = null;
      this.#seen.fill(Number.NaN);
    }
    const slot = ((packet.sequence % REMEMBERED) + REMEMBERED) % REMEMBERED;
    if (this.#seen[slot] === packet.sequence) {
      this.#duplicates += 1;
      return ready;
    }
    this.#seen[slot] = packet.sequence;
    if (this.#next !== null && packet.sequence < this.#next) return ready;
    if (packet.sequence === this.#next && this.#waiting.length === 0) {
      this.#next += 1;
      ready.push(packet);
      return ready;
    }
    this.#insert(packet);
    this.#release(packet.mediaUs - this.#windowUs, ready);
    return ready;
  }

  /** Gives everything that waits, as at the end of the stream. */
  flush(): T[] {
    const ready: T[] = [];
    this.#release(Number.POSITIVE_INFINITY, ready);
    return ready;
  }

  #insert(packet: T): void {
    let index = this.#waiting.length;
    while (index > 0 && (this.#waiting[index - 1]?.sequence ?? 0) > packet.sequence) index -= 1;
    this.#waiting.splice(index, 0, packet);
  }

  #release(olderThanUs: number, ready: T[]): void {
    for (;;) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      if (this.#next === null || first.sequence > this.#next) {
        if (first.mediaUs >= olderThanUs) return;
        if (this.#next !== null) this.#lost += first.sequence - this.#next;
      }
      this.#waiting.shift();
      this.#next = first.sequence + 1;
      ready.push(first);
    }
  }
}
