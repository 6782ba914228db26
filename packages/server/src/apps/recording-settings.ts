import type { TaskParameters } from '../recording/task-parameters.ts';

/** How the calls of an application are recorded. Changes apply to rooms that open afterwards. */
export type RecordingSettings = {
  /** `off`; `rest`: only by order of the back end; `automatic`: every call, by the template. */
  mode: 'off' | 'rest' | 'automatic';
  /** What automatic tasks are asked for. */
  template: TaskParameters;
  /** Whether file names of automatic recordings always carry an index. */
  indexAlways: boolean;
};
