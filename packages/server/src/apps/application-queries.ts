import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { Application } from './application.ts';
import type { CallbackSettings } from './callback-settings.ts';
import { checkCallbackSettings } from './callback-settings-schema.ts';
import type { RecordingSettings } from './recording-settings.ts';
import { checkRecordingSettings } from './recording-settings-schema.ts';

/** The application, or null when there is none. */
export async function selectApplication(db: Kysely<Tables>, sdkAppId: number): Promise<Application | null> {
  const row = await db.selectFrom('applications').selectAll().where('sdk_app_id', '=', sdkAppId).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** All applications, the oldest first. */
export async function selectApplications(db: Kysely<Tables>): Promise<Application[]> {
  return (await db.selectFrom('applications').selectAll().orderBy('created_us').orderBy('sdk_app_id').execute()).map(
    fromRow,
  );
}

/** Writes a new application. */
export async function insertApplication(
  db: Kysely<Tables>,
  { sdkAppId, name, secretKey, recording, callbacks, createdUs }: Application,
): Promise<void> {
  await db
    .insertInto('applications')
    .values({
      sdk_app_id: sdkAppId,
      name,
      secret_key: secretKey,
      recording: JSON.stringify(recording),
      callbacks: JSON.stringify(callbacks),
      created_us: createdUs,
    })
    .execute();
}

/** Writes new recording settings. Answers whether there is such an application. */
export async function updateRecording(
  db: Kysely<Tables>,
  sdkAppId: number,
  recording: RecordingSettings,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('applications')
    .set({ recording: JSON.stringify(recording) })
    .where('sdk_app_id', '=', sdkAppId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Where an application is told of what happens; null when there is no such application. */
export async function selectCallbacks(db: Kysely<Tables>, sdkAppId: number): Promise<CallbackSettings | null> {
  const row = await db
    .selectFrom('applications')
    .select('callbacks')
    .where('sdk_app_id', '=', sdkAppId)
    .executeTakeFirst();
  return row === undefined ? null : checkCallbackSettings(row.callbacks);
}

/** Writes where an application is told of what happens. Answers whether there is such an application. */
export async function updateCallbacks(
  db: Kysely<Tables>,
  sdkAppId: number,
  callbacks: CallbackSettings,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('applications')
    .set({ callbacks: JSON.stringify(callbacks) })
    .where('sdk_app_id', '=', sdkAppId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function fromRow(row: Selectable<Tables['applications']>): Application {
  return {
    sdkAppId: row.sdk_app_id,
    name: row.name,
    secretKey: row.secret_key,
    recording: checkRecordingSettings(row.recording),
    callbacks: checkCallbackSettings(row.callbacks),
    createdUs: row.created_us,
  };
}
