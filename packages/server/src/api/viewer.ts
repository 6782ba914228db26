import type { FastifyRequest } from 'fastify';
import { type ConsoleUser, hasScope, type RestKeyScope } from '../apps/index.ts';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { SignInLimiter } from './sign-in-limiter.ts';

/** Name of the session cookie. */
export const SESSION_COOKIE = 'callreel_session';

/** Header without which no cookie changes anything: other sites' pages cannot send it. */
export const REQUEST_HEADER = 'x-callreel-request';

/** Who asks. `sdkAppId` null sees all applications. */
export type Viewer =
  | { kind: 'restKey'; sdkAppId: number | null; scopes: readonly RestKeyScope[] }
  | { kind: 'consoleUser'; sdkAppId: null; user: ConsoleUser };

const CHANGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Finds out who asks: HTTP Basic with a REST key or a console user, else the session cookie. */
export class Authentication {
  readonly #deps: Pick<ApiDeps, 'consoleUsers' | 'restKeys'>;
  readonly #limiter: SignInLimiter;

  constructor(deps: Pick<ApiDeps, 'consoleUsers' | 'restKeys'>, limiter: SignInLimiter) {
    this.#deps = deps;
    this.#limiter = limiter;
  }

  /** @throws {CallreelError} `NotSignedIn`, `PasswordWrong`, `RequestTooFrequent`, `NotAllowed`. */
  async viewer(request: FastifyRequest): Promise<Viewer> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#basic(authorization, request.ip);
    const token = sessionToken(request);
    const user = token === undefined ? null : await this.#deps.consoleUsers.sessionUser(token);
    if (user === null) throw new CallreelError('NotSignedIn');
    if (CHANGING.has(request.method) && request.headers[REQUEST_HEADER] === undefined) {
      throw new CallreelError('NotAllowed', `A change by cookie needs the header ${REQUEST_HEADER}: 1.`);
    }
    return { kind: 'consoleUser', sdkAppId: null, user };
  }

  /** Checks the password of a console user. @throws {CallreelError} `PasswordWrong`, `RequestTooFrequent`. */
  signIn(name: string, password: string, address: string): Promise<ConsoleUser> {
    return this.#limiter.guard(address, name, () => this.#deps.consoleUsers.verify(name, password));
  }

  async #basic(authorization: string, address: string): Promise<Viewer> {
    const match = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization);
    const pair = Buffer.from(match?.[1] ?? '', 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (match === null || colon < 0) throw new CallreelError('NotSignedIn', 'Authorization must be HTTP Basic.');
    const [name, secret] = [pair.slice(0, colon), pair.slice(colon + 1)];
    // Ids of REST keys cannot be taken for names, so neither kind costs a look at the other.
    if (name.startsWith('AKID')) {
      const { sdkAppId, scopes } = await this.#limiter.guard(address, name, () =>
        this.#deps.restKeys.verify(name, secret),
      );
      return { kind: 'restKey', sdkAppId, scopes };
    }
    return { kind: 'consoleUser', sdkAppId: null, user: await this.signIn(name, secret, address) };
  }
}

/** The token of the session cookie, if there is one. */
export function sessionToken(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && /^[A-Za-z0-9_-]{1,100}$/.test(value)) return value;
  }
  return undefined;
}

/** Whether the viewer may see things of the application. */
export function sees(viewer: Viewer, sdkAppId: number): boolean {
  return viewer.sdkAppId === null || viewer.sdkAppId === sdkAppId;
}

/** @throws {CallreelError} `NotAllowed` for the credentials of another application. */
export function mustSee(viewer: Viewer, sdkAppId: number): void {
  if (!sees(viewer, sdkAppId))
    throw new CallreelError('NotAllowed', `These credentials belong to another application than ${sdkAppId}.`);
}

/** @param scopes one of which a REST key must have. @throws {CallreelError} `NotAllowed` for who may not look. */
export function mustRead(viewer: Viewer, ...scopes: RestKeyScope[]): void {
  if (viewer.kind === 'restKey' && !hasScope(viewer.scopes, ...scopes))
    throw new CallreelError('NotAllowed', `The REST key has none of the scopes ${scopes.join(', ')}.`);
}

/** @param scope that a REST key must have. @throws {CallreelError} `NotAllowed` for who may only look. */
export function mustChange(viewer: Viewer, scope: RestKeyScope): void {
  mustRead(viewer, scope);
  if (viewer.kind === 'consoleUser' && viewer.user.role === 'reviewer')
    throw new CallreelError('NotAllowed', 'Reviewers change nothing.');
}

/** @throws {CallreelError} `NotAllowed` for everybody but owners. */
export function mustOwn(viewer: Viewer): void {
  if (viewer.kind !== 'consoleUser' || viewer.user.role !== 'owner')
    throw new CallreelError('NotAllowed', 'Only owners may do this.');
}
