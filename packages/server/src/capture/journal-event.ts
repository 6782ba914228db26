import type { TaskParameters } from '../recording/task-parameters.ts';
import type { RoomEvent } from '../room/room-event.ts';

/** Why a task ended. */
export type TaskStopReason = 'roomClosed' | 'idle' | 'order';

/** What happens to the tasks of a room session; written into the same journal as the room's events. */
export type TaskEvent =
  /** The window of the task begins at `fromUs`; its file begins with the first packet at or after it. */
  | { type: 'taskStarted'; taskId: string; fromUs: number; parameters: TaskParameters }
  /** From now on the task has these parameters, all of them anew. Layout and background are what can change; the rest stays. */
  | { type: 'taskModified'; taskId: string; parameters: TaskParameters }
  /** The window ends at `untilUs`, which may lie before the event itself: the idle tail is not in the file. */
  | { type: 'taskStopped'; taskId: string; untilUs: number; reason: TaskStopReason };

/** One line of `journal.jsonl`. `seq` counts from 1 without gaps; `atUs` never falls. */
export type JournalEvent = { seq: number; atUs: number } & (RoomEvent | TaskEvent);
