import { CallreelError } from '../../../base/index.ts';
import type { TaskParameters } from '../../../recording/index.ts';
import type { RecordingControl, StartOrder, TaskFile, TaskStatus } from '../recording-control.ts';

type MemoryTask = TaskStatus & { order: StartOrder };

/** Recording without rooms and media, with the contract of `RecordingControl`. */
export class MemoryRecording implements RecordingControl {
  readonly tasks = new Map<string, MemoryTask>();
  /** Applications whose recording is off. */
  readonly off = new Set<number>();
  /** How many tasks may run. */
  limit = Number.POSITIVE_INFINITY;
  /** Waited for by every order. */
  before: () => Promise<void> = async () => undefined;
  #count = 0;
  /** The last task of each robot in a room. */
  readonly #robots = new Map<string, string>();

  async start(order: StartOrder): Promise<{ taskId: string }> {
    await this.before();
    if (this.off.has(order.sdkAppId)) throw new CallreelError('RecordingOff');
    if (order.roomId === '404') throw new CallreelError('RoomTaken');
    const robot = JSON.stringify([order.sdkAppId, order.roomIdType, order.roomId, order.robotId]);
    const before = this.tasks.get(this.#robots.get(robot) ?? '');
    if (before !== undefined) before.ended = true;
    if (this.limit < Number.POSITIVE_INFINITY && this.#running >= this.limit)
      throw new CallreelError('TaskLimitReached');
    this.#count += 1;
    const taskId = `task-${this.#count}`;
    this.tasks.set(taskId, {
      order,
      sdkAppId: order.sdkAppId,
      parameters: order.parameters,
      status: 'idle',
      expired: false,
      ended: false,
      files: [],
    });
    this.#robots.set(robot, taskId);
    return { taskId };
  }

  async modify(taskId: string, parameters: TaskParameters): Promise<void> {
    await this.before();
    this.#mustRun(taskId).parameters = parameters;
  }

  async stop(taskId: string): Promise<void> {
    await this.before();
    this.#mustRun(taskId).ended = true;
  }

  async status(taskId: string): Promise<TaskStatus | null> {
    await this.before();
    return this.tasks.get(taskId) ?? null;
  }

  /** A task that was started. @throws {Error} when there is none. */
  task(taskId: string | undefined): MemoryTask {
    const task = this.tasks.get(taskId ?? '');
    if (task === undefined) throw new Error(`There is no task ${taskId}.`);
    return task;
  }

  /** Says that a task has begun to write. */
  publishes(taskId: string, files: TaskFile[]): void {
    Object.assign(this.task(taskId), { status: 'inProgress', files });
  }

  get #running(): number {
    return [...this.tasks.values()].filter(({ ended }) => !ended).length;
  }

  #mustRun(taskId: string): MemoryTask {
    const task = this.tasks.get(taskId);
    if (task === undefined) throw new CallreelError('TaskUnknown');
    if (task.ended) throw new CallreelError('TaskNotRunning');
    return task;
  }
}
