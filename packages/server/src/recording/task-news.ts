import type { TaskStopReason } from '../capture/journal-event.ts';

/** What is told outside of a task's life. `ended`: every file of it is in the library, or `ok` is false and none will come. */
export type TaskNews =
  | { type: 'started' }
  | { type: 'stopped'; reason: TaskStopReason }
  | { type: 'ended'; ok: boolean };
