/** Work on one task is done one after the other, in the order of asking; that on others goes on beside it. */
export class TaskTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work when all that was asked of the task before is done, however it ended. Throws what the work throws. */
  take<T>(taskId: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(taskId) ?? Promise.resolve()).then(work, work);
    this.#last.set(taskId, turn);
    const forget = (): void => {
      if (this.#last.get(taskId) === turn) this.#last.delete(taskId);
    };
    turn.then(forget, forget);
    return turn;
  }
}
