import { expect, test } from 'vitest';
import { alarmCallback } from './alarm-callback.ts';

test('alarms of a recording, field by field', () => {
  const task = { sdkAppId: 5, taskId: 't', robotId: 'r', roomId: 'hall', roomIdType: 'string' } as const;
  const alarms = [
    { kind: 'silent', userId: 'ann', fromUs: 1_800_000_000_123_456, untilUs: 1_800_000_060_000_000 },
    { kind: 'loss', userId: 'ben', fromUs: 1_800_000_001_000_000, untilUs: 1_800_000_011_000_000, lossPercent: 12 },
  ] as const;
  expect(alarmCallback(task, alarms, 1_800_000_100_500_700)).toEqual({
    ...{ sdkAppId: 5, orderKey: 'task t', kind: 'own', type: 9001 },
    info: {
      ...{ RoomId: 'hall', EventTs: 1_800_000_100, EventMsTs: 1_800_000_100_500, UserId: 'r', TaskId: 't' },
      Payload: {
        Alarms: [
          { Kind: 'silent', UserId: 'ann', StartTimeStamp: 1_800_000_000_123, EndTimeStamp: 1_800_000_060_000 },
          {
            ...{ Kind: 'loss', UserId: 'ben', StartTimeStamp: 1_800_000_001_000, EndTimeStamp: 1_800_000_011_000 },
            LossPercent: 12,
          },
        ],
      },
    },
  });
});
