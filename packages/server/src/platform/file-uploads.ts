import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import { CallreelError, type Log } from '../base/index.ts';
import type { Outbox } from '../callback/index.ts';
import { type RenderedFile, readUpload, type Task, type TaskUpload, writeUpload } from '../recording/index.ts';
import { type CloudStorageTarget, S3Store } from '../store/index.ts';
import type { TaskTeller } from './task-teller.ts';

/** What uploads work with. */
export type FileUploadsParts = {
  db: Kysely<Tables>;
  log: Log;
  teller: TaskTeller;
  outbox: Outbox;
  nowUs: () => number;
  /** How long a store may fail before what it did not take goes into the library. */
  giveUpMs: number;
  /** Which addresses may be connected to; public ones by default. */
  allows?: (address: string) => boolean;
};

/** A store whose words change all the time is not told of for ever. */
const FAILURES_MAX = 10;

/**
 * Brings finished files into the stores that orders brought along. How far a task is stands in its row, written together with what
 * is told of it: after a crash nothing is told again, and no file that is there is sent again.
 *
 * Life: {@link FileUploads.close} ends what is under way; the next process begins that file again.
 */
export class FileUploads {
  readonly #parts: FileUploadsParts;
  readonly #open = new Set<S3Store>();
  #closed = false;

  constructor(parts: FileUploadsParts) {
    this.#parts = parts;
  }

  /**
   * Brings a file into the store of its task's order.
   * @returns false when the store has failed for too long, so that the file has to go into the library.
   * @throws {CallreelError} `StoreUnavailable`, `StoreRefused`: to be tried again. | errors of files and the database.
   */
  async put(task: Task, storage: CloudStorageTarget, file: RenderedFile): Promise<boolean> {
    const upload = (await readUpload(this.#parts.db, task.taskId)) ?? (await this.#begin(task));
    if (upload.uploaded.includes(file.name)) return true;
    if (upload.gaveUp) return false;
    try {
      await this.#send(task, storage, file);
    } catch (error) {
      if (this.#closed || !isOfStore(error)) throw error;
      if (await this.#failed(task, upload, error)) return false;
      throw error;
    }
    await this.#write(task, { ...upload, uploaded: [...upload.uploaded, file.name] }, async (transaction) => {
      if (file.type === 'hls') await this.#parts.teller.playlistUploaded(transaction, task, file);
    });
    return true;
  }

  /** Ends what is under way. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((store) => store.close()));
  }

  async #begin(task: Task): Promise<TaskUpload> {
    const { teller, nowUs } = this.#parts;
    const upload: TaskUpload = { startedUs: nowUs(), uploaded: [], failures: [], gaveUp: false };
    await this.#write(task, upload, (transaction) => teller.uploadStarted(transaction, task));
    return upload;
  }

  async #send(task: Task, storage: CloudStorageTarget, file: RenderedFile): Promise<void> {
    if (this.#closed) throw new CallreelError('StoreUnavailable', 'The server ends.');
    const { allows } = this.#parts;
    const folder = [...storage.prefix, task.taskId].join('/');
    const store = new S3Store(storage, allows === undefined ? {} : { allows });
    this.#open.add(store);
    try {
      // What a playlist names comes before it: a playlist in the store can be played.
      for (const { name, path } of [...(file.parts ?? []), file]) await store.put(`${folder}/${name}`, path);
    } finally {
      this.#open.delete(store);
      await store.close();
    }
  }

  /** Tells of a failure that was not told yet. @returns whether the store is given up. */
  async #failed(task: Task, upload: TaskUpload, { code, message }: CallreelError): Promise<boolean> {
    const { teller, nowUs, giveUpMs, log } = this.#parts;
    const gaveUp = nowUs() - upload.startedUs >= giveUpMs * 1000;
    const isNew = !upload.failures.includes(message) && upload.failures.length < FAILURES_MAX;
    if (isNew || gaveUp) {
      const failures = isNew ? [...upload.failures, message] : upload.failures;
      await this.#write(task, { ...upload, failures, gaveUp }, async (transaction) => {
        if (isNew) await teller.storeFailed(transaction, task, code, message);
      });
    }
    if (gaveUp) log.warn({ taskId: task.taskId, code, detail: message }, 'store given up, files go into the library');
    return gaveUp;
  }

  async #write(task: Task, upload: TaskUpload, tell: (transaction: Kysely<Tables>) => Promise<void>): Promise<void> {
    await this.#parts.db.transaction().execute(async (transaction) => {
      await writeUpload(transaction, task.taskId, upload);
      await tell(transaction);
    });
    this.#parts.outbox.committed();
  }
}

function isOfStore(error: unknown): error is CallreelError {
  return error instanceof CallreelError && (error.code === 'StoreRefused' || error.code === 'StoreUnavailable');
}
