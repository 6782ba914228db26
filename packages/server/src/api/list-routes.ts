import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { documented, listOf, refTo } from './openapi/index.ts';
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
    const part = name === 'calls' ? 'Call' : 'Recording';
    const schema = documented(
      {
        summary: `The newest ${name}`,
        tag: name === 'calls' ? 'Calls' : 'Recordings',
        answers: { 200: { description: 'The newest first.', json: listOf(name, part) } },
        errors: ['NotAllowed'],
      },
      { querystring },
    );
    api.get(`/api/v1/${name}`, { schema }, async (request) => {
      const viewer = await authentication.viewer(request);
      mustRead(viewer, ...SCOPES[name]);
      const { sdkAppId } = viewer;
      const { limit = 20 } = request.query;
      return { [name]: await deps[name].list({ limit, ...(sdkAppId === null ? {} : { sdkAppId }) }) };
    });
  }

  const params = Type.Object({ taskId: Type.String({ minLength: 1, maxLength: 128 }) });
  const withFiles = Type.Intersect([refTo('Recording'), listOf('files', 'Media')]);
  const taskSchema = documented(
    {
      summary: 'All about one recording, with its files',
      tag: 'Recordings',
      answers: { 200: { description: 'The recording as it is now.', json: withFiles } },
      errors: ['NotAllowed', 'TaskUnknown'],
    },
    { params },
  );
  api.get('/api/v1/recordings/:taskId', { schema: taskSchema }, async (request) => {
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
