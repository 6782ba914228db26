import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { documented } from './openapi/index.ts';
import { type Authentication, SESSION_COOKIE, sessionToken } from './viewer.ts';

/** Signing in to the console: `/api/v1/session`. */
export function sessionRoutes(
  api: ApiInstance,
  { consoleUsers }: Pick<ApiDeps, 'consoleUsers'>,
  authentication: Authentication,
): void {
  const body = Type.Object(
    { user: Type.String({ minLength: 1, maxLength: 100 }), password: Type.String({ minLength: 1, maxLength: 1000 }) },
    { additionalProperties: false },
  );
  const cookie = (token: string, maxAgeS: number, secure: boolean): string =>
    `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${secure ? '; Secure' : ''}`;

  const user = Type.Object({ name: Type.String(), role: Type.Enum(['owner', 'operator', 'reviewer']) });
  const signInSchema = documented(
    {
      summary: 'Signs a console user in',
      tag: 'Sessions',
      open: true,
      answers: {
        200: {
          description: 'The session cookie is set.',
          json: Type.Object({ user, expiresAtMs: Type.Integer({ description: 'Milliseconds since the Unix epoch.' }) }),
        },
      },
      errors: ['PasswordWrong', 'RequestTooFrequent'],
    },
    { body },
  );
  api.post('/api/v1/session', { schema: signInSchema }, async (request, reply) => {
    const signedIn = await authentication.signIn(request.body.user, request.body.password, request.ip);
    const { token, expiresUs } = await consoleUsers.openSession(signedIn.userId);
    const expiresAtMs = Math.floor(expiresUs / 1000);
    void reply.header(
      'set-cookie',
      cookie(token, Math.floor((expiresAtMs - Date.now()) / 1000), request.protocol === 'https'),
    );
    return { user: { name: signedIn.name, role: signedIn.role }, expiresAtMs };
  });

  const whoSchema = documented(
    {
      summary: 'Who is asking',
      tag: 'Sessions',
      answers: {
        200: {
          description: 'A console user, or the application of a REST key; null: all applications.',
          json: Type.Union([
            Type.Object({ user }),
            Type.Object({ sdkAppId: Type.Union([Type.Integer(), Type.Null()]) }),
          ]),
        },
      },
    },
    {},
  );
  api.get('/api/v1/session', { schema: whoSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    return viewer.kind === 'consoleUser'
      ? { user: { name: viewer.user.name, role: viewer.user.role } }
      : { sdkAppId: viewer.sdkAppId };
  });

  const signOutSchema = documented(
    {
      summary: 'Signs out',
      tag: 'Sessions',
      answers: { 204: { description: 'The session is over, the cookie is taken back.' } },
      errors: ['NotAllowed'],
    },
    {},
  );
  api.delete('/api/v1/session', { schema: signOutSchema }, async (request, reply) => {
    await authentication.viewer(request);
    const token = sessionToken(request);
    if (token !== undefined) await consoleUsers.closeSession(token);
    return reply
      .header('set-cookie', cookie('', 0, request.protocol === 'https'))
      .code(204)
      .send();
  });
}
