import type { Migration } from '../migrate.ts';

/** The tables of the first recorded call. */
export const first: Migration = {
  number: 1,
  name: 'first',
  statements: [
    `CREATE TABLE applications (
      sdk_app_id bigint PRIMARY KEY,
      name text NOT NULL,
      secret_key text NOT NULL,
      recording jsonb NOT NULL,
      created_us bigint NOT NULL
    )`,
    `CREATE TABLE rest_keys (
      secret_id text PRIMARY KEY,
      secret_key text NOT NULL,
      sdk_app_id bigint REFERENCES applications,
      created_us bigint NOT NULL,
      revoked_us bigint
    )`,
    `CREATE TABLE console_users (
      user_id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      password_hash text NOT NULL,
      role text NOT NULL CHECK (role IN ('owner', 'operator', 'reviewer')),
      created_us bigint NOT NULL
    )`,
    `CREATE TABLE console_sessions (
      token_hash text PRIMARY KEY,
      user_id text NOT NULL REFERENCES console_users ON DELETE CASCADE,
      expires_us bigint NOT NULL
    )`,
    `CREATE INDEX console_sessions_expires ON console_sessions (expires_us)`,
    `CREATE TABLE users (
      sdk_app_id bigint NOT NULL REFERENCES applications,
      user_id text NOT NULL,
      first_seen_us bigint NOT NULL,
      PRIMARY KEY (sdk_app_id, user_id)
    )`,
    `CREATE TABLE calls (
      call_id text PRIMARY KEY,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      caller_id text NOT NULL,
      media_type text NOT NULL CHECK (media_type IN ('audio', 'video')),
      call_type text NOT NULL CHECK (call_type IN ('single', 'multi')),
      room_id text NOT NULL,
      room_id_type text NOT NULL CHECK (room_id_type IN ('number', 'string')),
      state text NOT NULL CHECK (state IN ('calling', 'active', 'ended')),
      user_data text NOT NULL,
      chat_group_id text NOT NULL,
      timeout_ms bigint NOT NULL,
      started_us bigint NOT NULL,
      accepted_us bigint,
      ended_us bigint,
      result text
    )`,
    `CREATE INDEX calls_started ON calls (started_us DESC, call_id DESC)`,
    `CREATE INDEX calls_live ON calls (state) WHERE state <> 'ended'`,
    `CREATE TABLE call_members (
      call_id text NOT NULL REFERENCES calls ON DELETE CASCADE,
      user_id text NOT NULL,
      role text NOT NULL CHECK (role IN ('caller', 'callee')),
      state text NOT NULL CHECK (state IN ('ringing', 'active', 'left', 'rejected', 'noResponse', 'lineBusy', 'canceled', 'offline')),
      device_id text,
      changed_us bigint NOT NULL,
      PRIMARY KEY (call_id, user_id)
    )`,
    `CREATE INDEX call_members_user ON call_members (user_id)`,
    `CREATE TABLE room_sessions (
      room_session_id text PRIMARY KEY,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      room_id text NOT NULL,
      room_id_type text NOT NULL CHECK (room_id_type IN ('number', 'string')),
      state text NOT NULL CHECK (state IN ('open', 'closed')),
      opened_us bigint NOT NULL,
      closed_us bigint,
      snapshot jsonb NOT NULL
    )`,
    `CREATE INDEX room_sessions_state ON room_sessions (state)`,
    // A room lives once at a time: a number and a text that look alike are two rooms.
    `CREATE UNIQUE INDEX room_sessions_open ON room_sessions (sdk_app_id, room_id_type, room_id) WHERE state = 'open'`,
    `CREATE TABLE tasks (
      task_id text PRIMARY KEY,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      room_session_id text NOT NULL REFERENCES room_sessions,
      room_id text NOT NULL,
      room_id_type text NOT NULL CHECK (room_id_type IN ('number', 'string')),
      origin text NOT NULL CHECK (origin IN ('automatic', 'rest')),
      state text NOT NULL CHECK (state IN ('running', 'stopped', 'rendered', 'failed')),
      parameters jsonb NOT NULL,
      started_us bigint NOT NULL,
      until_us bigint,
      stop_reason text,
      report jsonb
    )`,
    `CREATE INDEX tasks_state ON tasks (state)`,
    `CREATE INDEX tasks_room_session ON tasks (room_session_id)`,
    `CREATE INDEX tasks_started ON tasks (started_us DESC, task_id DESC)`,
    `CREATE TABLE media_records (
      file_id text PRIMARY KEY,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      task_id text NOT NULL,
      room_id text NOT NULL,
      name text NOT NULL,
      type text NOT NULL CHECK (type IN ('mp4')),
      size_bytes bigint NOT NULL,
      duration_us bigint NOT NULL,
      start_us bigint NOT NULL,
      width_px integer NOT NULL,
      height_px integer NOT NULL,
      sha256 text NOT NULL,
      object_key text NOT NULL,
      created_us bigint NOT NULL,
      UNIQUE (task_id, name)
    )`,
    `CREATE INDEX media_records_created ON media_records (created_us DESC, file_id DESC)`,
    `CREATE INDEX media_records_name ON media_records (sdk_app_id, name text_pattern_ops)`,
  ],
};
