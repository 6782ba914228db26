import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { CallreelError } from '../base/callreel-error.ts';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import {
  type ConsoleUserRow,
  deleteSession,
  insertSession,
  selectConsoleUser,
  selectSessionUser,
} from './access-queries.ts';
import { hashPassword, passwordMatches } from './password-hash.ts';

/** Somebody who may look at the console. */
export type ConsoleUser = { userId: string; name: string; role: 'owner' | 'operator' | 'reviewer' };

/** A session as it is told to the browser once. */
export type ConsoleSession = { token: string; expiresUs: number };

// HTTP Basic sends the password with every request; a good one is remembered this long, as a keyed hash.
const REMEMBERED_US = 60_000_000;
const REMEMBERED_MAX = 1000;

/** Console users and their sessions. Tokens are kept as hashes only: who reads the database cannot sign in. */
export class ConsoleUsers {
  readonly #db: Kysely<Tables>;
  readonly #sessionUs: number;
  readonly #rememberKey = randomBytes(32);
  readonly #remembered = new Map<string, { hash: string; untilUs: number }>();
  /** Compared with when there is no such user, so that the time of a refusal does not tell who exists. */
  readonly #nobody = hashPassword(randomBytes(16).toString('hex'));

  /** @param sessionHours how long a session lives; default 12. */
  constructor(db: Kysely<Tables>, { sessionHours = 12 }: { sessionHours?: number } = {}) {
    this.#db = db;
    this.#sessionUs = sessionHours * 3_600_000_000;
  }

  /** @throws {CallreelError} `PasswordWrong`, for an unknown name too. */
  async verify(name: string, password: string): Promise<ConsoleUser> {
    const row = await selectConsoleUser(this.#db, name);
    const remembered = createHmac('sha256', this.#rememberKey)
      .update(JSON.stringify([name, password]))
      .digest('base64url');
    const before = this.#remembered.get(remembered);
    if (row !== undefined && before?.hash === row.password_hash && before.untilUs > nowUs()) return publicPart(row);
    this.#remembered.delete(remembered);
    const matches = await passwordMatches(password, row?.password_hash ?? (await this.#nobody));
    if (row === undefined || !matches) throw new CallreelError('PasswordWrong');
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(remembered, { hash: row.password_hash, untilUs: nowUs() + REMEMBERED_US });
    return publicPart(row);
  }

  /** Begins a session. */
  async openSession(userId: string): Promise<ConsoleSession> {
    const token = randomBytes(32).toString('base64url');
    const now = nowUs();
    const expiresUs = now + this.#sessionUs;
    await insertSession(this.#db, { tokenHash: hashToken(token), userId, expiresUs, nowUs: now });
    return { token, expiresUs };
  }

  /** The user of a session; null when there is none or it is over. */
  async sessionUser(token: string): Promise<ConsoleUser | null> {
    const row = await selectSessionUser(this.#db, hashToken(token), nowUs());
    return row === undefined ? null : publicPart(row);
  }

  /** Ends a session; one that is over already is no error. */
  async closeSession(token: string): Promise<void> {
    await deleteSession(this.#db, hashToken(token));
  }
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function publicPart(row: ConsoleUserRow): ConsoleUser {
  return { userId: row.user_id, name: row.name, role: row.role };
}
