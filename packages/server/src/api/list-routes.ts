import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { type Authentication, mustRead } from './viewer.ts';

/** Who orders recordings may look after them. */
const SCOPES = { calls: ['read'], recordings: ['read', 'record'] } as const;

/** The newest calls and recording tasks. */
export function listRoutes(
  api: ApiInstance,
  deps: Pick<ApiDeps, 'calls' | 'recordings'>,
  authentication: Authentication,
): void {
  const querystring = Type.Object(
    { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })) },
    { additionalProperties: false },
  );
  for (const name of ['calls', 'recordings'] as const) {
    api.get(`/api/v1/${name}`, { schema: { querystring } }, async (request) => {
      const viewer = await authentication.viewer(request);
      mustRead(viewer, ...SCOPES[name]);
      const { sdkAppId } = viewer;
      const { limit = 20 } = request.query;
      return { [name]: await deps[name].list({ limit, ...(sdkAppId === null ? {} : { sdkAppId }) }) };
    });
  }
}
