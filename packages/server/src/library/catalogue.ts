import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Library, MediaRecord } from './library.ts';
import { insertRecord, type Position, selectRecord, selectRecords } from './library-queries.ts';

/** The library, kept in the database. */
export class Catalogue implements Library {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** See {@link Library.add}. */
  async add(added: Omit<MediaRecord, 'fileId' | 'createdUs'>): Promise<{ record: MediaRecord; isNew: boolean }> {
    const fileId = randomUUID();
    const record = await insertRecord(this.#db, { ...added, fileId, createdUs: nowUs() });
    return { record, isNew: record.fileId === fileId };
  }

  /** See {@link Library.list}. @throws {CallreelError} `ParameterInvalid` for a cursor that is none of ours. */
  async list({
    sdkAppId,
    namePrefix,
    taskId,
    roomId,
    limit,
    cursor,
  }: Parameters<Library['list']>[0]): Promise<{ records: MediaRecord[]; nextCursor: string | null }> {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    // One more than asked for tells whether there is a next page.
    const found = await selectRecords(this.#db, { sdkAppId, namePrefix, taskId, roomId, after, limit: limit + 1 });
    const records = found.slice(0, limit);
    const last = records.at(-1);
    return { records, nextCursor: found.length > limit && last !== undefined ? writeCursor(last) : null };
  }

  /** See {@link Library.get}. */
  async get(fileId: string): Promise<MediaRecord> {
    const record = await selectRecord(this.#db, fileId);
    if (record === null) throw new CallreelError('MediaUnknown');
    return record;
  }
}

function writeCursor({ createdUs, fileId }: Position): string {
  return Buffer.from(`${createdUs} ${fileId}`).toString('base64url');
}

function readCursor(cursor: string): Position {
  const [createdUs = '', fileId = '', ...rest] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  if (!/^[0-9]{1,16}$/.test(createdUs) || !/^[0-9a-f-]{36}$/.test(fileId) || rest.length > 0) {
    throw new CallreelError('ParameterInvalid', 'cursor must be the nextCursor of an earlier answer.');
  }
  return { createdUs: Number(createdUs), fileId };
}
