/** Seconds of recording in a span of time, by class of picture; a file with picture counts as video only. */
export type RecordedSeconds = {
  /** Begin of the span: `YYYY-MM-DD`, in the time zone of the server's settings. */
  day: string;
  audioS: number;
  /** Up to 640 × 480. */
  sdS: number;
  /** Up to 1280 × 720. */
  hdS: number;
  /** Above. */
  fullHdS: number;
};

/** Minutes of recording at a point of time, by class: what `UsageKey` names. */
export type RecordedMinutes = {
  /** Begin of the point, since the Unix epoch. */
  atMs: number;
  /** `YYYY-MM-DD HH:mm:ss`. */
  time: string;
  audio: number;
  sd: number;
  hd: number;
  fullHd: number;
  twoK: number;
  fourK: number;
};

/** What the dialect asks of usage. Days are `YYYY-MM-DD`, both of them inside. */
export interface UsageReader {
  /** Seconds by application and day. @param sdkAppId only of this one. */
  recordedByDay(query: {
    fromDay: string;
    untilDay: string;
    sdkAppId?: number;
  }): Promise<{ sdkAppId: number; days: RecordedSeconds[] }[]>;
  /** Minutes of all applications asked for together: one day in points of 5 minutes, more in days. */
  recordedMinutes(query: {
    fromDay: string;
    untilDay: string;
    mode: 'single' | 'mixed';
    sdkAppId?: number;
  }): Promise<RecordedMinutes[]>;
}
