import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../base/db/tables.ts';
import type { RestKeyRecord } from './rest-key.ts';

/** A row of `console_users`. */
export type ConsoleUserRow = Selectable<Tables['console_users']>;

/** The console user of this name. */
export async function selectConsoleUser(db: Kysely<Tables>, name: string): Promise<ConsoleUserRow | undefined> {
  return db.selectFrom('console_users').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Whether there is any console user. */
export async function hasConsoleUsers(db: Kysely<Tables>): Promise<boolean> {
  return (await db.selectFrom('console_users').select('user_id').limit(1).executeTakeFirst()) !== undefined;
}

/** Writes a new session and forgets those that are over. */
export async function insertSession(
  db: Kysely<Tables>,
  session: { tokenHash: string; userId: string; expiresUs: number; nowUs: number },
): Promise<void> {
  await db.deleteFrom('console_sessions').where('expires_us', '<=', session.nowUs).execute();
  await db
    .insertInto('console_sessions')
    .values({ token_hash: session.tokenHash, user_id: session.userId, expires_us: session.expiresUs })
    .execute();
}

/** The user of a session that is not over. */
export async function selectSessionUser(
  db: Kysely<Tables>,
  tokenHash: string,
  nowUs: number,
): Promise<ConsoleUserRow | undefined> {
  return db
    .selectFrom('console_sessions')
    .innerJoin('console_users', 'console_users.user_id', 'console_sessions.user_id')
    .selectAll('console_users')
    .where('token_hash', '=', tokenHash)
    .where('expires_us', '>', nowUs)
    .executeTakeFirst();
}

/** Ends a session. */
export async function deleteSession(db: Kysely<Tables>, tokenHash: string): Promise<void> {
  await db.deleteFrom('console_sessions').where('token_hash', '=', tokenHash).execute();
}

/** The REST key with this id, unless it is revoked. */
export async function selectRestKey(
  db: Kysely<Tables>,
  secretId: string,
): Promise<Selectable<Tables['rest_keys']> | undefined> {
  return db
    .selectFrom('rest_keys')
    .selectAll()
    .where('secret_id', '=', secretId)
    .where('revoked_us', 'is', null)
    .executeTakeFirst();
}

/** All REST keys, the newest first. */
export async function selectRestKeys(
  db: Kysely<Tables>,
): Promise<Omit<Selectable<Tables['rest_keys']>, 'secret_key'>[]> {
  return db
    .selectFrom('rest_keys')
    .select(['secret_id', 'sdk_app_id', 'created_us', 'revoked_us', 'scopes', 'name'])
    .orderBy('created_us', 'desc')
    .orderBy('secret_id')
    .execute();
}

/** Writes a new REST key. */
export async function insertRestKey(
  db: Kysely<Tables>,
  { secretId, sdkAppId, scopes, name, createdUs }: RestKeyRecord,
  secretKey: string,
): Promise<void> {
  await db
    .insertInto('rest_keys')
    .values({
      secret_id: secretId,
      secret_key: secretKey,
      sdk_app_id: sdkAppId,
      created_us: createdUs,
      revoked_us: null,
      scopes: [...scopes],
      name,
    })
    .execute();
}

/** Writes that a key is revoked. Answers whether there was one to revoke. */
export async function revokeRestKey(db: Kysely<Tables>, secretId: string, atUs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('rest_keys')
    .set({ revoked_us: atUs })
    .where('secret_id', '=', secretId)
    .where('revoked_us', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Writes that a signed request was made, and forgets those that are too old. Answers whether it is new. */
export async function insertSignedRequest(
  db: Kysely<Tables>,
  { request, untilUs, nowUs }: { request: string; untilUs: number; nowUs: number },
): Promise<boolean> {
  await db.deleteFrom('signed_requests').where('until_us', '<', nowUs).execute();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('signed_requests')
    .values({ request, until_us: untilUs })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Forgets that a signed request was made. */
export async function deleteSignedRequest(db: Kysely<Tables>, request: string): Promise<void> {
  await db.deleteFrom('signed_requests').where('request', '=', request).execute();
}
