import type { UsageClass, UsageMode } from '@callreel/protocol';
import type { UsageCount } from '../recording/usage-count.ts';

/** What is asked for: whole days of UTC. */
export type UsageQuery = {
  /** First day, as `2026-11-22`. */
  from: string;
  /** Last day, as `from`. It belongs to what is asked for; 31 days at most. */
  to: string;
  /** All applications when it is not given. */
  sdkAppId?: number;
  /** Both when it is not given. */
  mode?: UsageMode;
};

/** How long an application has recorded in a day, or in five minutes of it. */
export type UsageEntry = {
  sdkAppId: number;
  mode: UsageMode;
  class: UsageClass;
  /** Beginning of the day, or of the five minutes. */
  startUs: number;
  recordedUs: number;
  /** Rounded up by day; those of the five minutes of a day come to the minutes of the day. */
  minutes: number;
};

/** Reads how long was recorded. What is not listed is nothing. */
export interface UsageReader {
  /** By day, in order of time, application, mode and class. @throws {CallreelError} `ParameterInvalid`, `UsageRangeTooLong`. */
  days(query: UsageQuery): Promise<UsageEntry[]>;
  /** By spans of five minutes of one day, in the same order. @throws {CallreelError} `ParameterInvalid`, `UsageRangeTooLong`. */
  points(query: UsageQuery): Promise<UsageEntry[]>;
  /** Of one task, in order of time. */
  task(taskId: string): Promise<UsageCount[]>;
}
