import type { TaskStopReason } from '../capture/journal-event.ts';
import type { RenderedFile } from './render-protocol.ts';

/** What is told outside of a task's life. `ended`: every file of it is kept, or `ok` is false and none will come. */
export type TaskNews =
  | { type: 'started' }
  | { type: 'stopped'; reason: TaskStopReason }
  | { type: 'ended'; ok: boolean; files: readonly RenderedFile[] };
