import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from 'tls-sig-api-v2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../base/db/index.ts';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { Applications, ConsoleUsers, type Credentials, createFirstCredentials, RestKeys } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-apps-'));
const path = join(folder, 'credentials.json');
let database: Database;
let credentials: Credentials;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

describe('the first start', () => {
  test('refuses a credentials file that is none', async () => {
    writeFileSync(path, '{"admin":');
    await expect(createFirstCredentials(database.db, path)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
    rmSync(path);
  });

  test('killed between file and database, is completed by the second with the same credentials', async () => {
    const half: Credentials = {
      admin: { user: 'admin', password: 'as printed' },
      app: { sdkAppId: 1_400_000_007, secretKey: 'f'.repeat(64) },
      rest: { secretId: 'AKIDx', secretKey: 'y' },
    };
    writeFileSync(path, JSON.stringify(half));
    // A kill while the file was being written leaves this beside it.
    writeFileSync(`${path}.unfinished`, '{"adm');
    expect(await createFirstCredentials(database.db, path)).toEqual(half);
    await new ConsoleUsers(database.db).verify('admin', 'as printed');
    await database.db.deleteFrom('console_users').execute();
    await database.db.deleteFrom('rest_keys').execute();
    await database.db.deleteFrom('applications').execute();
    rmSync(path);
  });

  test('creates owner, application and REST key, and writes them for the owner of the process alone', async () => {
    writeFileSync(`${path}.unfinished`, 'left by a killed process', { mode: 0o666 });
    const created = await createFirstCredentials(database.db, path);
    if (created === null) throw new Error('nothing was created');
    credentials = created;
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(created);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(String(created.app.sdkAppId)).toMatch(/^14[0-9]{8}$/);
    expect(created.app.secretKey).toMatch(/^[0-9a-f]{64}$/);
  });

  test('happens once', async () => {
    expect(await createFirstCredentials(database.db, path)).toBeNull();
    rmSync(path);
    expect(await createFirstCredentials(database.db, path)).toBeNull();
  });
});

describe('applications', () => {
  test('the first one records automatically by the default template', async () => {
    const settings = await new Applications(database.db).recordingSettings(credentials.app.sdkAppId);
    expect(settings).toEqual({ mode: 'automatic', template: DEFAULT_TASK_PARAMETERS, indexAlways: true });
  });

  test('settings change as a whole or not at all', async () => {
    const applications = new Applications(database.db);
    const { sdkAppId } = credentials.app;
    const changed = { mode: 'off', template: { ...DEFAULT_TASK_PARAMETERS, maxIdleMs: 60_000 }, indexAlways: false };
    expect(await applications.setRecordingSettings(sdkAppId, changed)).toEqual(changed);
    await expect(applications.setRecordingSettings(sdkAppId, { mode: 'rest' })).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
    expect(await applications.recordingSettings(sdkAppId)).toEqual(changed);
    await expect(applications.setRecordingSettings(sdkAppId + 1, changed)).rejects.toMatchObject({
      code: 'ApplicationUnknown',
    });
  });

  test('verify UserSigs with their own key', async () => {
    const applications = new Applications(database.db);
    const { sdkAppId, secretKey } = credentials.app;
    await applications.verifyUserSig({
      sdkAppId,
      userId: 'alice',
      userSig: new Api(sdkAppId, secretKey).genUserSig('alice', 60),
    });
    await applications.verifyUserSig({
      sdkAppId,
      userId: 'alice',
      userSig: await applications.issueUserSig({ sdkAppId, userId: 'alice' }),
    });
    await expect(
      applications.verifyUserSig({ sdkAppId: sdkAppId + 1, userId: 'alice', userSig: 'x' }),
    ).rejects.toMatchObject({ code: 'ApplicationUnknown' });
    await expect(applications.verifyUserSig({ sdkAppId, userId: 'alice', userSig: undefined })).rejects.toMatchObject({
      code: 'UserSigMissing',
    });
  });
});

describe('access', () => {
  test('the owner signs in with the right password only', async () => {
    const users = new ConsoleUsers(database.db);
    const { user, password } = credentials.admin;
    expect(await users.verify(user, password)).toMatchObject({ name: 'admin', role: 'owner' });
    expect(await users.verify(user, password)).toMatchObject({ name: 'admin' });
    await expect(users.verify(user, `${password}x`)).rejects.toMatchObject({ code: 'PasswordWrong' });
    await expect(users.verify('nobody', password)).rejects.toMatchObject({ code: 'PasswordWrong' });
  });

  test('a remembered password ends with a new one', async () => {
    const users = new ConsoleUsers(database.db);
    const { user, password } = credentials.admin;
    await users.verify(user, password);
    const { password_hash } = await database.db
      .selectFrom('console_users')
      .select('password_hash')
      .executeTakeFirstOrThrow();
    await database.db.updateTable('console_users').set({ password_hash: 'scrypt$2$8$1$AA$AA' }).execute();
    await expect(users.verify(user, password)).rejects.toMatchObject({ code: 'PasswordWrong' });
    await database.db.updateTable('console_users').set({ password_hash }).execute();
  });

  test('a session lives until its end, and only its hash is kept', async () => {
    const users = new ConsoleUsers(database.db);
    const { userId } = await users.verify(credentials.admin.user, credentials.admin.password);
    const { token } = await users.openSession(userId);
    expect(await users.sessionUser(token)).toMatchObject({ name: 'admin' });
    expect(JSON.stringify(await database.db.selectFrom('console_sessions').selectAll().execute())).not.toContain(token);
    await users.closeSession(token);
    await users.closeSession(token);
    expect(await users.sessionUser(token)).toBeNull();
    const over = await new ConsoleUsers(database.db, { sessionHours: 0 }).openSession(userId);
    expect(await users.sessionUser(over.token)).toBeNull();
  });

  test('a REST key is known by its secret, until it is revoked', async () => {
    const keys = new RestKeys(database.db);
    const { secretId, secretKey } = credentials.rest;
    expect(await keys.verify(secretId, secretKey)).toEqual({
      secretId,
      sdkAppId: credentials.app.sdkAppId,
      scopes: ['all'],
    });
    await expect(keys.verify(secretId, '')).rejects.toMatchObject({ code: 'PasswordWrong' });
    await expect(keys.verify('nobody', '')).rejects.toMatchObject({ code: 'PasswordWrong' });
    await keys.revoke(secretId);
    await expect(keys.verify(secretId, secretKey)).rejects.toMatchObject({ code: 'PasswordWrong' });
    expect(await keys.withSecret(secretId)).toBeNull();
    await expect(keys.revoke(secretId)).rejects.toMatchObject({ code: 'RestKeyUnknown' });
    expect(await keys.list()).toMatchObject([{ secretId, revokedUs: expect.any(Number) }]);
  });

  test('a REST key has the scopes that it was made with, and its secret is told once', async () => {
    const keys = new RestKeys(database.db);
    const { key, secretKey } = await keys.create({ sdkAppId: null, scopes: ['record', 'read'], name: 'back end' });
    expect(key).toMatchObject({ sdkAppId: null, scopes: ['read', 'record'], name: 'back end', revokedUs: null });
    expect(await keys.verify(key.secretId, secretKey)).toMatchObject({ scopes: ['read', 'record'] });
    expect(JSON.stringify(await keys.list())).not.toContain(secretKey);
    await expect(keys.create({ sdkAppId: 5, scopes: ['all'], name: '' })).rejects.toMatchObject({
      code: 'ParameterInvalid',
    });
  });

  test('a signed request is new once, for the next process too, until it is too old', async () => {
    const keys = new RestKeys(database.db);
    const untilMs = Date.now() + 300_000;
    expect(await keys.useSignature('Delete abc', untilMs)).toBe(true);
    expect(await keys.useSignature('Delete abc', untilMs)).toBe(false);
    expect(await new RestKeys(database.db).useSignature('Delete abc', untilMs)).toBe(false);
    expect(await keys.useSignature('Modify abc', untilMs)).toBe(true);
    await keys.freeSignature('Modify abc');
    expect(await keys.useSignature('Modify abc', untilMs)).toBe(true);
    expect(await keys.useSignature('Delete abc', untilMs)).toBe(false);
    expect(await keys.useSignature('Delete old', Date.now() - 1)).toBe(true);
    expect(await keys.useSignature('Delete old', Date.now() - 1)).toBe(true);
  });
});
