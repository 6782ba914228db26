/**
 * Recorded minutes.
 *
 * What enters: how long each task has recorded, as its render tells. What leaves: minutes by application, day, mode and
 * class, for the API and as the dialect's two actions. May not: know how anything is counted, which is the render's.
 */
export {
  type DescribeRecordingUsageRequest,
  type DescribeRecordingUsageResponse,
  type DescribeRecordStatisticRequest,
  type DescribeRecordStatisticResponse,
  describeRecordingUsage,
  describeRecordStatistic,
} from './dialect-usage.ts';
export { UsageBook } from './usage-book.ts';
export type { UsageEntry, UsageQuery, UsageReader } from './usage-reader.ts';
