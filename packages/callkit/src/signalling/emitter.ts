/** Map of event names to the arguments of their listeners. */
export type EventMap = { [name: string]: unknown[] };

/** A listener of one event. */
export type Listener<A extends unknown[]> = (...args: A) => void;

/** Calls listeners in the order in which they were added. A listener that throws does not keep the others from hearing. */
export class Emitter<E extends EventMap> {
  #listeners: { [N in keyof E]?: Set<Listener<E[N]>> } = {};

  /** Adds a listener; adding it twice changes nothing. Returns a function that takes it away. */
  on<N extends keyof E>(name: N, listener: Listener<E[N]>): () => void {
    const known: Set<Listener<E[N]>> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = known;
    known.add(listener);
    return () => this.off(name, listener);
  }

  /** Takes a listener away, or all of the event when none is named. */
  off<N extends keyof E>(name: N, listener?: Listener<E[N]>): void {
    if (listener === undefined) delete this.#listeners[name];
    else this.#listeners[name]?.delete(listener);
  }

  /** Tells an event. What a listener throws is reported to the host as an uncaught error, not to the one who emits. */
  emit<N extends keyof E>(name: N, ...args: E[N]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        listener(...args);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  /** Takes all listeners away. */
  clear(): void {
    this.#listeners = {};
  }
}
