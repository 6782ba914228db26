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
};

/** The catalogue of finished files. */
export interface Library {
  /** Adds a record. The same task and name again changes nothing and answers the first record. */
  add(record: Omit<MediaRecord, 'fileId' | 'createdUs'>): Promise<MediaRecord>;
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
