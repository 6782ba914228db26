import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UsageReader } from '../api/dialect/index.ts';
import { DialectServer } from '../api/dialect/testing/dialect-server.ts';
import { UsageBook } from '../usage/index.ts';
import { DialectUsage } from './dialect-usage.ts';

// Usage as the known system's own client asks for it, from the table.

const reader = (): DialectUsage => new DialectUsage(new UsageBook(server.database.db));
// The database is there when the server is.
const usage: UsageReader = {
  recordedByDay: (query) => reader().recordedByDay(query),
  recordedMinutes: (query) => reader().recordedMinutes(query),
};
let server: DialectServer;

const startUs = Date.parse('2026-11-20T00:00:00Z') * 1000;

beforeAll(async () => {
  server = await DialectServer.start({ usage });
  const task = { taskId: 't', sdkAppId: server.sdkAppId };
  const counts = [
    { mode: 'mixed', class: 'hd', bucketUs: startUs + 300e6, recordedUs: 90_500_000 },
    { mode: 'single', class: 'audio', bucketUs: startUs + 86_400e6, recordedUs: 1 },
    { mode: 'single', class: '4k', bucketUs: startUs + 86_400e6, recordedUs: 300_000_000 },
  ] as const;
  await new UsageBook(server.database.db).record(task, counts, { isOver: true });
}, 60_000);
afterAll(() => server.close());

test('DescribeRecordingUsage: five minutes of a day, or days', async () => {
  const day = { StartTime: '2026-11-20', EndTime: '2026-11-20', MixType: 'multi' };
  const { UsageKey, UsageList = [] } = await server.sdk().DescribeRecordingUsage(day);
  expect(UsageKey).toEqual(['Audio', 'SD', 'HD', 'FullHD', '2K', '4K']);
  expect(UsageList).toHaveLength(288);
  expect(UsageList[1]).toEqual({
    TimeKey: '2026-11-20 00:05:00',
    TimeStampKey: startUs / 1e6 + 300,
    UsageValue: [0, 0, 2, 0, 0, 0],
  });
  const days = { ...day, EndTime: '2026-11-21', MixType: 'single' };
  expect((await server.sdk().DescribeRecordingUsage(days)).UsageList).toMatchObject([
    { TimeKey: '2026-11-20 00:00:00', UsageValue: [0, 0, 0, 0, 0, 0] },
    { TimeKey: '2026-11-21 00:00:00', UsageValue: [1, 0, 0, 0, 0, 5] },
  ]);
});

test('DescribeRecordStatistic: seconds by day, of mixed and single files together', async () => {
  const none = { Class1VideoTime: 0, Class2VideoTime: 0, Class3VideoTime: 0, AudioTime: 0 };
  const days = { StartTime: '2026-11-20', EndTime: '2026-11-21' };
  expect((await server.sdk().DescribeRecordStatistic(days)).SdkAppIdUsages).toEqual([
    {
      SdkAppId: String(server.sdkAppId),
      Usages: [
        { ...none, TimeKey: '2026-11-20', Class2VideoTime: 91 },
        { ...none, TimeKey: '2026-11-21', Class3VideoTime: 300, AudioTime: 1 },
      ],
    },
  ]);
});
