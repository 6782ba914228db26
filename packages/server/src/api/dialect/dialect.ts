import { hasScope, type RestKey } from '../../apps/index.ts';
import type { Log } from '../../base/index.ts';
import type { Action } from './action.ts';
import { DialectError, INTERNAL_ERROR, toDialect } from './dialect-error.ts';
import { readBody, readQuery } from './parameter-reading.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { RequestMemory } from './request-memory.ts';
import { isSignatureRight, readAuthorization, type SignedRequest, type Tc3Authorization } from './tc3-signature.ts';

/** How far a request's timestamp may be off. */
const CLOCK_SKEW_S = 300;
/** How long after its first request a signature is good for another action: as long as one on its way may take. */
const OTHER_ACTION_MS = 6_000;
/** The known system's limit for a whole request. */
const ANSWER_TIMEOUT_MS = 6_000;

/** The keys that requests are signed with. */
export interface SigningKeys {
  /** A key that is not revoked, or null. */
  withSecret(secretId: string): Promise<{ key: RestKey; secretKey: string } | null>;
  /** Takes a change by its action and signature; answers whether it is new. */
  useSignature(request: string, untilMs: number): Promise<boolean>;
  /** Takes that back. */
  freeSignature(request: string): Promise<void>;
}

/** A request as it came over the wire. */
export type DialectRequest = Omit<SignedRequest, 'timestampS'> & { requestId: string; host: string };

/** What the dialect works with. */
export type DialectParts = {
  keys: SigningKeys;
  /** Actions by version, then by name. */
  versions: ReadonlyMap<string, ReadonlyMap<string, Action>>;
  limiter: RateLimiter;
  log: Log;
  /** A clock in ms since the epoch; default the system's. */
  nowMs?: () => number;
  /** Default 6 s. */
  answerTimeoutMs?: number;
};

/**
 * Requests in the known system's dialect: who asks, for what, and what the answer is. Nothing that comes in makes it
 * throw; what goes wrong is in the answer.
 */
export class Dialect {
  readonly #parts: DialectParts;
  readonly #nowMs: () => number;
  readonly #memory = new RequestMemory();

  constructor(parts: DialectParts) {
    this.#parts = parts;
    this.#nowMs = parts.nowMs ?? Date.now;
  }

  /** Answers `{Response: {…, RequestId}}`, whatever comes. */
  async answer(request: DialectRequest): Promise<{ Response: object }> {
    const { requestId } = request;
    try {
      return { Response: { ...(await this.#answer(request)), RequestId: requestId } };
    } catch (error) {
      return errorAnswer(this.#told(error, request), requestId);
    }
  }

  async #answer(request: DialectRequest): Promise<object> {
    const name = mustHave(request, 'X-TC-Action');
    const version = mustHave(request, 'X-TC-Version');
    const { authorization, timestampS, key } = await this.#signedIn(request);
    const actions = this.#parts.versions.get(version);
    if (actions === undefined) throw new DialectError('NoSuchVersion', `The version ${shown(version)} is not known.`);
    const action = actions.get(name);
    if (action === undefined) throw new DialectError('InvalidAction', `The action ${shown(name)} is not known.`);
    if (!hasScope(key.scopes, ...action.scopes)) {
      const scopes = [...action.scopes, 'all'].join(', ');
      throw new DialectError('AuthFailure.UnauthorizedOperation', `The key has none of the scopes ${scopes}.`);
    }
    if (!this.#parts.limiter.takes(`${key.secretId} ${version} ${name}`))
      throw new DialectError('RequestLimitExceeded', `${name} is asked for too often.`);
    const given = request.method === 'GET' ? readQuery(request.query) : readBody(request.body);
    const run = action.prepare(given, request.method === 'GET');
    return this.#once(action, authorization, timestampS, () => this.#within(action, run(key)));
  }

  /**
   * The same request cannot change anything twice: again it gets the first answer. What the SDKs sign names neither the
   * action nor anything that is used once, and its time has seconds: who asks for a task and ends it in one second signs
   * the same twice. So a signature is good for other actions too, but only for moments.
   */
  async #once(
    action: Action,
    { signature }: Tc3Authorization,
    timestampS: number,
    run: () => Promise<object>,
  ): Promise<object> {
    const nowMs = this.#nowMs();
    const untilMs = (timestampS + CLOCK_SKEW_S + 1) * 1000;
    const seen = this.#memory.see(signature, nowMs, untilMs);
    if (action.effect === 'reads') return run();
    const before = seen.answers.get(action.name);
    if (before !== undefined) return before;
    if (nowMs - seen.firstAtMs > OTHER_ACTION_MS)
      throw new DialectError('AuthFailure.SignatureFailure', 'The signature was used for another action.');
    if (action.effect === 'ends') return run();
    const answer = this.#change(action, `${action.name} ${signature}`, untilMs, run);
    seen.answers.set(action.name, answer);
    try {
      return await answer;
    } catch (error) {
      if (isRefusal(error, action)) seen.answers.delete(action.name);
      throw error;
    }
  }

  async #change(action: Action, request: string, untilMs: number, run: () => Promise<object>): Promise<object> {
    const { keys } = this.#parts;
    if (!(await keys.useSignature(request, untilMs)))
      throw new DialectError('AuthFailure.SignatureFailure', 'The signature was used before: sign the request anew.');
    try {
      return await run();
    } catch (error) {
      // It has changed nothing, and may be asked for again in the same second.
      if (isRefusal(error, action)) await keys.freeSignature(request);
      throw error;
    }
  }

  /** What runs longer goes on; only the answer does not wait for it. */
  async #within(action: Action, answer: Promise<object>): Promise<object> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => timeout.reject(new DialectError(action.internalError, 'There was no answer in time.')),
      this.#parts.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    );
    try {
      return await Promise.race([answer, timeout.promise]);
    } catch (error) {
      const told = toDialect(error, action.errorCodes);
      if (told !== null) throw told;
      this.#parts.log.error({ err: error, action: action.name }, 'a request of the dialect failed');
      throw new DialectError(action.internalError, 'Something went wrong on the server.', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #signedIn(
    request: DialectRequest,
  ): Promise<{ authorization: Tc3Authorization; timestampS: number; key: RestKey }> {
    const timestamp = mustHave(request, 'X-TC-Timestamp');
    const authorization = readAuthorization(mustHave(request, 'Authorization'));
    if (authorization === null) {
      throw new DialectError(
        'AuthFailure.InvalidAuthorization',
        'Authorization must be TC3-HMAC-SHA256 with Credential, SignedHeaders and Signature, and sign content-type and host.',
      );
    }
    if (request.header('x-tc-content-sha256')?.toUpperCase() === 'UNSIGNED-PAYLOAD')
      throw new DialectError('AuthFailure.SignatureFailure', 'The payload must be signed.');
    if ((request.header('x-tc-token') ?? '') !== '')
      throw new DialectError('AuthFailure.TokenFailure', 'There are no temporary credentials: leave out X-TC-Token.');
    const found = await this.#parts.keys.withSecret(authorization.secretId);
    if (found === null) throw new DialectError('AuthFailure.SecretIdNotFound', 'There is no key with this SecretId.');
    if (!/^\d{1,12}$/.test(timestamp))
      throw new DialectError('InvalidParameterValue', 'X-TC-Timestamp must be seconds since the Unix epoch.');
    const timestampS = Number(timestamp);
    // The signature first: what comes unsigned is told nothing of our clock.
    if (!isSignatureRight(authorization, { ...request, timestampS }, request.host, found.secretKey)) {
      throw new DialectError(
        'AuthFailure.SignatureFailure',
        'The signature is not that of the request: compare key, host, payload and the date of the scope.',
      );
    }
    const offS = Math.abs(this.#nowMs() / 1000 - timestampS);
    if (offS > CLOCK_SKEW_S)
      throw new DialectError('AuthFailure.SignatureExpire', `X-TC-Timestamp is ${Math.round(offS)} s off.`);
    return { authorization, timestampS, key: found.key };
  }

  #told(error: unknown, { requestId }: DialectRequest): DialectError {
    if (error instanceof DialectError) return error;
    this.#parts.log.error({ err: error, requestId }, 'a request of the dialect failed');
    return new DialectError(INTERNAL_ERROR, 'Something went wrong on the server.');
  }
}

/** The answer that tells of an error. */
export function errorAnswer({ code, message }: DialectError, requestId: string): { Response: object } {
  return { Response: { Error: { Code: code, Message: message }, RequestId: requestId } };
}

/** Whether an order was refused; what went wrong inside may have changed something. */
function isRefusal(error: unknown, { internalError }: Action): boolean {
  return error instanceof DialectError && error.code !== internalError;
}

function mustHave(request: DialectRequest, name: string): string {
  const value = request.header(name.toLowerCase()) ?? '';
  if (value === '') throw new DialectError('MissingParameter', `The header ${name} is missing.`);
  return value;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
