import type { Migration } from '../migrate.ts';

/** Tasks that a back end orders: under which robot, with what names, and how long orders about them are taken. Calls by rooms. */
export const orderedTasks: Migration = {
  number: 8,
  name: 'ordered-tasks',
  statements: [
    `ALTER TABLE tasks ADD COLUMN robot_id text`,
    `ALTER TABLE tasks ADD COLUMN name_prefix text`,
    `ALTER TABLE tasks ADD COLUMN expires_us bigint`,
    `CREATE INDEX calls_room ON calls (sdk_app_id, room_id)`,
    `CREATE INDEX tasks_running ON tasks (sdk_app_id) WHERE state = 'running'`,
  ],
};
