import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JournalEvent } from '../capture/journal-event.ts';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { readCompleteHistory } from './complete-history.ts';
import { readRoomHistory } from './room-history.ts';

const US = 1_790_000_000_000_000;
const EVENTS: JournalEvent[] = [
  { seq: 1, atUs: US, type: 'roomOpened', sdkAppId: 1, roomId: '7', roomIdType: 'number' },
  { seq: 2, atUs: US + 1, type: 'taskStarted', taskId: 't', fromUs: US, parameters: DEFAULT_TASK_PARAMETERS },
  { seq: 3, atUs: US + 2, type: 'userEntered', userId: 'anna' },
  {
    ...{ seq: 4, atUs: US + 3, type: 'streamPublished', userId: 'anna', streamId: 's', kind: 'audio' },
    ...{ source: 'main', muted: false, dump: 's.mjr' },
  } as JournalEvent,
  { seq: 5, atUs: US + 9_000_000, type: 'userLeft', userId: 'anna', reason: 'normal' },
  { seq: 6, atUs: US + 9_000_001, type: 'taskStopped', taskId: 't', untilUs: US + 9_000_000, reason: 'roomClosed' },
  { seq: 7, atUs: US + 9_000_002, type: 'roomClosed' } as JournalEvent,
];

test('a whole journal says the same', () => {
  expect(readCompleteHistory(EVENTS, 't')).toEqual(readRoomHistory(EVENTS, 't'));
});

test('wherever a journal is cut, everything ends', () => {
  for (let length = 0; length <= EVENTS.length; length += 1) {
    const history = readCompleteHistory(EVENTS.slice(0, length), 't');
    expect(history.closed).toBe(true);
    for (const { untilUs } of history.streams) expect(untilUs).not.toBeNull();
    if (history.task !== null) expect(history.task.untilUs).not.toBeNull();
  }
  // What was still running when the journal was cut goes on as long as its packets.
  expect(readCompleteHistory(EVENTS.slice(0, 4), 't').task?.untilUs).toBeGreaterThan(US + 3_600_000_000);
});

test('one damaged time moves nothing but its own event', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), (index, by) => {
      const damaged = EVENTS.map((event, at) => (at === index ? { ...event, atUs: event.atUs + by } : event));
      const history = readCompleteHistory(damaged, 't');
      const [from, until] = [EVENTS[index - 1]?.atUs ?? 0, EVENTS[index + 1]?.atUs ?? 0];
      const times = [...history.stays, ...history.streams].flatMap(({ fromUs, untilUs }) => [fromUs, untilUs ?? 0]);
      for (const time of times) {
        const isKnown = EVENTS.some(({ atUs }, at) => at !== index && atUs === time);
        expect(isKnown || (time >= from && time <= until)).toBe(true);
      }
    }),
  );
});
