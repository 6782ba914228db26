import type { RecordingControl, StartOrder, TaskFile, TaskStatus } from '../api/index.ts';
import type { Library, MediaRecord } from '../library/index.ts';
import { mediaOf, type TaskOrders, type TaskParameters } from '../recording/index.ts';

/** Files of one task that are told of. */
const FILES_MAX = 100;

/** Orders to record in the words of the REST dialect: tasks are held by recording, their files by the library. */
export class RecordingOrders implements RecordingControl {
  readonly #orders: TaskOrders;
  readonly #library: Library;

  constructor({ orders, library }: { orders: TaskOrders; library: Library }) {
    this.#orders = orders;
    this.#library = library;
  }

  start({ userDefineRecordId, ...order }: StartOrder): Promise<{ taskId: string }> {
    return this.#orders.start({ ...order, namePrefix: userDefineRecordId });
  }

  modify(taskId: string, parameters: TaskParameters): Promise<void> {
    return this.#orders.modify(taskId, parameters);
  }

  stop(taskId: string): Promise<void> {
    return this.#orders.stop(taskId);
  }

  async status(taskId: string): Promise<TaskStatus | null> {
    const status = await this.#orders.status(taskId);
    if (status === null) return null;
    const { records } = await this.#library.list({ taskId, limit: FILES_MAX });
    return { ...status, files: records.map((record) => fileOf(record, status.parameters)) };
  }
}

function fileOf({ name, widthPx, startUs }: MediaRecord, { output, single }: TaskParameters): TaskFile {
  const encoded = /_UserId_s_(.+?)_UserId_e_/.exec(name)?.[1] ?? null;
  const { picture, sound } = mediaOf(output);
  const isTogether = picture && sound && (encoded === null || single?.merged === true);
  return {
    // As file names write it: base64 with `-` for `/` and `.` for `=`.
    userId: encoded === null ? '' : Buffer.from(encoded.replaceAll('-', '/').replaceAll('.', '='), 'base64').toString(),
    name,
    trackType: widthPx === 0 ? 'audio' : isTogether ? 'audio_video' : 'video',
    startMs: Math.floor(startUs / 1000),
  };
}
