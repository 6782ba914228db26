import type { Migration } from '../migrate.ts';

/** The library holds files of the codecs of the call, too. */
export const originalFiles: Migration = {
  number: 3,
  name: 'original-files',
  statements: [
    `ALTER TABLE media_records DROP CONSTRAINT media_records_type_check`,
    `ALTER TABLE media_records ADD CONSTRAINT media_records_type_check CHECK (type IN ('mp4', 'aac', 'hls', 'webm'))`,
  ],
};
