import type { MediaRecord } from '../library/index.ts';

/** A record as clients see it. */
export type PublicRecord = Omit<MediaRecord, 'objectKey' | 'stills'> & {
  fileUrl: string;
  posterUrl: string | null;
  /** Of the WebVTT file. */
  thumbnailsUrl: string | null;
};

/** What is told of a record. Where the file lies is ours alone. */
export function publicPart({ objectKey: _, stills, ...record }: MediaRecord): PublicRecord {
  const url = `/api/v1/media/${record.fileId}`;
  const stillUrl = (name: string | undefined): string | null =>
    name === undefined ? null : `${url}/stills/${encodeURIComponent(name)}`;
  return {
    ...record,
    fileUrl: `${url}/file`,
    posterUrl: stillUrl(stills?.poster),
    thumbnailsUrl: stillUrl(stills?.thumbnailsIndex),
  };
}
