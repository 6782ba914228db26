import type { TaskStopReason } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import type { CloudStorageTarget } from '../store/index.ts';
import type { TaskParameters } from './task-parameters.ts';

/**
 * A recording task. `running`: its window is open and a render follows it. `stopped`: the window is closed, the
 * render finishes. `rendered`: its files are in the library. `failed`: no file could be made; the capture is kept.
 * The state only moves forward.
 */
export type Task = {
  taskId: string;
  room: RoomIdentity;
  origin: 'automatic' | 'rest';
  state: 'running' | 'stopped' | 'rendered' | 'failed';
  parameters: TaskParameters;
  /** Of tasks that a back end has ordered: the user id that its robot goes by, at most one task of it in a room; else null. */
  robotId: string | null;
  /** What the names of the files begin with, or null. */
  namePrefix: string | null;
  /** The store that the files go into instead of the library; null: into the library, or the task is over. Holds a secret. */
  storage: CloudStorageTarget | null;
  /** From when on orders about it are refused; null: never. The recording goes on. */
  expiresUs: number | null;
  /** Whether what comes now is in no file; false when the task has stopped. */
  paused: boolean;
  indexAlways: boolean;
  startedUs: number;
  untilUs: number | null;
  stopReason: TaskStopReason | null;
};
