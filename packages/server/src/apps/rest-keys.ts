import { createHash, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import type { Tables } from '../base/db/tables.ts';
import { selectRestKey } from './access-queries.ts';

/** A REST key: what a back end signs in with. `sdkAppId` null sees all applications. */
export type RestKey = { secretId: string; sdkAppId: number | null };

/** The REST keys. Their secrets are kept as they are, because TC3 signatures are made with them. */
export class RestKeys {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @throws {CallreelError} `PasswordWrong`, for an unknown or revoked id too. */
  async verify(secretId: string, secretKey: string): Promise<RestKey> {
    const row = await selectRestKey(this.#db, secretId);
    const matches = timingSafeEqual(digest(secretKey), digest(row?.secret_key ?? ''));
    if (row === undefined || !matches) throw new CallreelError('PasswordWrong');
    return { secretId, sdkAppId: row.sdk_app_id };
  }
}

/** Equal lengths for the comparison in constant time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
