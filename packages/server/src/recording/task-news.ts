import type { TaskStopReason } from '../capture/journal-event.ts';
import type { Alarm } from './alarm-parameters.ts';
import type { RenderedFile } from './render-protocol.ts';

/**
 * What is told outside of a task's life. `ended`: every file of it is kept, or `ok` is false and none will come;
 * `alarms` is what was wrong with what it holds.
 */
export type TaskNews =
  | { type: 'started' }
  | { type: 'stopped'; reason: TaskStopReason }
  | { type: 'ended'; ok: boolean; files: readonly RenderedFile[]; alarms: readonly Alarm[] };
