import type { Task } from './task.ts';

/** How it is with a task now, for who ordered it. */
export type TaskStatus = {
  task: Task;
  /** `idle`: it runs and nobody publishes; `inProgress`: it runs; `exited`: its window is closed, its files are being finished or are done. */
  status: 'idle' | 'inProgress' | 'exited';
  /** Whether the time is over in which orders about it are taken. */
  expired: boolean;
  /** Whether its files are in the library, or it has failed. */
  ended: boolean;
};
