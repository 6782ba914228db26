import type { TaskParameters } from '../../recording/index.ts';
import type { CloudStorageTarget } from '../../store/index.ts';

/** What a REST order to record asks for. */
export type StartOrder = {
  sdkAppId: number;
  roomId: string;
  roomIdType: 'number' | 'string';
  /** `UserId` of the recording robot: a second task with the same one in a room ends the first. */
  robotId: string;
  parameters: TaskParameters;
  /** How long the task's id can be used, from now on: 6 to 720 hours. */
  expiresHours: number;
  /** Goes before the names of the files. */
  userDefineRecordId: string | null;
  /** The store that the files go into; into the library when it is not given. */
  storage?: CloudStorageTarget;
};

/** A file of a task as `DescribeCloudRecording` tells of it. `userId` is empty when it is mixed. */
export type TaskFile = {
  userId: string;
  name: string;
  trackType: 'audio' | 'video' | 'audio_video';
  /** Since the Unix epoch. */
  startMs: number;
};

/** A task as orders see it. */
export type TaskStatus = {
  sdkAppId: number;
  /** What it asks for now. */
  parameters: TaskParameters;
  /** `idle`: nobody publishes. `exited`: it is about to end. */
  status: 'idle' | 'inProgress' | 'exited';
  /** Whether its id is too old to be used. */
  expired: boolean;
  /** Whether it is over. */
  ended: boolean;
  files: TaskFile[];
};

/** What the dialect orders of recording. */
export interface RecordingControl {
  /**
   * Starts a task.
   * @throws {CallreelError} `RecordingOff`, `TaskLimitReached`, `RoomTaken`, `MediaUnavailable`, `ParameterInvalid`.
   */
  start(order: StartOrder): Promise<{ taskId: string }>;
  /**
   * Gives a running task other parameters: all of them.
   * @throws {CallreelError} `TaskUnknown`, `TaskNotRunning`, `ParameterInvalid`.
   */
  modify(taskId: string, parameters: TaskParameters): Promise<void>;
  /** Ends a task; its files come later. @throws {CallreelError} `TaskUnknown`, `TaskNotRunning`. */
  stop(taskId: string): Promise<void>;
  /** Null when there is no such task. */
  status(taskId: string): Promise<TaskStatus | null>;
}
