import { randomBytes } from 'node:crypto';
import { NumRoomId, StrRoomId, UserId } from '@callreel/protocol';
import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { knownHere } from './known-here.ts';
import { documented, refTo } from './openapi/index.ts';
import { type Authentication, mustChange, mustSee, sees, type Viewer } from './viewer.ts';

/** What the orders without a body do, and how they are refused. */
const ORDERS = Object.freeze({
  pause: {
    summary: 'Pauses a recording: what comes from now on is not in the file',
    errors: ['NotAllowed', 'TaskUnknown', 'TaskNotRunning', 'TaskPaused'],
  },
  resume: {
    summary: 'Resumes a recording: the file goes on where it was left',
    errors: ['NotAllowed', 'TaskUnknown', 'TaskNotRunning', 'TaskNotPaused'],
  },
  stop: {
    summary: 'Ends a recording; its files come into the library',
    errors: ['NotAllowed', 'TaskUnknown', 'TaskNotRunning'],
  },
} as const);

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
  const recording = { description: 'The recording as it is then.', json: refTo('Recording') };
  const startSchema = documented(
    {
      summary: 'Starts a recording; when it is answered, what is published in the room is captured',
      tag: 'Recordings',
      body: Type.Object(
        { ...startBody.properties, parameters: Type.Optional(refTo('TaskParameters')) },
        { additionalProperties: false, description: 'Exactly one of roomId and strRoomId.' },
      ),
      answers: { 201: recording },
      errors: ['NotAllowed', 'NotFound', 'RecordingOff', 'RoomTaken', 'TaskLimitReached'],
    },
    { body: startBody },
  );
  api.post('/api/v1/recordings', { schema: startSchema }, async (request, reply) => {
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

  const changeSchema = documented(
    {
      summary: 'Gives a running recording other parameters from this moment on',
      tag: 'Recordings',
      body: Type.Object({ parameters: refTo('TaskParameters') }, { additionalProperties: false }),
      answers: { 200: recording },
      errors: ['NotAllowed', 'TaskUnknown', 'TaskNotRunning'],
    },
    { params, body },
  );
  api.patch(url, { schema: changeSchema }, async (request) => {
    const { taskId } = request.params;
    await mustOrder(await authentication.viewer(request), taskId);
    await taskOrders.modify(taskId, request.body.parameters);
    return afterOrder(taskId);
  });

  for (const order of ['pause', 'resume', 'stop'] as const) {
    const schema = documented(
      {
        ...ORDERS[order],
        tag: 'Recordings',
        answers: { 200: recording },
      },
      { params },
    );
    api.post(`${url}/${order}`, { schema }, async (request) => {
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
