import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import {
  deleteSignedRequest,
  insertRestKey,
  insertSignedRequest,
  revokeRestKey,
  selectRestKey,
  selectRestKeys,
} from './access-queries.ts';
import { selectApplication } from './application-queries.ts';
import { type RestKey, type RestKeyRecord, type RestKeyScope, readScopes } from './rest-key.ts';

/** The REST keys. Their secrets are kept as they are, because TC3 signatures are made with them. */
export class RestKeys {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @throws {CallreelError} `PasswordWrong`, for an unknown or revoked id too. */
  async verify(secretId: string, secretKey: string): Promise<RestKey> {
    const found = await this.withSecret(secretId);
    const matches = timingSafeEqual(digest(secretKey), digest(found?.secretKey ?? ''));
    if (found === null || !matches) throw new CallreelError('PasswordWrong');
    return found.key;
  }

  /** A key that is not revoked, with the secret that signatures are checked with; null when there is none. */
  async withSecret(secretId: string): Promise<{ key: RestKey; secretKey: string } | null> {
    const row = await selectRestKey(this.#db, secretId);
    if (row === undefined) return null;
    return {
      key: { secretId: row.secret_id, sdkAppId: row.sdk_app_id, scopes: readScopes(row.scopes) },
      secretKey: row.secret_key,
    };
  }

  /**
   * Makes a key. Its secret is told here and never again.
   * @param sdkAppId null sees all applications. @throws {CallreelError} `ParameterInvalid` for an application that is not there.
   */
  async create({
    sdkAppId,
    scopes,
    name,
  }: {
    sdkAppId: number | null;
    scopes: readonly RestKeyScope[];
    name: string;
  }): Promise<{ key: RestKeyRecord; secretKey: string }> {
    if (sdkAppId !== null && (await selectApplication(this.#db, sdkAppId)) === null)
      throw new CallreelError('ParameterInvalid', `sdkAppId is ${sdkAppId}: there is no such application.`);
    const key: RestKeyRecord = {
      secretId: `AKID${randomBytes(16).toString('hex')}`,
      sdkAppId,
      scopes: readScopes(scopes),
      name,
      createdUs: nowUs(),
      revokedUs: null,
    };
    const secretKey = randomBytes(16).toString('hex');
    await insertRestKey(this.#db, key, secretKey);
    return { key, secretKey };
  }

  /** All keys, the newest first, revoked ones too. */
  async list(): Promise<RestKeyRecord[]> {
    return (await selectRestKeys(this.#db)).map((row) => ({
      secretId: row.secret_id,
      sdkAppId: row.sdk_app_id,
      scopes: readScopes(row.scopes),
      name: row.name,
      createdUs: row.created_us,
      revokedUs: row.revoked_us,
    }));
  }

  /** Ends a key for good: the next request with it is refused. @throws {CallreelError} `RestKeyUnknown`, also when it is revoked already. */
  async revoke(secretId: string): Promise<void> {
    if (!(await revokeRestKey(this.#db, secretId, nowUs()))) throw new CallreelError('RestKeyUnknown');
  }

  /**
   * Takes a request that changes something. Answers whether it is new; the next process knows it too.
   * @param request its action and signature. @param untilMs when it is too old to be taken anyway.
   */
  useSignature(request: string, untilMs: number): Promise<boolean> {
    return insertSignedRequest(this.#db, { request, untilUs: untilMs * 1000, nowUs: nowUs() });
  }

  /** Takes back that a request was made: it has changed nothing. */
  freeSignature(request: string): Promise<void> {
    return deleteSignedRequest(this.#db, request);
  }
}

/** Equal lengths for the comparison in constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
