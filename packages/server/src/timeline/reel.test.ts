import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { Subscription } from '../recording/subscription.ts';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../recording/task-parameters.ts';
import { isAnyOpenFrom, reelHistory, reelName, reelStreams, reelsOf } from './reel.ts';
import { type RoomHistory, readRoomHistory } from './room-history.ts';
import { isSubscribed } from './subscribed.ts';

const S = 1_000_000;
const SINGLE: TaskParameters = { ...DEFAULT_TASK_PARAMETERS, mode: 'single' };

/** Anna with camera, microphone and, from 5 to 8 s, her screen; Ben with a microphone that is away from 4 to 6 s. */
function room(parameters: TaskParameters, changes: { atS: number; parameters: TaskParameters }[] = []): RoomHistory {
  const stream = (atS: number, userId: string, kind: string, source: string, id: string): { atUs: number } => ({
    ...{ atUs: atS * S, type: 'streamPublished', userId, streamId: id, kind, source, muted: false, dump: `${id}.mjr` },
  });
  const end = (atS: number, userId: string, streamId: string): { atUs: number } => ({
    ...{ atUs: atS * S, type: 'streamUnpublished', userId, streamId, reason: 'normal' },
  });
  const events = [
    { atUs: 0, type: 'roomOpened', sdkAppId: 1, roomId: '7', roomIdType: 'number' },
    { atUs: 0, type: 'taskStarted', taskId: 't', fromUs: 0, parameters },
    { atUs: 1 * S, type: 'userEntered', userId: 'anna' },
    stream(1, 'anna', 'audio', 'main', 'a1'),
    stream(1, 'anna', 'video', 'main', 'a2'),
    { atUs: 2 * S, type: 'userEntered', userId: 'ben' },
    stream(2, 'ben', 'audio', 'main', 'b1'),
    end(4, 'ben', 'b1'),
    stream(5, 'anna', 'video', 'aux', 'a3'),
    stream(6, 'ben', 'audio', 'main', 'b2'),
    end(8, 'anna', 'a3'),
    ...changes.map(({ atS, parameters: later }) => ({
      ...{ atUs: atS * S, type: 'taskModified', taskId: 't', parameters: later },
    })),
  ].sort((a, b) => a.atUs - b.atUs);
  return readRoomHistory(
    events.map((event, index) => ({ seq: index + 1, ...event }) as JournalEvent),
    't',
  );
}
const namesOf = (history: RoomHistory): string[] =>
  reelsOf(history).map((reel) => (reel.kind === 'mixed' ? 'mixed' : `${reel.userId} ${reel.source} ${reel.media}`));

describe('reels', () => {
  test('go on while their user is away, as soon as he is known to have come back', () => {
    const ben = { kind: 'single', userId: 'ben', source: 'main', media: 'audio' } as const;
    const known = room(SINGLE);
    const back = reelHistory(known, ben);
    expect([3, 4, 5, 6, 99].map((atS) => isAnyOpenFrom(back, atS * S))).toEqual([true, true, true, true, true]);
    const away = { ...back, streams: back.streams.slice(0, 1) };
    expect([3, 4, 5].map((atS) => isAnyOpenFrom(away, atS * S))).toEqual([true, false, false]);
  });

  test('are those that the parameters ask for', () => {
    expect(namesOf(room(DEFAULT_TASK_PARAMETERS))).toEqual(['mixed']);
    expect(namesOf(room(SINGLE))).toEqual(['anna main audio', 'anna main video', 'ben main audio', 'anna aux video']);
    expect(namesOf(room({ ...SINGLE, mode: 'both', single: { merged: true } }))).toEqual([
      ...['mixed', 'anna main both', 'ben main both', 'anna aux both'],
    ]);
    expect(namesOf(room({ ...SINGLE, sources: 'aux' }))).toEqual(['anna aux video']);
    expect(namesOf(room({ ...SINGLE, single: { merged: true }, output: { format: 'aac' } }))).toEqual([
      ...['anna main audio', 'ben main audio'],
    ]);
    expect(namesOf(room({ ...SINGLE, subscription: { notAudio: ['anna', 'be.*$'] } }))).toEqual([
      ...['anna main video', 'anna aux video'],
    ]);
  });

  test('who comes back goes on in the same reel', () => {
    const history = room(SINGLE);
    const ben = reelsOf(history).find((reel) => reel.kind === 'single' && reel.userId === 'ben');
    if (ben === undefined) throw new Error('no reel');
    const own = reelHistory(history, ben);
    expect(own.streams.map(({ streamId }) => streamId)).toEqual(['b1', 'b2']);
    expect(own.stays).toEqual([{ userId: 'ben', fromUs: 2 * S, untilUs: null, vanished: true }]);
  });

  test('a change of the subscription cuts a stream for its user’s reel', () => {
    const history = room(SINGLE, [
      { atS: 3, parameters: { ...SINGLE, subscription: { notVideo: ['anna'] } } },
      { atS: 5, parameters: { ...SINGLE, subscription: {} } },
    ]);
    const video = reelsOf(history).find((reel) => reelName(reel).startsWith('main-video'));
    if (video === undefined) throw new Error('no reel');
    expect(reelStreams(history, video).map(({ fromUs, untilUs }) => [fromUs, untilUs])).toEqual([[1 * S, null]]);
    const parts = reelHistory(history, video).streams;
    expect(parts).toMatchObject([
      { fromUs: 1 * S, untilUs: 3 * S, isCut: true },
      { fromUs: 5 * S, untilUs: null, isLate: true },
    ]);
  });

  test('parts of a stream follow one another within it, and cover exactly what is subscribed to', () => {
    const list = fc.constantFrom<string[][]>(['anna'], ['ben'], ['a.*$'], ['b.*$', 'anna'], ['.*$']);
    const subscription: fc.Arbitrary<Subscription> = fc.record({ video: list, notVideo: list }, { requiredKeys: [] });
    const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), subscription), { maxLength: 8 });
    fc.assert(
      fc.property(subscription, changes, fc.double({ min: 1, max: 12, noNaN: true }), (first, later, atS) => {
        const sorted = later.toSorted((a, b) => a[0] - b[0]);
        const history = room(
          { ...SINGLE, subscription: first },
          sorted.map(([changeS, wanted]) => ({ atS: changeS, parameters: { ...SINGLE, subscription: wanted } })),
        );
        const reel = { kind: 'single', userId: 'anna', source: 'main', media: 'video' } as const;
        const parts = reelHistory(history, reel).streams;
        for (const [index, part] of parts.entries()) {
          expect(part.fromUs).toBeGreaterThanOrEqual(parts[index - 1]?.untilUs ?? 1 * S);
          expect(part.untilUs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(part.fromUs);
        }
        const atUs = atS * S;
        const wanted = sorted.findLast(([changeS]) => changeS * S <= atUs)?.[1] ?? first;
        const isThere = parts.some(({ fromUs, untilUs }) => atUs >= fromUs && (untilUs === null || atUs < untilUs));
        expect(isThere).toBe(isSubscribed(wanted, 'video', 'anna'));
      }),
    );
  });

  test('names are safe and tell reels apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        const name = (userId: string): string => reelName({ kind: 'single', userId, source: 'main', media: 'both' });
        expect(name(one)).toMatch(/^main-both-[0-9a-f]*$/);
        if (one.isWellFormed() && other.isWellFormed()) expect(name(one) === name(other)).toBe(one === other);
      }),
    );
  });
});

test.each([
  [undefined, true],
  [{}, true],
  [{ audio: ['anna'] }, true],
  [{ audio: ['ben'] }, false],
  [{ audio: ['an.*$'] }, true],
  [{ audio: ['anna.*$'] }, true],
  [{ audio: ['annab.*$'] }, false],
  [{ audio: ['an.*'] }, false],
  [{ audio: ['.nna'] }, false],
  [{ notAudio: ['anna'] }, false],
  [{ notAudio: ['b.*$'] }, true],
  [{ audio: ['anna'], notAudio: ['a.*$'] }, false],
  [{ video: ['ben'], notVideo: ['anna'] }, true],
])('%j: whether anna is heard is %s', (subscription, heard) => {
  expect(isSubscribed(subscription, 'audio', 'anna')).toBe(heard);
});
