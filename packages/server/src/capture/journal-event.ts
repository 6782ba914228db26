import type { TaskParameters } from '../recording/task-parameters.ts';
import type { RoomEvent } from '../room/room-event.ts';

/** Why a task ended. `robotAgain`: another task was started in the room under the same robot. */
export type TaskStopReason = 'roomClosed' | 'idle' | 'order' | 'robotAgain';

/** What happens to the tasks of a room session; written into the same journal as the room's events. */
export type TaskEvent =
  /** The window of the task begins at `fromUs`; its file begins with the first packet at or after it. */
  | {
      type: 'taskStarted';
      taskId: string;
      fromUs: number;
      parameters: TaskParameters;
      /** `automatic` when it is not given. */
      origin?: 'automatic' | 'rest';
    }
  /** From now on the task has these parameters, all of them anew. `TaskParameters.layout` names what can change; the rest stays. */
  | { type: 'taskModified'; taskId: string; parameters: TaskParameters }
  /** From now on nothing is in the file, until it goes on. */
  | { type: 'taskPaused'; taskId: string }
  /** The file goes on where it was left, as if the pause had not been. */
  | { type: 'taskResumed'; taskId: string }
  /** The window ends at `untilUs`, which may lie before the event itself: the idle tail is not in the file. */
  | { type: 'taskStopped'; taskId: string; untilUs: number; reason: TaskStopReason };

/** Pictures that tasks ask for by their address, fetched once and kept in the bundle; shown from this moment on. */
export type PictureEvent =
  /** `file`: its name within the bundle's folder `pictures`. */
  | { type: 'pictureKept'; url: string; file: string }
  /** It could not be fetched, or is none: files go without it. */
  | { type: 'pictureFailed'; url: string; detail: string };

/** One line of `journal.jsonl`. `seq` counts from 1 without gaps; `atUs` never falls. */
export type JournalEvent = { seq: number; atUs: number } & (RoomEvent | TaskEvent | PictureEvent);
