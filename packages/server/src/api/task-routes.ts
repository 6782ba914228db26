import { randomBytes } from 'node:crypto';
import { NumRoomId, StrRoomId, UserId } from '@callreel/protocol';
import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { knownHere } from './known-here.ts';
import { type Authentication, mustChange, mustSee, sees, type Viewer } from './viewer.ts';

/** Orders for recording tasks. Each is answered by the task as it is then. */
export function taskRoutes(
  api: ApiInstance,
  { applications, recordings, taskOrders }: Pick<ApiDeps, 'applications' | 'recordings' | 'taskOrders'>,
  authentication: Authentication,
): void {
  const params = Type.Object({ taskId: Type.String({ minLength: 1, maxLength: 128 }) });
  const body = Type.Object({ parameters: Type.Unknown() }, { additionalProperties: false });
  const url = '/api/v1/recordings/:taskId';

  const startBody = Type.Object(
    {
      sdkAppId: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
      roomId: Type.Optional(NumRoomId),
      strRoomId: Type.Optional(StrRoomId),
      parameters: Type.Optional(Type.Unknown()),
      robotId: Type.Optional(UserId),
      namePrefix: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
    },
    { additionalProperties: false },
  );
  api.post('/api/v1/recordings', { schema: { body: startBody } }, async (request, reply) => {
    const viewer = await authentication.viewer(request);
    mustChange(viewer, 'record');
    const {
      roomId,
      strRoomId,
      robotId = `recorder_${randomBytes(6).toString('hex')}`,
      namePrefix = null,
    } = request.body;
    const sdkAppId = request.body.sdkAppId ?? viewer.sdkAppId;
    if (sdkAppId === null) throw new CallreelError('ParameterInvalid', 'sdkAppId is not given.');
    mustSee(viewer, sdkAppId);
    if ((roomId === undefined) === (strRoomId === undefined))
      throw new CallreelError('ParameterInvalid', 'Exactly one of roomId and strRoomId must be given.');
    const { template } = await knownHere(applications.recordingSettings(sdkAppId));
    const { taskId } = await taskOrders.start({
      ...{ sdkAppId, roomId: strRoomId ?? String(roomId), roomIdType: strRoomId === undefined ? 'number' : 'string' },
      ...{ robotId, namePrefix, parameters: request.body.parameters ?? template, expiresHours: null },
    });
    return reply.code(201).send(await afterOrder(taskId));
  });

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
