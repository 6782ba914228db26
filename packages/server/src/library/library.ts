/** Names of the stills that lie beside a file in the store, under the same key but for the last part. */
export type MediaStills = {
  /** JPEG. */
  poster: string;
  /** JPEG: one sheet of all thumbnails. */
  thumbnails: string;
  /** WebVTT: which part of the sheet is for which time. */
  thumbnailsIndex: string;
};

/** A finished file in the library. */
export type MediaRecord = {
  fileId: string;
  sdkAppId: number;
  taskId: string;
  roomId: string;
  name: string;
  type: 'mp4' | 'aac' | 'hls' | 'webm';
  sizeBytes: number;
  durationUs: number;
  startUs: number;
  /** 0 where there is no picture. */
  widthPx: number;
  heightPx: number;
  /** SHA-256 of the file, lower-case hex. */
  sha256: string;
  /** Key in the store: `<SdkAppId>/<TaskId>/<name>`. */
  objectKey: string;
  createdUs: number;
  /** Null where there is no picture, and of recordings that were made before there were stills. */
  stills: MediaStills | null;
};

/** The catalogue of finished files. */
export interface Library {
  /** Adds a record. The same task and name again changes nothing and answers the first record, which is not new. */
  add(record: Omit<MediaRecord, 'fileId' | 'createdUs'>): Promise<{ record: MediaRecord; isNew: boolean }>;
  /** Newest first. `namePrefix` is matched from the first character; `cursor` is the last answer's `nextCursor`. */
  list(query: {
    sdkAppId?: number;
    namePrefix?: string;
    taskId?: string;
    roomId?: string;
    limit: number;
    cursor?: string;
  }): Promise<{ records: MediaRecord[]; nextCursor: string | null }>;
  /** @throws {CallreelError} `MediaUnknown`. */
  get(fileId: string): Promise<MediaRecord>;
}
