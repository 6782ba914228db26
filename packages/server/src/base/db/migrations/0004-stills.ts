import type { Migration } from '../migrate.ts';

/** Files have a poster and thumbnails beside them: the names of these, or null where there are none. */
export const stills: Migration = {
  number: 4,
  name: 'stills',
  statements: [`ALTER TABLE media_records ADD COLUMN stills jsonb`],
};
