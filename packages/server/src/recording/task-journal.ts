import { isDeepStrictEqual } from 'node:util';
import type { Journal } from '../capture/journal.ts';
import type { Task } from './task.ts';

/**
 * Writes into the journal what the task's row says beyond it: rows are written first, so after a crash between
 * the two the next process does it. A task that stops in a pause stays paused in the journal: nothing of it follows.
 */
export function completeJournal(journal: Journal, task: Task): void {
  const { taskId, origin, startedUs, parameters, paused, untilUs, stopReason } = task;
  if (journal.task(taskId) === null)
    journal.append({ type: 'taskStarted', taskId, origin, fromUs: startedUs, parameters });
  const told = journal.task(taskId);
  if (told === null || told.stopReason !== null) return;
  if (untilUs !== null && stopReason !== null) {
    journal.append({ type: 'taskStopped', taskId, untilUs, reason: stopReason });
    return;
  }
  if (!isDeepStrictEqual(told.parameters, parameters)) journal.append({ type: 'taskModified', taskId, parameters });
  if (told.paused !== paused) journal.append({ type: paused ? 'taskPaused' : 'taskResumed', taskId });
}
