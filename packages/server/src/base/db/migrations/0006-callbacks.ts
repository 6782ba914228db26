import type { Migration } from '../migrate.ts';

/** Where an application is told of what happens, what it is to be told, and what became of it. */
export const callbacks: Migration = {
  number: 6,
  name: 'callbacks',
  statements: [
    `ALTER TABLE applications ADD COLUMN callbacks jsonb NOT NULL DEFAULT '{}'`,
    `CREATE TABLE callback_events (
      delivery_id text PRIMARY KEY,
      event_number bigserial UNIQUE,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      order_key text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('room', 'media', 'recording', 'call', 'own')),
      event_group integer,
      event_type text NOT NULL,
      payload text NOT NULL,
      created_us bigint NOT NULL,
      state text NOT NULL CHECK (state IN ('pending', 'delivered', 'givenUp')),
      attempts integer NOT NULL,
      ended_us bigint
    )`,
    // The next of a queue; and the log of an application, the newest first.
    `CREATE INDEX callback_events_pending ON callback_events (sdk_app_id, order_key, event_number) WHERE state = 'pending'`,
    `CREATE INDEX callback_events_application ON callback_events (sdk_app_id, event_number DESC)`,
    `CREATE INDEX callback_events_ended ON callback_events (ended_us) WHERE state <> 'pending'`,
    `CREATE TABLE callback_attempts (
      delivery_id text NOT NULL REFERENCES callback_events ON DELETE CASCADE,
      attempt integer NOT NULL,
      at_us bigint NOT NULL,
      duration_ms bigint NOT NULL,
      status integer,
      error text,
      answer text,
      PRIMARY KEY (delivery_id, attempt)
    )`,
    // One row for each order key that has something pending: its next event waits for this row, the others for that event.
    `CREATE TABLE callback_queues (
      sdk_app_id bigint NOT NULL REFERENCES applications,
      order_key text NOT NULL,
      next_attempt_us bigint NOT NULL,
      lease text,
      leased_until_us bigint NOT NULL,
      PRIMARY KEY (sdk_app_id, order_key)
    )`,
    `CREATE INDEX callback_queues_next ON callback_queues (next_attempt_us)`,
    // How far the journal of a room session has been told.
    `CREATE TABLE callback_journals (
      room_session_id text PRIMARY KEY,
      seq bigint NOT NULL,
      closed_us bigint
    )`,
  ],
};
