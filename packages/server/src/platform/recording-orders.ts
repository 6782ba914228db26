import type { RecordingControl, StartOrder, TaskFile, TaskStatus } from '../api/index.ts';
import type { Journal } from '../capture/journal.ts';
import type { TaskOrders } from '../recording/index.ts';
import type { RoomIdentity } from '../room/index.ts';
import { expectedFiles } from './expected-files.ts';

/** Orders of the REST dialect for recordings. */
export class RecordingOrders implements RecordingControl {
  readonly #orders: TaskOrders;
  readonly #journalOf: (room: RoomIdentity) => Journal | null;

  /** @param journalOf the journal of a room session; null when it is over. */
  constructor(orders: TaskOrders, journalOf: (room: RoomIdentity) => Journal | null) {
    this.#orders = orders;
    this.#journalOf = journalOf;
  }

  start({ userDefineRecordId, ...order }: StartOrder): Promise<{ taskId: string }> {
    return this.#orders.start({ ...order, namePrefix: userDefineRecordId });
  }

  modify(taskId: string, parameters: TaskStatus['parameters']): Promise<void> {
    return this.#orders.modify(taskId, parameters);
  }

  stop(taskId: string): Promise<void> {
    return this.#orders.stop(taskId);
  }

  async status(taskId: string): Promise<TaskStatus | null> {
    const found = await this.#orders.status(taskId);
    if (found === null) return null;
    const { task, ...status } = found;
    const journal = this.#journalOf(task.room);
    const files: TaskFile[] = journal === null ? [] : expectedFiles(task, journal.events());
    return { ...status, sdkAppId: task.room.sdkAppId, parameters: task.parameters, files };
  }
}
