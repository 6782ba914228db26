import { describe, expect, test } from 'vitest';
import { describeRecordingUsage, describeRecordStatistic } from './dialect-usage.ts';
import { roundedUpTogether } from './rounding.ts';
import { readUsageRange } from './usage-range.ts';
import type { UsageEntry, UsageQuery, UsageReader } from './usage-reader.ts';

const us = (text: string): number => Date.parse(text) * 1000;
const POINTS: Omit<UsageEntry, 'minutes'>[] = [
  { sdkAppId: 1, mode: 'mixed', class: 'hd', startUs: us('2026-11-20T00:00:00Z'), recordedUs: 10_500_000 },
  { sdkAppId: 2, mode: 'mixed', class: 'hd', startUs: us('2026-11-20T00:00:00Z'), recordedUs: 40_000_000 },
  { sdkAppId: 1, mode: 'mixed', class: 'hd', startUs: us('2026-11-20T00:05:00Z'), recordedUs: 10_500_000 },
  { sdkAppId: 1, mode: 'mixed', class: '2k', startUs: us('2026-11-20T23:55:00Z'), recordedUs: 300_000_000 },
  { sdkAppId: 1, mode: 'single', class: 'audio', startUs: us('2026-11-20T12:00:00Z'), recordedUs: 61_000_000 },
  { sdkAppId: 1, mode: 'single', class: 'fullHd', startUs: us('2026-11-22T12:00:00Z'), recordedUs: 60_000_000 },
  { sdkAppId: 1, mode: 'single', class: 'sd', startUs: us('2026-11-22T12:00:00Z'), recordedUs: 1 },
];

/** A reader over the points above, as the book is over its table. */
const reader: UsageReader = {
  days: async (query) => {
    readUsageRange(query.from, query.to);
    const sums = new Map<string, UsageEntry>();
    for (const point of within(query)) {
      const startUs = Math.floor(point.startUs / 86_400e6) * 86_400e6;
      const key = `${point.sdkAppId} ${point.mode} ${point.class} ${startUs}`;
      const recordedUs = (sums.get(key)?.recordedUs ?? 0) + point.recordedUs;
      sums.set(key, { ...point, startUs, recordedUs, minutes: Math.ceil(recordedUs / 60e6) });
    }
    return [...sums.values()];
  },
  points: async (query) => {
    readUsageRange(query.from, query.to, 1);
    return within(query).map((point) => ({ ...point, minutes: roundedUpTogether([point.recordedUs], 60e6)[0] ?? 0 }));
  },
  task: async () => [],
};

function within({ from, to, sdkAppId, mode }: UsageQuery): typeof POINTS {
  return POINTS.filter(
    (point) =>
      point.startUs >= us(`${from}T00:00:00Z`) &&
      point.startUs < us(`${to}T00:00:00Z`) + 86_400e6 &&
      (sdkAppId === undefined || point.sdkAppId === sdkAppId) &&
      (mode === undefined || point.mode === mode),
  );
}

describe('DescribeRecordingUsage', () => {
  test('gives a day in five minutes, of which the minutes come to those of the day', async () => {
    const request = { StartTime: '2026-11-20', EndTime: '2026-11-20', MixType: 'multi', SdkAppId: 1 };
    const { UsageKey, UsageList } = await describeRecordingUsage(reader, request);
    expect(UsageKey).toEqual(['Audio', 'SD', 'HD', 'FullHD', '2K', '4K']);
    expect(UsageList).toHaveLength(288);
    expect(UsageList.slice(0, 2)).toEqual([
      {
        TimeKey: '2026-11-20 00:00:00',
        TimeStampKey: us('2026-11-20T00:00:00Z') / 1e6,
        UsageValue: [0, 0, 1, 0, 0, 0],
      },
      {
        TimeKey: '2026-11-20 00:05:00',
        TimeStampKey: us('2026-11-20T00:05:00Z') / 1e6,
        UsageValue: [0, 0, 0, 0, 0, 0],
      },
    ]);
    expect(UsageList.at(-1)).toMatchObject({ TimeKey: '2026-11-20 23:55:00', UsageValue: [0, 0, 0, 0, 5, 0] });
  });

  test('gives more than a day in days, of all applications together when none is named', async () => {
    const request = { StartTime: '2026-11-20 00:00:00', EndTime: '2026-11-22', MixType: 'multi' };
    expect((await describeRecordingUsage(reader, request)).UsageList).toEqual([
      // 61 s of both applications.
      {
        TimeKey: '2026-11-20 00:00:00',
        TimeStampKey: us('2026-11-20T00:00:00Z') / 1e6,
        UsageValue: [0, 0, 2, 0, 5, 0],
      },
      {
        TimeKey: '2026-11-21 00:00:00',
        TimeStampKey: us('2026-11-21T00:00:00Z') / 1e6,
        UsageValue: [0, 0, 0, 0, 0, 0],
      },
      {
        TimeKey: '2026-11-22 00:00:00',
        TimeStampKey: us('2026-11-22T00:00:00Z') / 1e6,
        UsageValue: [0, 0, 0, 0, 0, 0],
      },
    ]);
    const { UsageList } = await describeRecordingUsage(reader, { ...request, MixType: 'single' });
    expect(UsageList.map(({ UsageValue }) => UsageValue)).toEqual([
      [2, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
      [0, 1, 0, 1, 0, 0],
    ]);
  });

  test.each([
    [{ MixType: 'mixed' }, 'ParameterInvalid'],
    [{ MixType: '' }, 'ParameterInvalid'],
    [{ StartTime: '2026-11-20 00:05:00' }, 'ParameterInvalid'],
    [{ StartTime: '2026/11/20' }, 'ParameterInvalid'],
    [{ EndTime: '2026-11-31' }, 'ParameterInvalid'],
    [{ EndTime: '2026-11-19' }, 'ParameterInvalid'],
    [{ EndTime: '2026-12-21' }, 'UsageRangeTooLong'],
  ])('refuses %o with %s', async (changes, code) => {
    const request = { StartTime: '2026-11-20', EndTime: '2026-11-22', MixType: 'multi', ...changes };
    await expect(describeRecordingUsage(reader, request)).rejects.toMatchObject({ code });
  });
});

describe('DescribeRecordStatistic', () => {
  test('gives seconds by day, of each application that has recorded when none is named', async () => {
    const request = { StartTime: '2026-11-20', EndTime: '2026-11-22' };
    const none = { Class1VideoTime: 0, Class2VideoTime: 0, Class3VideoTime: 0, AudioTime: 0 };
    const first = {
      SdkAppId: '1',
      Usages: [
        { ...none, TimeKey: '2026-11-20', Class2VideoTime: 21, Class3VideoTime: 300, AudioTime: 61 },
        { ...none, TimeKey: '2026-11-21' },
        { ...none, TimeKey: '2026-11-22', Class1VideoTime: 1, Class3VideoTime: 60 },
      ],
    };
    const { SdkAppIdUsages } = await describeRecordStatistic(reader, request);
    expect(SdkAppIdUsages).toEqual([
      first,
      {
        SdkAppId: '2',
        Usages: [
          { ...none, TimeKey: '2026-11-20', Class2VideoTime: 40 },
          { ...none, TimeKey: '2026-11-21' },
          { ...none, TimeKey: '2026-11-22' },
        ],
      },
    ]);
    expect(await describeRecordStatistic(reader, { ...request, SdkAppId: 1 })).toEqual({ SdkAppIdUsages: [first] });
  });

  test('gives a day in five minutes, of which the seconds come to those of the day', async () => {
    const request = { StartTime: '2026-11-20', EndTime: '2026-11-20', SdkAppId: 1 };
    const [usage] = (await describeRecordStatistic(reader, request)).SdkAppIdUsages;
    expect(usage?.Usages).toHaveLength(288);
    expect(usage?.Usages.slice(0, 2).map(({ TimeKey, Class2VideoTime }) => [TimeKey, Class2VideoTime])).toEqual([
      ['2026-11-20 00:00:00', 11],
      ['2026-11-20 00:05:00', 10],
    ]);
  });

  test('of an application that has not recorded gives zeros', async () => {
    const { SdkAppIdUsages } = await describeRecordStatistic(reader, {
      StartTime: '2026-11-20',
      EndTime: '2026-11-21',
      SdkAppId: 7,
    });
    expect(SdkAppIdUsages).toHaveLength(1);
    expect(SdkAppIdUsages[0]).toMatchObject({ SdkAppId: '7', Usages: [{ AudioTime: 0 }, { AudioTime: 0 }] });
  });
});
