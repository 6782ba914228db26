/**
 * Who has not been heard of, and for whom that has lasted too long. Kept by a name: a user's or a device's.
 *
 * One is `gone` until `back`; after the time-out `isDue` is true and `onDue` is called once.
 */
export class Absences {
  readonly #timeoutMs: number;
  readonly #onDue: (name: string) => void;
  readonly #absent = new Map<string, { timer: NodeJS.Timeout; due: boolean }>();

  constructor(timeoutMs: number, onDue: (name: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onDue = onDue;
  }

  /** Nothing is heard of this one from now on. Said again it changes nothing. */
  gone(name: string): void {
    if (this.#absent.has(name)) return;
    const absence = {
      due: false,
      timer: setTimeout(() => {
        absence.due = true;
        this.#onDue(name);
      }, this.#timeoutMs),
    };
    absence.timer.unref();
    this.#absent.set(name, absence);
  }

  /** This one is heard of again, or is not waited for any more. */
  back(name: string): void {
    clearTimeout(this.#absent.get(name)?.timer);
    this.#absent.delete(name);
  }

  /** Whether this one has been absent for too long. */
  isDue(name: string): boolean {
    return this.#absent.get(name)?.due === true;
  }

  /** Waits for nobody any more. May be called twice. */
  close(): void {
    for (const name of [...this.#absent.keys()]) this.back(name);
  }
}
