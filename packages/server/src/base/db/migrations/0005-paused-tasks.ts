import type { Migration } from '../migrate.ts';

/** Running tasks can be paused. */
export const pausedTasks: Migration = {
  number: 5,
  name: 'paused-tasks',
  statements: [`ALTER TABLE tasks ADD COLUMN paused boolean NOT NULL DEFAULT false`],
};
