import { afterAll, beforeAll, expect, test } from 'vitest';
import { DialectServer, OTHER_APP } from './testing/dialect-server.ts';
import type { UsageReader } from './usage-reader.ts';

// The actions that tell of rooms, people and usage, asked by the known system's own client.
let server: DialectServer;
const asked: object[] = [];
const usage: UsageReader = {
  recordedByDay: async (query) => {
    asked.push(query);
    return [{ sdkAppId: 7, days: [{ day: '2026-01-02', audioS: 1, sdS: 2, hdS: 3, fullHdS: 4 }] }];
  },
  recordedMinutes: async (query) => {
    asked.push(query);
    const minutes = { audio: 1, sd: 2, hd: 3, fullHd: 4, twoK: 5, fourK: 6 };
    return [{ atMs: 1_767_312_000_000, time: '2026-01-02 00:00:00', ...minutes }];
  },
};
beforeAll(async () => {
  server = await DialectServer.start({ usage });
});
afterAll(() => server.close());

const nowS = Math.floor(Date.now() / 1000);
const days = { StartTime: '2026-01-02', EndTime: '2026-01-03' };

test('rooms, page by page', async () => {
  const { sdkAppId: SdkAppId } = server;
  server.rooms.lives = [
    { roomId: 'a_b', openedUs: 1_700_000_000_900_000, closedUs: 1_700_000_009_100_000, creatorId: 'alice' },
    { roomId: '7', openedUs: 1_700_000_010_000_000, closedUs: null, creatorId: null },
  ];
  const answer = await server.sdk().DescribeRoomInfo({
    ...{ SdkAppId, StartTime: nowS - 60, EndTime: nowS, RoomId: 'a_b', PageNumber: 2, PageSize: 50 },
  });
  expect(answer).toMatchObject({
    Total: 2,
    RoomList: [
      {
        ...{ CommId: `${SdkAppId}_a_b_1700000000`, RoomString: 'a_b', UserId: 'alice' },
        ...{ CreateTime: 1_700_000_000, DestroyTime: 1_700_000_009, IsFinished: true },
      },
      {
        ...{ CommId: `${SdkAppId}_7_1700000010`, RoomString: '7', UserId: '' },
        ...{ CreateTime: 1_700_000_010, DestroyTime: 0, IsFinished: false },
      },
    ],
  });
  expect(server.rooms.asked.at(-1)).toEqual({
    ...{ sdkAppId: SdkAppId, roomId: 'a_b', offset: 100, limit: 50 },
    ...{ fromUs: (nowS - 60) * 1e6, untilUs: nowS * 1e6 },
  });
});

test('people of a room whose id has underscores; who is still there leaves now', async () => {
  const { sdkAppId: SdkAppId } = server;
  server.rooms.past = [
    { roomId: 'a_b', userId: 'alice', enteredUs: 1_700_000_001_500_000, leftUs: 1_700_000_002_000_000 },
    { roomId: 'a_b', userId: 'bob', enteredUs: 1_700_000_001_600_000, leftUs: null },
  ];
  const asksFor = { SdkAppId, CommId: `${SdkAppId}_a_b_1700000000`, StartTime: nowS, EndTime: nowS };
  const { Total, UserList = [] } = await server.sdk().DescribeUserInfo({ ...asksFor, UserIds: ['alice', 'bob'] });
  expect(Total).toBe(2);
  expect(UserList).toMatchObject([
    { RoomStr: 'a_b', UserId: 'alice', JoinTs: 1_700_000_001, LeaveTs: 1_700_000_002, Finished: true },
    { RoomStr: 'a_b', UserId: 'bob', JoinTs: 1_700_000_001, Finished: false },
  ]);
  expect(Math.abs((UserList[1]?.LeaveTs ?? 0) - Date.now() / 1000)).toBeLessThan(30);
  expect(server.rooms.asked.at(-1)).toMatchObject({
    ...{ roomId: 'a_b', openedS: 1_700_000_000, userIds: ['alice', 'bob'], offset: 0, limit: 6 },
  });
});

test('usage by day and by class, of the key’s own application', async () => {
  const client = server.sdk();
  expect(await client.DescribeRecordStatistic(days)).toMatchObject({
    SdkAppIdUsages: [
      {
        SdkAppId: '7',
        Usages: [{ TimeKey: '2026-01-02', AudioTime: 1, Class1VideoTime: 2, Class2VideoTime: 3, Class3VideoTime: 4 }],
      },
    ],
  });
  expect(await client.DescribeRecordingUsage({ ...days, MixType: 'multi' })).toMatchObject({
    UsageKey: ['Audio', 'SD', 'HD', 'FullHD', '2K', '4K'],
    UsageList: [{ TimeKey: '2026-01-02 00:00:00', TimeStampKey: 1_767_312_000, UsageValue: [1, 2, 3, 4, 5, 6] }],
  });
  const own = { fromDay: '2026-01-02', untilDay: '2026-01-03', sdkAppId: server.sdkAppId };
  expect(asked.splice(0)).toEqual([own, { ...own, mode: 'mixed' }]);
  const all = server.sdk(await server.newKey({ sdkAppId: null, scopes: ['read'], name: '' }));
  await all.DescribeRecordingUsage({ ...days, MixType: 'single' });
  await all.DescribeRecordStatistic({ ...days, SdkAppId: OTHER_APP });
  expect(asked.splice(0)).toEqual([
    { fromDay: '2026-01-02', untilDay: '2026-01-03', mode: 'single' },
    { ...own, sdkAppId: OTHER_APP },
  ]);
});

test('nothing of another application', async () => {
  const client = server.sdk();
  const room = { sdkAppId: OTHER_APP, roomId: '1', roomIdType: 'number' } as const;
  server.rooms.enter(room, 'alice');
  const span = { SdkAppId: OTHER_APP, StartTime: nowS, EndTime: nowS };
  const CommId = `${OTHER_APP}_1_1`;
  const before = server.rooms.asked.length;
  for (const refused of [
    client.DismissRoom({ SdkAppId: OTHER_APP, RoomId: 1 }),
    client.RemoveUser({ SdkAppId: OTHER_APP, RoomId: 1, UserIds: ['alice'] }),
    client.DismissRoomByStrRoomId({ SdkAppId: OTHER_APP, RoomId: '1' }),
    client.RemoveUserByStrRoomId({ SdkAppId: OTHER_APP, RoomId: '1', UserIds: ['alice'] }),
    client.DescribeRoomInfo(span),
    client.DescribeUserInfo({ ...span, CommId }),
    client.DescribeCallDetailInfo({ ...span, CommId }),
    client.DescribeRecordStatistic({ ...days, SdkAppId: OTHER_APP }),
    client.DescribeRecordingUsage({ ...days, MixType: 'single', SdkAppId: OTHER_APP }),
  ])
    await expect(refused).rejects.toMatchObject({ code: 'UnauthorizedOperation.SdkAppId' });
  expect([...server.rooms.open.values()]).toEqual([new Set(['alice'])]);
  expect(server.rooms.asked.length).toBe(before);
  expect(asked).toEqual([]);
});
