/**
 * Who has not been heard of, and for whom that has lasted too long.
 *
 * A user is `gone` until `back`; after the time-out `due` is true and `onDue` is called once.
 */
export class Absences {
  readonly #timeoutMs: number;
  readonly #onDue: (userId: string) => void;
  readonly #absent = new Map<string, { timer: NodeJS.Timeout; due: boolean }>();

  constructor(timeoutMs: number, onDue: (userId: string) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onDue = onDue;
  }

  /** Nothing is heard of the user from now on. Said again it changes nothing. */
  gone(userId: string): void {
    if (this.#absent.has(userId)) return;
    const absence = {
      due: false,
      timer: setTimeout(() => {
        absence.due = true;
        this.#onDue(userId);
      }, this.#timeoutMs),
    };
    absence.timer.unref();
    this.#absent.set(userId, absence);
  }

  /** The user is heard of again, or is not waited for any more. */
  back(userId: string): void {
    clearTimeout(this.#absent.get(userId)?.timer);
    this.#absent.delete(userId);
  }

  /** Whether the user has been absent for too long. */
  isDue(userId: string): boolean {
    return this.#absent.get(userId)?.due === true;
  }

  /** Waits for nobody any more. May be called twice. */
  close(): void {
    for (const userId of [...this.#absent.keys()]) this.back(userId);
  }
}
