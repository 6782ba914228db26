import { Type } from 'typebox';
import { REST_KEY_SCOPES } from '../apps/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { documented, listOf, refTo } from './openapi/index.ts';
import { type Authentication, mustOwn } from './viewer.ts';

/** REST keys, for owners: `/api/v1/keys`. The secret is in the answer that makes the key, and in no other. */
export function keyRoutes(
  api: ApiInstance,
  { restKeys }: Pick<ApiDeps, 'restKeys'>,
  authentication: Authentication,
): void {
  const body = Type.Object(
    {
      sdkAppId: Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.Literal('all')]),
      scopes: Type.Array(Type.Enum([...REST_KEY_SCOPES]), { minItems: 1, maxItems: 4, uniqueItems: true }),
      name: Type.Optional(Type.String({ maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })),
    },
    { additionalProperties: false },
  );
  const params = Type.Object({ secretId: Type.String({ minLength: 1, maxLength: 128 }) });

  const listSchema = documented(
    {
      summary: 'All REST keys, the newest first',
      tag: 'Keys',
      answers: { 200: { description: 'The keys without their secrets.', json: listOf('keys', 'Key') } },
      errors: ['NotAllowed'],
    },
    {},
  );
  api.get('/api/v1/keys', { schema: listSchema }, async (request) => {
    mustOwn(await authentication.viewer(request));
    return { keys: await restKeys.list() };
  });

  const withSecret = Type.Intersect([refTo('Key'), Type.Object({ secretKey: Type.String() })]);
  const createSchema = documented(
    {
      summary: 'Makes a REST key; its secret is told here only',
      tag: 'Keys',
      answers: { 201: { description: 'The key with its secret.', json: withSecret } },
      errors: ['NotAllowed'],
    },
    { body },
  );
  api.post('/api/v1/keys', { schema: createSchema }, async (request, reply) => {
    mustOwn(await authentication.viewer(request));
    const { sdkAppId, scopes, name = '' } = request.body;
    const { key, secretKey } = await restKeys.create({
      sdkAppId: sdkAppId === 'all' ? null : sdkAppId,
      scopes,
      name,
    });
    return reply.code(201).send({ ...key, secretKey });
  });

  const revokeSchema = documented(
    {
      summary: 'Revokes a REST key; the next request with it is refused',
      tag: 'Keys',
      answers: { 204: { description: 'It is revoked.' } },
      errors: ['NotAllowed', 'RestKeyUnknown'],
    },
    { params },
  );
  api.delete('/api/v1/keys/:secretId', { schema: revokeSchema }, async (request, reply) => {
    mustOwn(await authentication.viewer(request));
    await restKeys.revoke(request.params.secretId);
    return reply.code(204).send();
  });
}
