import { type Applications, checkTaskParameters, type RestKey } from '../../apps/index.ts';
import { CallreelError } from '../../base/index.ts';
import type { TaskParameters } from '../../recording/index.ts';
import { type Action, action } from './action.ts';
import { DialectError, type ErrorCodes } from './dialect-error.ts';
import { inDialectWords } from './field-names.ts';
import { mustNotAsk, OUT_OF_RANGE, text, UNSUPPORTED } from './given-in-vain.ts';
import type { ParameterCodes } from './parameter-check.ts';
import type { RecordingControl, TaskStatus } from './recording-control.ts';
import {
  CreateCloudRecording,
  type CreateRequest,
  DeleteCloudRecording,
  DescribeCloudRecording,
  ModifyCloudRecording,
} from './recording-schemas.ts';
import { checkRobot } from './robot-sign-in.ts';
import { toStorageTarget } from './storage-mapping.ts';
import { toModified, toTaskParameters } from './task-mapping.ts';

/** What the recording actions are answered by. */
export type RecordingActionParts = {
  applications: Pick<Applications, 'get' | 'verifyUserSig'>;
  /** Null: nobody takes orders. */
  recording: RecordingControl | null;
};

const EXPIRES_HOURS = 72;
/** Largest number of a room. */
const ROOM_NUMBER_MAX = 4_294_967_294;
const STATUS = Object.freeze({ idle: 'Idle', inProgress: 'InProgress', exited: 'Exited' } as const);

const parameterCodes: ParameterCodes = {
  missing: [
    ...['SdkAppId', 'RoomId', 'UserId', 'UserSig', 'TaskId', 'RecordParams', 'StorageParams', 'RecordMode'],
    ...['Vendor', 'Region', 'Bucket', 'AccessKey', 'SecretKey'],
  ],
  value: (name) => (name === 'SdkAppId' ? 'InvalidParameter.SdkAppId' : OUT_OF_RANGE),
};

const errorCodes: ErrorCodes = Object.freeze({
  ApplicationUnknown: 'InvalidParameter.SdkAppId',
  ParameterInvalid: OUT_OF_RANGE,
  TaskUnknown: 'ResourceNotFound',
  TaskNotRunning: 'ResourceNotFound',
  RecordingOff: UNSUPPORTED,
  RoomUnknown: UNSUPPORTED,
  // Its id has the other type, or it is just ending.
  RoomTaken: UNSUPPORTED,
  TaskLimitReached: 'FailedOperation.RestrictedConcurrency',
});

const common = {
  scopes: ['record'] as const,
  parameterCodes,
  errorCodes,
  internalError: 'InternalError.CRInternalError',
};

/** The four actions of cloud recording. */
export function recordingActions({ applications, recording }: RecordingActionParts): Action[] {
  return [
    action({
      ...common,
      name: 'CreateCloudRecording',
      parameters: CreateCloudRecording,
      effect: 'changes',
      run: async (request, key) => {
        const { SdkAppId, UserId } = request;
        if (key.sdkAppId !== null && key.sdkAppId !== SdkAppId)
          throw new DialectError('InvalidParameter.SdkAppId', `The key does not belong to SdkAppId ${SdkAppId}.`);
        await applications.get(SdkAppId);
        const room = roomOf(request);
        const storage = toStorageTarget(request.StorageParams);
        const parameters = checked(toTaskParameters(request, storage));
        await checkRobot(applications, {
          ...room,
          sdkAppId: SdkAppId,
          userId: UserId,
          userSig: request.UserSig,
          privateMapKey: text(request.PrivateMapKey),
        });
        const { taskId } = await control().start({
          sdkAppId: SdkAppId,
          ...room,
          robotId: UserId,
          parameters,
          expiresHours: request.ResourceExpiredHour ?? EXPIRES_HOURS,
          ...(storage.kind === 's3'
            ? { storage: storage.s3, userDefineRecordId: null }
            : { userDefineRecordId: storage.library.userDefineRecordId }),
        });
        return { TaskId: taskId };
      },
    }),
    action({
      ...common,
      name: 'ModifyCloudRecording',
      parameters: ModifyCloudRecording,
      effect: 'changes',
      run: async (request, key) => {
        const { TaskId } = request;
        const task = await taskOf(request, key);
        await control().modify(TaskId, checked(toModified(task.parameters, request)));
        return { TaskId };
      },
    }),
    action({
      ...common,
      name: 'DescribeCloudRecording',
      parameters: DescribeCloudRecording,
      scopes: ['record', 'read'],
      effect: 'reads',
      run: async (request, key) => {
        mustNotAsk(text(request.RecorderKey) !== undefined, 'RecorderKey', 'there are no tasks of relays');
        const { status, files } = await taskOf(request, key);
        return {
          TaskId: request.TaskId,
          Status: STATUS[status],
          StorageFileList: files.map(({ userId, name, trackType, startMs }) => ({
            UserId: userId,
            FileName: name,
            TrackType: trackType,
            BeginTimeStamp: startMs,
          })),
        };
      },
    }),
    action({
      ...common,
      name: 'DeleteCloudRecording',
      parameters: DeleteCloudRecording,
      effect: 'ends',
      run: async (request, key) => {
        const { TaskId } = request;
        await taskOf(request, key);
        await control().stop(TaskId);
        return { TaskId };
      },
    }),
  ];

  function control(): RecordingControl {
    if (recording === null) throw new DialectError(UNSUPPORTED, 'Nobody takes orders to record here.');
    return recording;
  }

  /** A task of another application is as unknown as one that never was, and so is one that is over. */
  async function taskOf({ SdkAppId, TaskId }: { SdkAppId: number; TaskId: string }, key: RestKey): Promise<TaskStatus> {
    if (key.sdkAppId !== null && key.sdkAppId !== SdkAppId)
      throw new DialectError('AuthFailure.UnauthorizedOperation', `The key does not belong to SdkAppId ${SdkAppId}.`);
    const task = await control().status(TaskId);
    if (task === null || task.sdkAppId !== SdkAppId || task.ended || task.expired)
      throw new DialectError('ResourceNotFound', 'There is no such recording task, or it is over.');
    return task;
  }
}

/** @throws {DialectError} `InvalidParameter.OutOfRange` for what is no number of a room. */
function roomOf({ RoomId, RoomIdType = 1 }: CreateRequest): { roomId: string; roomIdType: 'number' | 'string' } {
  if (RoomIdType === 0) return { roomId: RoomId, roomIdType: 'string' };
  if (!/^[1-9]\d{0,9}$/.test(RoomId) || Number(RoomId) > ROOM_NUMBER_MAX) {
    throw new DialectError(
      OUT_OF_RANGE,
      `RoomId is ${JSON.stringify(RoomId)}: must be a number from 1 to ${ROOM_NUMBER_MAX} unless RoomIdType is 0.`,
    );
  }
  return { roomId: RoomId, roomIdType: 'number' };
}

/** The one check of all that comes from outside, in the words of the dialect. */
function checked(parameters: TaskParameters): TaskParameters {
  try {
    return checkTaskParameters(parameters);
  } catch (error) {
    if (!(error instanceof CallreelError) || error.code !== 'ParameterInvalid') throw error;
    throw new DialectError(OUT_OF_RANGE, inDialectWords(error.message), { cause: error });
  }
}
