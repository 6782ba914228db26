import type { Migration } from '../migrate.ts';

/** The library holds sound files and playlists too. */
export const soundFiles: Migration = {
  number: 2,
  name: 'sound-files',
  statements: [
    `ALTER TABLE media_records DROP CONSTRAINT media_records_type_check`,
    `ALTER TABLE media_records ADD CONSTRAINT media_records_type_check CHECK (type IN ('mp4', 'aac', 'hls'))`,
  ],
};
