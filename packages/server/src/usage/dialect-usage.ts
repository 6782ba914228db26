import { USAGE_CLASSES, type UsageClass } from '@callreel/protocol';
import { CallreelError } from '../base/callreel-error.ts';
import { roundedUpTogether } from './rounding.ts';
import { DAY_US, dayText, POINT_US, readUsageRange, type UsageRange } from './usage-range.ts';
import type { UsageEntry, UsageQuery, UsageReader } from './usage-reader.ts';

/** Fields of the action `DescribeRecordingUsage`, of the types that the definitions give them. */
export type DescribeRecordingUsageRequest = {
  /** `2026-11-22`, or `2026-11-22 00:00:00`. */
  StartTime: string;
  /** As `StartTime`; belongs to what is asked for. */
  EndTime: string;
  /** `single` or `multi`. */
  MixType: string;
  SdkAppId?: number;
};

/** Its answer, without `RequestId`. */
export type DescribeRecordingUsageResponse = {
  UsageKey: string[];
  /** Every day, or every five minutes of one day, with zeros; `TimeStampKey` in seconds since the Unix epoch, values in minutes. */
  UsageList: { TimeKey: string; TimeStampKey: number; UsageValue: number[] }[];
};

/** Fields of the action `DescribeRecordStatistic`, of the types that the definitions give them. */
export type DescribeRecordStatisticRequest = Omit<DescribeRecordingUsageRequest, 'MixType'>;

/** Its answer, without `RequestId`: times in seconds, of mixed and single files together. */
export type DescribeRecordStatisticResponse = {
  SdkAppIdUsages: {
    SdkAppId: string;
    Usages: {
      TimeKey: string;
      Class1VideoTime: number;
      Class2VideoTime: number;
      Class3VideoTime: number;
      AudioTime: number;
    }[];
  }[];
};

/** The dialect's names of the classes, in its order. */
const USAGE_KEYS: Readonly<Record<UsageClass, string>> = Object.freeze({
  audio: 'Audio',
  sd: 'SD',
  hd: 'HD',
  fullHd: 'FullHD',
  '2k': '2K',
  '4k': '4K',
});

const MINUTE_US = 60_000_000;
const SECOND_US = 1_000_000;

/** Which times are told of: all days, or the five minutes of one. */
type Times = { range: UsageRange; stepUs: number; starts: number[] };

/**
 * `DescribeRecordingUsage`: minutes by class, of all applications together when none is named.
 * @throws {CallreelError} `ParameterInvalid`; `UsageRangeTooLong`, the dialect's `InvalidParameter.QueryScaleOversize`.
 */
export async function describeRecordingUsage(
  reader: UsageReader,
  { MixType, SdkAppId, ...days }: DescribeRecordingUsageRequest,
): Promise<DescribeRecordingUsageResponse> {
  if (MixType !== 'single' && MixType !== 'multi')
    throw new CallreelError('ParameterInvalid', `MixType is "${MixType.slice(0, 40)}"; allowed: single, multi.`);
  const query = queryOf(days, SdkAppId);
  const times = timesOf(query);
  const entries = await entriesOf(reader, { ...query, mode: MixType === 'multi' ? 'mixed' : 'single' }, times);
  const columns = USAGE_CLASSES.map((kind) => column(times, entries, [kind], MINUTE_US));
  return {
    UsageKey: USAGE_CLASSES.map((kind) => USAGE_KEYS[kind]),
    UsageList: times.starts.map((startUs, index) => ({
      TimeKey: `${dayText(startUs)} ${clockText(startUs)}`,
      TimeStampKey: startUs / SECOND_US,
      UsageValue: columns.map((values) => values[index] ?? 0),
    })),
  };
}

/**
 * `DescribeRecordStatistic`: seconds by class, of the named application; of each that has recorded when none is named.
 * @throws {CallreelError} `ParameterInvalid`; `UsageRangeTooLong`, the dialect's `InvalidParameter.QueryScaleOversize`.
 */
export async function describeRecordStatistic(
  reader: UsageReader,
  { SdkAppId, ...days }: DescribeRecordStatisticRequest,
): Promise<DescribeRecordStatisticResponse> {
  const query = queryOf(days, SdkAppId);
  const times = timesOf(query);
  const entries = await entriesOf(reader, query, times);
  const applications = SdkAppId === undefined ? [...new Set(entries.map(({ sdkAppId }) => sdkAppId))] : [SdkAppId];
  return {
    SdkAppIdUsages: applications
      .toSorted((a, b) => a - b)
      .map((sdkAppId) => {
        const own = entries.filter((entry) => entry.sdkAppId === sdkAppId);
        const seconds = (...kinds: UsageClass[]): number[] => column(times, own, kinds, SECOND_US);
        // What is larger than full HD has no field of its own.
        const [sd, hd, above, audio] = [seconds('sd'), seconds('hd'), seconds('fullHd', '2k', '4k'), seconds('audio')];
        return {
          SdkAppId: String(sdkAppId),
          Usages: times.starts.map((startUs, index) => ({
            TimeKey: times.stepUs === DAY_US ? dayText(startUs) : `${dayText(startUs)} ${clockText(startUs)}`,
            Class1VideoTime: sd[index] ?? 0,
            Class2VideoTime: hd[index] ?? 0,
            Class3VideoTime: above[index] ?? 0,
            AudioTime: audio[index] ?? 0,
          })),
        };
      }),
  };
}

function queryOf(
  { StartTime, EndTime }: Pick<DescribeRecordingUsageRequest, 'StartTime' | 'EndTime'>,
  sdkAppId: number | undefined,
): UsageQuery {
  return {
    from: dayIn('StartTime', StartTime),
    to: dayIn('EndTime', EndTime),
    ...(sdkAppId === undefined ? {} : { sdkAppId }),
  };
}

/** The definitions say days; the example values of the known system's pages have midnight behind them. */
function dayIn(name: string, text: string): string {
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?: 00:00:00)?$/.exec(text) ?? [];
  if (day === undefined)
    throw new CallreelError('ParameterInvalid', `${name} is "${text.slice(0, 40)}"; allowed: a day as 2026-11-22.`);
  return day;
}

function timesOf({ from, to }: UsageQuery): Times {
  const range = readUsageRange(from, to);
  const stepUs = range.days === 1 ? POINT_US : DAY_US;
  const count = (range.untilUs - range.fromUs) / stepUs;
  return { range, stepUs, starts: Array.from({ length: count }, (_, index) => range.fromUs + index * stepUs) };
}

function entriesOf(reader: UsageReader, query: UsageQuery, { stepUs }: Times): Promise<UsageEntry[]> {
  return stepUs === DAY_US ? reader.days(query) : reader.points(query);
}

/** What was recorded in some classes at each of the times, in units that are rounded up by day. */
function column(
  { starts, stepUs }: Times,
  entries: readonly UsageEntry[],
  kinds: readonly UsageClass[],
  unitUs: number,
): number[] {
  const sums = new Map<number, number>();
  for (const { class: kind, startUs, recordedUs } of entries)
    if (kinds.includes(kind)) sums.set(startUs, (sums.get(startUs) ?? 0) + recordedUs);
  const amounts = starts.map((startUs) => sums.get(startUs) ?? 0);
  // Days are rounded by themselves; the five minutes of one day together.
  if (stepUs === DAY_US) return amounts.flatMap((amount) => roundedUpTogether([amount], unitUs));
  return roundedUpTogether(amounts, unitUs);
}

function clockText(us: number): string {
  return new Date(us / 1000).toISOString().slice(11, 19);
}
