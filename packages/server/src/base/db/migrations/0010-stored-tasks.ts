import type { Migration } from '../migrate.ts';

/** Tasks whose files go into a store that the order brings along: which one, and how far they are. */
export const storedTasks: Migration = {
  number: 10,
  name: 'stored-tasks',
  statements: [`ALTER TABLE tasks ADD COLUMN storage jsonb`, `ALTER TABLE tasks ADD COLUMN upload jsonb`],
};
