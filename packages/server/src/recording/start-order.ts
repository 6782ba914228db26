import type { CloudStorageTarget } from '../store/index.ts';
import type { TaskParameters } from './task-parameters.ts';

/** What a back end orders when it starts a recording. */
export type StartOrder = {
  sdkAppId: number;
  roomId: string;
  roomIdType: 'number' | 'string';
  /** User id that the recording goes by in the room. A task of the same robot in the same room ends. */
  robotId: string;
  parameters: TaskParameters;
  /** What the names of the files begin with; null: nothing. */
  namePrefix: string | null;
  /** How long orders about the task are taken; null: as long as it runs. */
  expiresHours: number | null;
  /** The store that the files go into; into the library when it is not given. */
  storage?: CloudStorageTarget;
};
