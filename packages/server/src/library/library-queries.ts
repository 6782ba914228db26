import type { ExpressionBuilder, Insertable, Kysely, Selectable } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { MediaRecord } from './library.ts';

/** Where a page of the list begins: behind this record. */
export type Position = { createdUs: number; fileId: string };

/** Writes a record unless its task and name are there already. Answers the one that is there now. */
export async function insertRecord(db: Kysely<Tables>, record: MediaRecord): Promise<MediaRecord> {
  await db
    .insertInto('media_records')
    .values(toRow(record))
    .onConflict((conflict) => conflict.columns(['task_id', 'name']).doNothing())
    .execute();
  return fromRow(
    await db
      .selectFrom('media_records')
      .selectAll()
      .where('task_id', '=', record.taskId)
      .where('name', '=', record.name)
      .executeTakeFirstOrThrow(),
  );
}

/** One record. */
export async function selectRecord(db: Kysely<Tables>, fileId: string): Promise<MediaRecord | null> {
  const row = await db.selectFrom('media_records').selectAll().where('file_id', '=', fileId).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** Records, the newest first. */
export async function selectRecords(
  db: Kysely<Tables>,
  query: {
    sdkAppId: number | undefined;
    namePrefix: string | undefined;
    taskId: string | undefined;
    roomId: string | undefined;
    after: Position | undefined;
    limit: number;
  },
): Promise<MediaRecord[]> {
  const { sdkAppId, namePrefix, taskId, roomId, after } = query;
  const conditions = (e: ExpressionBuilder<Tables, 'media_records'>) =>
    e.and([
      ...(sdkAppId === undefined ? [] : [e('sdk_app_id', '=', sdkAppId)]),
      ...(taskId === undefined ? [] : [e('task_id', '=', taskId)]),
      ...(roomId === undefined ? [] : [e('room_id', '=', roomId)]),
      ...(namePrefix === undefined ? [] : [e('name', 'like', `${namePrefix.replaceAll(/[\\%_]/g, '\\$&')}%`)]),
      ...(after === undefined
        ? []
        : [e(e.refTuple('created_us', 'file_id'), '<', e.tuple(after.createdUs, after.fileId))]),
    ]);
  const rows = await db
    .selectFrom('media_records')
    .selectAll()
    .where(conditions)
    .orderBy('created_us', 'desc')
    .orderBy('file_id', 'desc')
    .limit(query.limit)
    .execute();
  return rows.map(fromRow);
}

function toRow(record: MediaRecord): Insertable<Tables['media_records']> {
  return {
    file_id: record.fileId,
    sdk_app_id: record.sdkAppId,
    task_id: record.taskId,
    room_id: record.roomId,
    name: record.name,
    type: record.type,
    size_bytes: record.sizeBytes,
    duration_us: record.durationUs,
    start_us: record.startUs,
    width_px: record.widthPx,
    height_px: record.heightPx,
    sha256: record.sha256,
    object_key: record.objectKey,
    created_us: record.createdUs,
    stills: record.stills === null ? null : JSON.stringify(record.stills),
  };
}

function fromRow(row: Selectable<Tables['media_records']>): MediaRecord {
  return {
    fileId: row.file_id,
    sdkAppId: row.sdk_app_id,
    taskId: row.task_id,
    roomId: row.room_id,
    name: row.name,
    type: row.type,
    sizeBytes: row.size_bytes,
    durationUs: row.duration_us,
    startUs: row.start_us,
    widthPx: row.width_px,
    heightPx: row.height_px,
    sha256: row.sha256,
    objectKey: row.object_key,
    createdUs: row.created_us,
    // Written by insertRecord only.
    stills: row.stills as MediaRecord['stills'],
  };
}
