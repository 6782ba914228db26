import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import { nowUs } from '../base/index.ts';
import { callInRoomSince } from '../call/index.ts';
import {
  alarmCallback,
  callRecordChanged,
  type Outbox,
  type RecordedFile,
  type RecordingCallback,
  type RecordingSubject,
  recordingCallback,
} from '../callback/index.ts';
import type { MediaRecord } from '../library/index.ts';
import { fileFormatsOf, type RenderedFile, readUpload, type Task, type TaskNews } from '../recording/index.ts';

/** Why a task stopped, in the words of callbacks. */
const STOP_REASON = Object.freeze({
  order: 'order',
  roomClosed: 'roomDismissed',
  idle: 'idle',
  robotAgain: 'replaced',
} as const);

/**
 * Tells applications of recordings: as events of group 3, and where the room is that of a call as its callback
 * `Call.CallbackAfterRecordChanged`, too. What was wrong with a recording is an event of group 90.
 */
export class TaskTeller {
  readonly #outbox: Outbox;
  readonly #publicUrl: () => string;

  /** @param publicUrl what links to files begin with. */
  constructor(outbox: Outbox, publicUrl: () => string) {
    this.#outbox = outbox;
    this.#publicUrl = publicUrl;
  }

  /** What happened to a task. */
  async tell(transaction: Kysely<Tables>, task: Task, news: TaskNews): Promise<void> {
    switch (news.type) {
      case 'started':
        return this.#write(transaction, task, { type: 'started', ok: true });
      case 'stopped':
        return this.#write(transaction, task, { type: 'stopped', reason: STOP_REASON[news.reason] });
      case 'ended':
        if (news.alarms.length > 0)
          await this.#outbox.write(transaction, alarmCallback(subjectOf(task), news.alarms, nowUs()));
        if (task.storage !== null) return this.#uploadEnded(transaction, task, news);
        return this.#write(transaction, task, { type: 'filesEnded', ok: news.ok });
    }
  }

  /** A file of a task is in the library. */
  fileKept(transaction: Kysely<Tables>, task: Task, file: RenderedFile, { fileId }: MediaRecord): Promise<void> {
    const url = `${this.#publicUrl()}/api/v1/media/${fileId}/file`;
    return this.#write(transaction, task, {
      type: 'fileKept',
      result: 'complete',
      file: recordedFile(file),
      fileId,
      url,
    });
  }

  /** The first file of a task sets out for the store of its order. */
  uploadStarted(transaction: Kysely<Tables>, task: Task): Promise<void> {
    return this.#write(transaction, task, { type: 'uploadStarted', ok: true });
  }

  /** A playlist of a task is in the store of its order, with all that it names. */
  async playlistUploaded(transaction: Kysely<Tables>, task: Task, file: RenderedFile): Promise<void> {
    await this.#write(transaction, task, { type: 'playlistCreated', file: recordedFile(file) });
    await this.#write(transaction, task, { type: 'playlistUploaded', fileName: file.name });
  }

  /** The store of a task's order does not take a file. */
  storeFailed(transaction: Kysely<Tables>, task: Task, code: string, message: string): Promise<void> {
    return this.#write(transaction, task, { type: 'storeFailed', code, message });
  }

  /** No further file of a task comes into the store of its order. */
  async #uploadEnded(
    transaction: Kysely<Tables>,
    task: Task,
    { ok, files }: Extract<TaskNews, { type: 'ended' }>,
  ): Promise<void> {
    const { uploaded = [], failures = [] } = (await readUpload(transaction, task.taskId)) ?? {};
    const isThere = ({ name }: RenderedFile): boolean => uploaded.includes(name);
    if (fileFormatsOf(task.parameters.output).some((format) => format !== 'hls')) {
      const whole = files.filter(({ type }) => type !== 'hls');
      const there = whole.filter(isThere).map(recordedFile);
      const result = there.length === 0 ? 'failed' : there.length < whole.length ? 'incomplete' : 'complete';
      await this.#write(transaction, task, { type: 'mp4Uploaded', result, files: there });
    }
    const isAll = ok && files.every(isThere);
    const result = !isAll ? 'incomplete' : failures.length > 0 ? 'recovered' : 'complete';
    await this.#write(transaction, task, { type: 'uploadEnded', result });
  }

  async #write(transaction: Kysely<Tables>, task: Task, what: RecordingCallback): Promise<void> {
    const { sdkAppId, roomId } = task.room;
    const atUs = nowUs();
    const event = recordingCallback(subjectOf(task), what, atUs);
    await this.#outbox.write(transaction, event);
    const callId = await callInRoomSince(transaction, { sdkAppId, roomId }, task.startedUs);
    if (callId !== null) await this.#outbox.write(transaction, callRecordChanged({ sdkAppId, callId }, event, atUs));
  }
}

function subjectOf({ taskId, robotId, room: { sdkAppId, roomId, roomIdType } }: Task): RecordingSubject {
  return { sdkAppId, taskId, robotId: robotId ?? '', roomId, roomIdType };
}

function recordedFile({
  name,
  userId,
  source,
  startUs,
  durationUs,
  videoCodec,
  audioCodec,
}: RenderedFile): RecordedFile {
  const tracks = videoCodec === null ? 'audio' : audioCodec === null ? 'video' : 'audio_video';
  return { name, userId, tracks, source: source ?? 'mix', startUs, endUs: startUs + durationUs };
}
