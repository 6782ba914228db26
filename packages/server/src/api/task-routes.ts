import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { type Authentication, mustChange, sees, type Viewer } from './viewer.ts';

/** Orders for recording tasks that run. Each is answered by the task as it is then. */
export function taskRoutes(
  api: ApiInstance,
  { recordings, taskOrders }: Pick<ApiDeps, 'recordings' | 'taskOrders'>,
  authentication: Authentication,
): void {
  const params = Type.Object({ taskId: Type.String({ minLength: 1, maxLength: 128 }) });
  const body = Type.Object({ parameters: Type.Unknown() }, { additionalProperties: false });
  const url = '/api/v1/recordings/:taskId';

  const afterOrder = async (taskId: string): Promise<object | undefined> =>
    (await recordings.list({ taskId, limit: 1 }))[0];

  api.patch(url, { schema: { params, body } }, async (request) => {
    const { taskId } = request.params;
    await mustOrder(await authentication.viewer(request), taskId);
    await taskOrders.modify(taskId, request.body.parameters);
    return afterOrder(taskId);
  });

  for (const order of ['pause', 'resume', 'stop'] as const) {
    api.post(`${url}/${order}`, { schema: { params } }, async (request) => {
      const { taskId } = request.params;
      await mustOrder(await authentication.viewer(request), taskId);
      await taskOrders[order](taskId);
      return afterOrder(taskId);
    });
  }

  /** A task of another application is as unknown as one that never was. */
  async function mustOrder(viewer: Viewer, taskId: string): Promise<void> {
    mustChange(viewer, 'record');
    const owner = await taskOrders.owner(taskId);
    if (owner === null || !sees(viewer, owner.sdkAppId)) throw new CallreelError('TaskUnknown');
  }
}
