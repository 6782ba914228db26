import type { UsageClass, UsageMode } from '@callreel/protocol';

/** Length of the spans of time in which usage is counted; they begin at whole multiples of it since the Unix epoch. */
export const USAGE_BUCKET_US = 300_000_000;

/** How long a task has recorded within one span of {@link USAGE_BUCKET_US}. What is not listed is nothing. */
export type UsageCount = {
  mode: UsageMode;
  class: UsageClass;
  /** Beginning of the span, in media time. */
  bucketUs: number;
  /** Time that is in the files, in µs: pauses are not. Above 0, at most the span's length for each reel. */
  recordedUs: number;
};
