import type { RestKey } from '../../apps/index.ts';
import { type Action, action } from './action.ts';
import { DialectError, INTERNAL_ERROR } from './dialect-error.ts';
import { UNSUPPORTED } from './given-in-vain.ts';
import type { ParameterCodes } from './parameter-check.ts';
import { mustBeOfKey } from './room-actions.ts';
import { DescribeRecordingUsage, DescribeRecordStatistic } from './room-schemas.ts';
import type { UsageReader } from './usage-reader.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 31;
/** The known system's names, in the order of the values. */
const USAGE_KEYS = Object.freeze(['Audio', 'SD', 'HD', 'FullHD', '2K', '4K']);

const CODES: Readonly<Record<string, string>> = Object.freeze({
  SdkAppId: 'InvalidParameter.SdkAppId',
  StartTime: 'InvalidParameter.StartTs',
  EndTime: 'InvalidParameter.EndTs',
});
const parameterCodes: ParameterCodes = {
  missing: [],
  value: (name) => (Object.hasOwn(CODES, name) ? CODES[name] : undefined) ?? 'InvalidParameter',
};
const common = {
  scopes: ['read'] as const,
  effect: 'reads' as const,
  parameterCodes,
  errorCodes: {},
  internalError: INTERNAL_ERROR,
};

/** The actions that tell how much was recorded. @param usage null: nobody counts it. */
export function usageActions({ usage }: { usage: UsageReader | null }): Action[] {
  return [
    action({
      ...common,
      name: 'DescribeRecordStatistic',
      parameters: DescribeRecordStatistic,
      run: async (request, key) => {
        const query = { ...applicationOf(request, key), ...daysOf(request) };
        const applications = await reader().recordedByDay(query);
        return {
          SdkAppIdUsages: applications.map(({ sdkAppId, days }) => ({
            SdkAppId: String(sdkAppId),
            Usages: days.map(({ day, sdS, hdS, fullHdS, audioS }) => ({
              TimeKey: day,
              Class1VideoTime: sdS,
              Class2VideoTime: hdS,
              Class3VideoTime: fullHdS,
              AudioTime: audioS,
            })),
          })),
        };
      },
    }),
    action({
      ...common,
      name: 'DescribeRecordingUsage',
      parameters: DescribeRecordingUsage,
      run: async (request, key) => {
        const query = { ...applicationOf(request, key), ...daysOf(request) };
        const mode = request.MixType === 'single' ? 'single' : 'mixed';
        const points = await reader().recordedMinutes({ ...query, mode });
        return {
          UsageKey: USAGE_KEYS,
          UsageList: points.map(({ time, atMs, audio, sd, hd, fullHd, twoK, fourK }) => ({
            TimeKey: time,
            TimeStampKey: Math.floor(atMs / 1000),
            UsageValue: [audio, sd, hd, fullHd, twoK, fourK],
          })),
        };
      },
    }),
  ];

  function reader(): UsageReader {
    if (usage === null) throw new DialectError(UNSUPPORTED, 'Usage is not counted here.');
    return usage;
  }
}

/** A key of one application sees that one only. */
function applicationOf({ SdkAppId }: { SdkAppId?: number }, key: RestKey): { sdkAppId?: number } {
  if (SdkAppId !== undefined) mustBeOfKey(key, SdkAppId);
  const sdkAppId = SdkAppId ?? key.sdkAppId ?? undefined;
  return sdkAppId === undefined ? {} : { sdkAppId };
}

/** @throws {DialectError} `InvalidParameter.StartTs`, `.EndTs`, `.QueryScaleOversize`. */
function daysOf({ StartTime, EndTime }: { StartTime: string; EndTime: string }): { fromDay: string; untilDay: string } {
  const [from, until] = [dayMs(StartTime), dayMs(EndTime)];
  if (from === null) throw new DialectError('InvalidParameter.StartTs', `StartTime is ${StartTime}: must be a day.`);
  if (until === null || until < from)
    throw new DialectError('InvalidParameter.EndTs', `EndTime is ${EndTime}: must be a day, not before StartTime.`);
  if ((until - from) / DAY_MS >= DAYS_MAX)
    throw new DialectError('InvalidParameter.QueryScaleOversize', 'StartTime to EndTime must be at most 31 days.');
  return { fromDay: StartTime, untilDay: EndTime };
}

/** Null for what the calendar does not have. */
function dayMs(day: string): number | null {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? null : ms;
}
