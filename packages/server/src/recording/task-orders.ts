import type { Kysely } from 'kysely';
import { checkTaskParameters } from '../apps/recording-settings-schema.ts';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import type { Journal } from '../capture/journal.ts';
import { checkChange } from './parameter-change.ts';
import { pauseTask, readTask, setTaskParameters, taskOwner } from './queries.ts';
import type { StartOrder } from './start-order.ts';
import type { Task } from './task.ts';
import type { TaskStatus } from './task-status.ts';
import type { TaskTurns } from './task-turns.ts';

/** What the orders of tasks work with. */
export type TaskOrdersParts = {
  db: Kysely<Tables>;
  log: Log;
  turns: TaskTurns;
  /** A task whose files are not in the library yet, with its room's journal while the room is open. */
  find(taskId: string): { task: Task; journal: Journal | null } | null;
  /** The row of a task says something new: brings journal, pictures, sign and, when the promise is kept, the capture after it. */
  changed(task: Task, journal: Journal): Promise<void>;
  /** Begins a task; when the promise is kept what is published is captured. */
  start(order: StartOrder): Promise<Task>;
  /** Closes the window of a task that runs. */
  stop(task: Task, untilUs: number): Promise<void>;
};

/** What can be ordered of tasks from outside. One order of a task is done after the other. */
export class TaskOrders {
  readonly #parts: TaskOrdersParts;

  constructor(parts: TaskOrdersParts) {
    this.#parts = parts;
  }

  /** Whose the task is, running or over; null when there is none. */
  owner(taskId: string): Promise<{ sdkAppId: number } | null> {
    return taskOwner(this.#parts.db, taskId);
  }

  /** How it is with a task, running or over; null when there is none. */
  async status(taskId: string): Promise<TaskStatus | null> {
    const found = this.#parts.find(taskId);
    const task = found?.task ?? (await readTask(this.#parts.db, taskId));
    if (task === null) return null;
    const { state, expiresUs } = task;
    const isIdle = found?.journal?.streams.length === 0;
    const status = state !== 'running' ? 'exited' : isIdle ? 'idle' : 'inProgress';
    const expired = expiresUs !== null && expiresUs <= nowUs();
    return { task, status, expired, ended: state === 'rendered' || state === 'failed' };
  }

  /**
   * Starts a task in a room. A room that is not open is opened for it, and waited in for the task's idle time. When this
   * is done what is published there is captured. Another task of the same robot in the room ends.
   * @param order Its parameters are those of outside, whatever they are.
   * @throws {CallreelError} `ParameterInvalid`, `RecordingOff`, `TaskLimitReached`, `RoomTaken` (its id has the other
   * type, or it is just ending), `MediaUnavailable`.
   */
  async start(order: Omit<StartOrder, 'parameters'> & { parameters: unknown }): Promise<{ taskId: string }> {
    const { taskId } = await this.#parts.start({ ...order, parameters: checkTaskParameters(order.parameters) });
    return { taskId };
  }

  /**
   * Gives a running task other parameters, from this moment on.
   * @param parameters all of them, whatever came from outside; only what `TaskParameters.layout` names may differ.
   * @throws {CallreelError} `ParameterInvalid`, `TaskUnknown`, `TaskNotRunning`.
   */
  async modify(taskId: string, parameters: unknown): Promise<void> {
    const checked = checkTaskParameters(parameters);
    await this.#running(taskId, async (task) => {
      checkChange(task.parameters, checked);
      await setTaskParameters(this.#parts.db, { ...task, parameters: checked });
      task.parameters = checked;
      this.#parts.log.info({ taskId }, 'task modified');
    });
  }

  /** Leaves what comes from now on out of the file; with `pauseCapture` it is not captured either when this is done. @throws {CallreelError} `TaskUnknown`, `TaskNotRunning`, `TaskPaused`. */
  pause(taskId: string): Promise<void> {
    return this.#running(taskId, async (task) => {
      if (task.paused) throw new CallreelError('TaskPaused');
      await pauseTask(this.#parts.db, taskId, true);
      task.paused = true;
      this.#parts.log.info({ taskId }, 'task paused');
    });
  }

  /** Lets the file go on where it was left. @throws {CallreelError} `TaskUnknown`, `TaskNotRunning`, `TaskNotPaused`. */
  resume(taskId: string): Promise<void> {
    return this.#running(taskId, async (task) => {
      if (!task.paused) throw new CallreelError('TaskNotPaused');
      await pauseTask(this.#parts.db, taskId, false);
      task.paused = false;
      this.#parts.log.info({ taskId }, 'task resumed');
    });
  }

  /** Ends a task now. @throws {CallreelError} `TaskUnknown`, `TaskNotRunning`. */
  async stop(taskId: string): Promise<void> {
    const task = await this.#mustRun(taskId);
    await this.#parts.stop(task, nowUs());
    // The room may have closed it first, while this order waited.
    if (task.stopReason !== 'order') throw new CallreelError('TaskNotRunning');
  }

  async #running(taskId: string, work: (task: Task) => Promise<void>): Promise<void> {
    // Waited for outside of the task's turn: the room, which switches the capture, may wait for that.
    let captured: Promise<void> | null = null;
    await this.#parts.turns.take(taskId, async () => {
      const task = await this.#mustRun(taskId);
      const journal = this.#parts.find(taskId)?.journal ?? null;
      if (journal === null) throw new CallreelError('TaskNotRunning');
      await work(task);
      captured = this.#parts.changed(task, journal);
    });
    await captured;
  }

  async #mustRun(taskId: string): Promise<Task> {
    const task = this.#parts.find(taskId)?.task;
    if (task?.state === 'running') return task;
    if (task === undefined && (await this.owner(taskId)) === null) throw new CallreelError('TaskUnknown');
    throw new CallreelError('TaskNotRunning');
  }
}
