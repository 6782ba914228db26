import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
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

  api.post('/api/v1/session', { schema: { body } }, async (request, reply) => {
    const user = await authentication.signIn(request.body.user, request.body.password, request.ip);
    const { token, expiresUs } = await consoleUsers.openSession(user.userId);
    const expiresAtMs = Math.floor(expiresUs / 1000);
    void reply.header(
      'set-cookie',
      cookie(token, Math.floor((expiresAtMs - Date.now()) / 1000), request.protocol === 'https'),
    );
    return { user: { name: user.name, role: user.role }, expiresAtMs };
  });

  api.get('/api/v1/session', async (request) => {
    const viewer = await authentication.viewer(request);
    return viewer.kind === 'consoleUser'
      ? { user: { name: viewer.user.name, role: viewer.user.role } }
      : { sdkAppId: viewer.sdkAppId };
  });

  api.delete('/api/v1/session', async (request, reply) => {
    await authentication.viewer(request);
    const token = sessionToken(request);
    if (token !== undefined) await consoleUsers.closeSession(token);
    return reply
      .header('set-cookie', cookie('', 0, request.protocol === 'https'))
      .code(204)
      .send();
  });
}
