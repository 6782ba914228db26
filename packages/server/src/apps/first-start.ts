import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Kysely } from 'kysely';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import { writeWhole } from '../base/write-whole.ts';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { hasConsoleUsers } from './access-queries.ts';
import { insertApplication } from './application-queries.ts';
import { hashPassword } from './password-hash.ts';

const Text = Type.String({ minLength: 1 });
const CredentialsSchema = Type.Object({
  admin: Type.Object({ user: Text, password: Text }),
  app: Type.Object({ sdkAppId: Type.Integer({ minimum: 1 }), secretKey: Text }),
  rest: Type.Object({ secretId: Text, secretKey: Text }),
});

/** What the first start creates and says once: the owner, the first application and its REST key. */
export type Credentials = Static<typeof CredentialsSchema>;

/**
 * Creates owner, first application and REST key when the database has no console user yet.
 *
 * The file goes first, then the database in one transaction: a kill in between leaves a file whose
 * credentials the next start takes, so what an operator may have read stays true.
 *
 * @param path where the credentials are written, readable by the owner of the process only.
 * @returns the credentials when this start created them, else null.
 * @throws {CallreelError} `DataFolderUnusable` when the file cannot be written, or cannot be read but is there.
 */
export async function createFirstCredentials(db: Kysely<Tables>, path: string): Promise<Credentials | null> {
  if (await hasConsoleUsers(db)) return null;
  const written = readCredentials(path);
  const credentials = written ?? newCredentials();
  if (written === null) {
    try {
      writeWhole(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
    } catch (cause) {
      throw new CallreelError('DataFolderUnusable', 'credentials.json cannot be written.', { cause });
    }
  }
  await store(db, credentials);
  return credentials;
}

function newCredentials(): Credentials {
  return {
    admin: { user: 'admin', password: randomBytes(15).toString('base64url') },
    app: { sdkAppId: 1_400_000_000 + randomInt(1, 99_999_999), secretKey: randomBytes(32).toString('hex') },
    rest: { secretId: `AKID${randomBytes(16).toString('hex')}`, secretKey: randomBytes(16).toString('hex') },
  };
}

function readCredentials(path: string): Credentials | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new CallreelError('DataFolderUnusable', 'credentials.json cannot be read.', { cause });
  }
  try {
    return Value.Parse(CredentialsSchema, JSON.parse(text));
  } catch (cause) {
    throw new CallreelError(
      'DataFolderUnusable',
      'credentials.json is not what the first start wrote: delete it, and a new one is made.',
      { cause },
    );
  }
}

async function store(db: Kysely<Tables>, { admin, app, rest }: Credentials): Promise<void> {
  const createdUs = nowUs();
  const passwordHash = await hashPassword(admin.password);
  await db.transaction().execute(async (transaction) => {
    await insertApplication(transaction, {
      sdkAppId: app.sdkAppId,
      name: 'First application',
      secretKey: app.secretKey,
      recording: { mode: 'automatic', template: DEFAULT_TASK_PARAMETERS, indexAlways: true },
      callbacks: {},
      createdUs,
    });
    await transaction
      .insertInto('rest_keys')
      .values({
        secret_id: rest.secretId,
        secret_key: rest.secretKey,
        sdk_app_id: app.sdkAppId,
        created_us: createdUs,
        revoked_us: null,
      })
      .execute();
    await transaction
      .insertInto('console_users')
      .values({
        user_id: randomUUID(),
        name: admin.user,
        password_hash: passwordHash,
        role: 'owner',
        created_us: createdUs,
      })
      .execute();
  });
}
