import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/index.ts';
import type { Outbox } from '../callback/index.ts';
import { Catalogue, type MediaStills } from '../library/index.ts';
import type { RenderedFile, Task } from '../recording/index.ts';
import type { Store } from '../store/index.ts';
import type { FileUploads } from './file-uploads.ts';
import type { TaskTeller } from './task-teller.ts';

/** What keeps files. */
export type FileKeeperParts = {
  db: Kysely<Tables>;
  store: Store;
  log: Log;
  teller: TaskTeller;
  outbox: Outbox;
  uploads: FileUploads;
};

/** Brings finished files into the store and the library, or into the store of their order, and tells of them. */
export class FileKeeper {
  readonly #parts: FileKeeperParts;

  constructor(parts: FileKeeperParts) {
    this.#parts = parts;
  }

  /** Keeps a file; keeping it again changes nothing, and is not told again. @throws errors of the store and the database. */
  async keep(task: Task, file: RenderedFile): Promise<void> {
    const { db, store, teller, outbox, uploads } = this.#parts;
    if (task.storage !== null && (await uploads.put(task, task.storage, file))) return;
    const { sdkAppId, roomId } = task.room;
    const folder = `${sdkAppId}/${task.taskId}`;
    const objectKey = `${folder}/${file.name}`;
    const { name, type, sizeBytes, sha256, durationUs, startUs, widthPx, heightPx } = file;
    // What a playlist names comes before it: a playlist in the store can be played.
    for (const part of file.parts ?? []) await store.put(`${folder}/${part.name}`, part.path);
    await store.put(objectKey, file.path);
    const stills = await this.#keepStills(folder, file);
    await db.transaction().execute(async (transaction) => {
      const { record, isNew } = await new Catalogue(transaction).add({
        ...{ sdkAppId, taskId: task.taskId, roomId, name, type, sizeBytes, sha256 },
        ...{ durationUs, startUs, widthPx, heightPx, objectKey, stills },
      });
      if (isNew) await teller.fileKept(transaction, task, file, record);
    });
    outbox.committed();
  }

  /** Puts a file's stills beside it. Where that fails the file is kept without them. */
  async #keepStills(folder: string, { stills }: RenderedFile): Promise<MediaStills | null> {
    if (stills === undefined) return null;
    const { store, log } = this.#parts;
    const { poster, thumbnails } = stills;
    try {
      for (const { name, path } of [poster, thumbnails.picture, thumbnails.index])
        await store.put(`${folder}/${name}`, path);
      return { poster: poster.name, thumbnails: thumbnails.picture.name, thumbnailsIndex: thumbnails.index.name };
    } catch (error) {
      log.warn({ err: error, folder }, 'stills could not be kept');
      return null;
    }
  }
}
