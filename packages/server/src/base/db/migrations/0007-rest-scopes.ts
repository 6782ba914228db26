import type { Migration } from '../migrate.ts';

/** REST keys have scopes; signed changes are made once; who was in which room, and when. */
export const restScopes: Migration = {
  number: 7,
  name: 'rest-scopes',
  statements: [
    // A key of before could do everything.
    `ALTER TABLE rest_keys ADD COLUMN scopes text[] NOT NULL DEFAULT '{all}'`,
    `ALTER TABLE rest_keys ADD COLUMN name text NOT NULL DEFAULT ''`,
    `CREATE TABLE signed_requests (
      request text PRIMARY KEY,
      until_us bigint NOT NULL
    )`,
    `CREATE INDEX signed_requests_until ON signed_requests (until_us)`,
    `CREATE TABLE room_stays (
      room_session_id text NOT NULL REFERENCES room_sessions (room_session_id),
      user_id text NOT NULL,
      entered_us bigint NOT NULL,
      left_us bigint,
      PRIMARY KEY (room_session_id, user_id, entered_us)
    )`,
    `CREATE INDEX room_sessions_by_time ON room_sessions (sdk_app_id, opened_us)`,
  ],
};
