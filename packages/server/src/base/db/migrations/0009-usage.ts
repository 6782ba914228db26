import type { Migration } from '../migrate.ts';

/** How long tasks have recorded, by spans of five minutes. Kept when the task itself is forgotten: it is what was used. */
export const usage: Migration = {
  number: 9,
  name: 'usage',
  statements: [
    `CREATE TABLE usage_counts (
      task_id text NOT NULL,
      sdk_app_id bigint NOT NULL REFERENCES applications,
      mode text NOT NULL CHECK (mode IN ('mixed', 'single')),
      class text NOT NULL CHECK (class IN ('audio', 'sd', 'hd', 'fullHd', '2k', '4k')),
      bucket_us bigint NOT NULL,
      recorded_us bigint NOT NULL CHECK (recorded_us > 0),
      PRIMARY KEY (task_id, mode, class, bucket_us)
    )`,
    `CREATE INDEX usage_counts_bucket ON usage_counts (bucket_us, sdk_app_id)`,
  ],
};
