import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { publicPart } from './public-record.ts';
import { type Authentication, mustRead, sees } from './viewer.ts';

/** Who orders recordings may look after them. */
const SCOPES = { calls: ['read'], recordings: ['read', 'record'] } as const;

/** Files of one task that are listed: more than a day of a room of 25 has, each apart. */
const FILES_MAX = 1_000;

/** The newest calls and recording tasks, and all that there is about one task. */
export function listRoutes(
  api: ApiInstance,
  deps: Pick<ApiDeps, 'calls' | 'recordings' | 'taskOrders' | 'library'>,
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

  const params = Type.Object({ taskId: Type.String({ minLength: 1, maxLength: 128 }) });
  api.get('/api/v1/recordings/:taskId', { schema: { params } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, ...SCOPES.recordings);
    const { taskId } = request.params;
    const owner = await deps.taskOrders.owner(taskId);
    // A task of another application is as unknown as one that never was.
    if (owner === null || !sees(viewer, owner.sdkAppId)) throw new CallreelError('TaskUnknown');
    const [task] = await deps.recordings.list({ taskId, limit: 1 });
    const { records } = await deps.library.list({ taskId, limit: FILES_MAX });
    return { ...task, files: records.map(publicPart) };
  });
}
