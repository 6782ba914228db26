import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../capture/journal-event.ts';
import { DEFAULT_TASK_PARAMETERS } from '../recording/task-parameters.ts';
import { isMuted, lookAt, readRoomHistory } from './room-history.ts';
import type { StreamFacts } from './room-pictures.ts';
import { sceneAt } from './scene.ts';
import { fileEndUs, frameTimeUs, isJournalOpenAt, isWaitedFor } from './window.ts';

type Bare = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, 'seq'> : never) : never;
const GRID = { canvas: { widthPx: 1280, heightPx: 720 }, layout: { mode: 'grid' } } as const;
const NO_FACTS: ReadonlyMap<string, StreamFacts> = new Map();
const S = 1_000_000;

const journal = (...events: Bare[]): JournalEvent[] => events.map((event, index) => ({ seq: index + 1, ...event }));
const entered = (atS: number, userId: string): Bare => ({ atUs: atS * S, type: 'userEntered', userId });
const left = (atS: number, userId: string): Bare => ({ atUs: atS * S, type: 'userLeft', userId, reason: 'normal' });
const published = (atS: number, userId: string, kind: 'audio' | 'video' = 'video', muted = false): Bare => ({
  atUs: atS * S,
  type: 'streamPublished',
  userId,
  streamId: `${userId}-${kind}`,
  kind,
  source: 'main',
  muted,
  dump: `${userId}-${kind}.mjr`,
});
const shared = (atS: number, userId: string): Bare => ({
  atUs: atS * S,
  type: 'streamPublished',
  userId,
  streamId: `${userId}-screen`,
  kind: 'video',
  source: 'aux',
  muted: false,
  dump: `${userId}-screen.mjr`,
});
const unshared = (atS: number, userId: string): Bare => ({
  atUs: atS * S,
  type: 'streamUnpublished',
  userId,
  streamId: `${userId}-screen`,
  reason: 'normal',
});
const unpublished = (
  atS: number,
  userId: string,
  reason: 'normal' | 'timeout' = 'normal',
  kind: 'audio' | 'video' = 'video',
): Bare => ({ atUs: atS * S, type: 'streamUnpublished', userId, streamId: `${userId}-${kind}`, reason });
const muted = (atS: number, userId: string): Bare => ({
  atUs: atS * S,
  type: 'streamMuted',
  userId,
  streamId: `${userId}-video`,
});
const unmuted = (atS: number, userId: string): Bare => ({
  atUs: atS * S,
  type: 'streamUnmuted',
  userId,
  streamId: `${userId}-video`,
});
const captured = (atS: number, userId: string, dump: string | null): Bare => ({
  ...{ atUs: atS * S, type: 'streamCaptured', userId, streamId: `${userId}-video`, dump },
});
const started = (atS: number): Bare => ({
  atUs: atS * S,
  type: 'taskStarted',
  taskId: 't',
  fromUs: atS * S,
  parameters: DEFAULT_TASK_PARAMETERS,
});
const stopped = (atS: number): Bare => ({
  atUs: (atS + 1) * S,
  type: 'taskStopped',
  taskId: 't',
  untilUs: atS * S,
  reason: 'order',
});

const pictures = (events: JournalEvent[], atS: number, facts = NO_FACTS): string[] =>
  sceneAt(readRoomHistory(events, 't'), facts, GRID, atS * S).places.map(
    ({ userId, picture }) => `${userId}:${picture?.dump ?? '-'}`,
  );

describe('scenes', () => {
  const call = journal(
    entered(1, 'b'),
    entered(2, 'a'),
    published(3, 'a'),
    published(4, 'b'),
    muted(6, 'b'),
    unmuted(8, 'b'),
    left(10, 'b'),
    entered(11, 'b'),
  );

  test('users have places in the order of entry, with a picture from publishing on and not while muted', () => {
    expect(pictures(call, 0)).toEqual([]);
    expect(pictures(call, 1)).toEqual(['b:-']);
    expect(pictures(call, 3)).toEqual(['b:-', 'a:a-video.mjr']);
    expect(pictures(call, 5)).toEqual(['b:b-video.mjr', 'a:a-video.mjr']);
    expect(pictures(call, 6)).toEqual(['b:-', 'a:a-video.mjr']);
    expect(pictures(call, 8)).toEqual(['b:b-video.mjr', 'a:a-video.mjr']);
    expect(pictures(call, 10)).toEqual(['a:a-video.mjr']);
    expect(pictures(call, 11)).toEqual(['a:a-video.mjr', 'b:-']);
  });

  test('after unmuting, no picture of before the muting is shown', () => {
    const [b] = sceneAt(readRoomHistory(call, 't'), NO_FACTS, GRID, 8 * S).places;
    expect(b?.picture?.notBeforeUs).toBe(6.5 * S);
  });

  test.each(['timeout', 'normal'] as const)(
    'the picture of a stream that ended (%s) ends half a second after its last packet',
    (reason) => {
      const events = journal(entered(1, 'a'), published(1, 'a'), unpublished(20, 'a', reason));
      const facts = new Map([['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 10 * S }]]);
      expect(pictures(events, 10.49, facts)).toEqual(['a:a-video.mjr']);
      expect(pictures(events, 10.5, facts)).toEqual(['a:-']);
      // As long as the end is not known the last picture stays.
      expect(pictures(events, 15)).toEqual(['a:a-video.mjr']);
    },
  );

  test('a stream that is not captured shows nothing; muted and unmuted meanwhile counts behind it', () => {
    const events = journal(
      entered(1, 'a'),
      published(1, 'a'),
      captured(4, 'a', null),
      captured(8, 'a', 'second.mjr'),
      captured(12, 'a', null),
      muted(13, 'a'),
      captured(16, 'a', 'third.mjr'),
      unmuted(18, 'a'),
    );
    const facts = new Map<string, StreamFacts>([
      ['a-video.mjr', { firstPacketUs: 1 * S, lastPacketUs: 4 * S }],
      ['second.mjr', { firstPacketUs: 8 * S, lastPacketUs: 12 * S }],
      ['third.mjr', { firstPacketUs: 18 * S, lastPacketUs: null }],
    ]);
    expect([3, 4.49, 4.5, 8, 12.5, 16, 17.9].map((atS) => pictures(events, atS, facts))).toEqual([
      ...[['a:a-video.mjr'], ['a:a-video.mjr'], ['a:-'], ['a:second.mjr'], ['a:-'], ['a:-'], ['a:-']],
    ]);
    expect(pictures(events, 18, facts)).toEqual(['a:third.mjr']);
    const { streams } = readRoomHistory(events, 't');
    expect(streams.map(({ streamId, dump, untilUs }) => [streamId, dump, untilUs])).toEqual([
      ['a-video', 'a-video.mjr', 4 * S],
      ['a-video', null, 8 * S],
      ['a-video', 'second.mjr', 12 * S],
      ['a-video', null, 16 * S],
      ['a-video', 'third.mjr', null],
    ]);
    // What is over, or never was, is not captured again.
    const over = journal(published(1, 'a'), unpublished(2, 'a'), captured(3, 'a', 'x.mjr'), captured(3, 'b', 'y.mjr'));
    expect(readRoomHistory(over, 't').streams).toHaveLength(1);
  });

  test('who publishes anew is seen over the old stream until the first packet of the new one', () => {
    const again = { ...published(10, 'a'), streamId: 'again', dump: 'again.mjr' };
    const events = journal(entered(1, 'a'), published(1, 'a'), again, unpublished(10.01, 'a'));
    const old = ['a-video.mjr', { firstPacketUs: 1 * S, lastPacketUs: 10 * S }] as const;
    expect(pictures(events, 10.3, new Map([old]))).toEqual(['a:a-video.mjr']);
    const facts = new Map<string, StreamFacts>([old, ['again.mjr', { firstPacketUs: 10.2 * S, lastPacketUs: null }]]);
    expect(pictures(events, 10.19, facts)).toEqual(['a:a-video.mjr']);
    expect(pictures(events, 10.2, facts)).toEqual(['a:again.mjr']);
  });

  test('places cover what they should at any time: as many as users, at most 25, rest said', () => {
    const action = fc.record({ user: fc.nat(40), leave: fc.boolean(), gap: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), fc.nat(300), (actions, atS) => {
        let clock = 0;
        const present: string[] = [];
        const events = journal(
          ...actions.map(({ user, leave, gap }) => {
            clock += gap;
            const userId = `u${user}`;
            if (clock <= atS) {
              if (leave) present.splice(0, present.length, ...present.filter((other) => other !== userId));
              else if (!present.includes(userId)) present.push(userId);
            }
            return leave ? left(clock, userId) : entered(clock, userId);
          }),
        );
        const scene = sceneAt(readRoomHistory(events, 't'), NO_FACTS, GRID, atS * S);
        expect(scene.places.map(({ userId }) => userId)).toEqual(present.slice(0, 25));
        expect(scene.leftOut).toEqual(present.slice(25));
      }),
    );
  });

  test('a shared screen has a place of its own beside the camera, or the only one where there is no camera', () => {
    const events = journal(
      entered(1, 'a'),
      entered(1, 'b'),
      published(1, 'a'),
      shared(3, 'a'),
      muted(5, 'a'),
      unshared(7, 'a'),
      shared(9, 'b'),
      published(11, 'b'),
    );
    expect(pictures(events, 2)).toEqual(['a:a-video.mjr', 'b:-']);
    expect(pictures(events, 3)).toEqual(['a:a-video.mjr', 'a:a-screen.mjr', 'b:-']);
    // A camera that is only switched off keeps its place, so that nobody else's moves.
    expect(pictures(events, 6)).toEqual(['a:-', 'a:a-screen.mjr', 'b:-']);
    expect(pictures(events, 7.4)).toEqual(['a:-', 'a:a-screen.mjr', 'b:-']);
    expect(pictures(events, 7.5)).toEqual(['a:-', 'b:-']);
    expect(pictures(events, 9)).toEqual(['a:-', 'b:b-screen.mjr']);
    expect(pictures(events, 11)).toEqual(['a:-', 'b:b-video.mjr', 'b:b-screen.mjr']);
  });

  test('who shows nothing has no place when the layout says so', () => {
    const events = journal(entered(1, 'a'), entered(1, 'b'), published(2, 'a'), shared(3, 'b'), muted(4, 'a'));
    const history = readRoomHistory(events, 't');
    const seen = (atS: number): (string | null)[] =>
      sceneAt(
        history,
        NO_FACTS,
        { ...GRID, layout: { mode: 'grid', pureAudioDisableLayout: true } },
        atS * S,
      ).places.map(({ userId }) => userId);
    expect([1, 2, 3, 4].map(seen)).toEqual([[], ['a'], ['a', 'b'], ['b']]);
  });

  test('what the journal says later does not change what was', () => {
    for (let length = 0; length <= call.length; length += 1) {
      const cut = call.slice(0, length);
      const knownUntilS = (call[length]?.atUs ?? 99 * S) / S - 0.001;
      for (let atS = 0; atS <= Math.min(12, knownUntilS); atS += 0.5)
        expect(pictures(cut, atS)).toEqual(pictures(call, atS));
    }
  });
});

describe('room history', () => {
  test('a user who leaves and a room that closes end what was left open', () => {
    const { streams, stays, closed } = readRoomHistory(
      journal(entered(1, 'a'), published(2, 'a'), left(3, 'a'), entered(4, 'b'), published(5, 'b', 'audio'), {
        atUs: 6 * S,
        type: 'roomClosed',
      }),
      't',
    );
    expect(streams.map(({ untilUs, end }) => [untilUs, end])).toEqual([
      [3 * S, 'normal'],
      [6 * S, 'normal'],
    ]);
    expect(stays.map(({ untilUs }) => untilUs)).toEqual([3 * S, 6 * S]);
    expect(closed).toBe(true);
  });

  test('knows when a stream is muted, from publishing on', () => {
    const [stream] = readRoomHistory(
      journal(published(1, 'a', 'video', true), unmuted(3, 'a'), unmuted(3.5, 'a'), muted(5, 'a'), muted(6, 'a')),
      't',
    ).streams;
    if (stream === undefined) throw new Error('no stream');
    expect([1, 2.9, 3, 4.9, 5, 9].map((atS) => isMuted(stream, atS * S))).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
  });

  test('layout and background are those that were last given up to a moment', () => {
    const modified = (atS: number, backgroundColor: string, taskId = 't'): Bare => ({
      atUs: atS * S,
      type: 'taskModified',
      taskId,
      parameters: { ...DEFAULT_TASK_PARAMETERS, backgroundColor, layout: { mode: 'floating' } },
    });
    const { task } = readRoomHistory(
      journal(
        modified(0.5, '#000001'),
        started(1),
        modified(3, '#000003'),
        modified(4, '#999999', 'u'),
        modified(5, '#000005'),
      ),
      't',
    );
    if (task === null) throw new Error('no task');
    expect([1, 2.999999, 3, 4.9, 5, 99].map((atS) => lookAt(task, atS * S).backgroundColor)).toEqual([
      '#000000',
      '#000000',
      '#000003',
      '#000003',
      '#000005',
      '#000005',
    ]);
    expect(lookAt(task, 2 * S).layout).toEqual({ mode: 'grid' });
    expect(lookAt(task, 3 * S).layout).toEqual({ mode: 'floating' });
    expect(task.parameters).toEqual(DEFAULT_TASK_PARAMETERS);
  });

  test('tasks of others are not ours', () => {
    expect(readRoomHistory(journal(started(1), stopped(9)), 'other').task).toBeNull();
    expect(readRoomHistory(journal(started(1), stopped(9)), 't').task).toMatchObject({ fromUs: S, untilUs: 9 * S });
  });
});

describe('window', () => {
  test('frames lie where they belong, however many there are', () => {
    expect(frameTimeUs(7, 108_000, 15)).toBe(7 + 7_200_000_000);
    expect(frameTimeUs(0, 1, 15)).toBe(66_667);
  });

  test('ends with the last packet of those who still send, or with the task', () => {
    const open = readRoomHistory(journal(started(1), published(1, 'a'), published(1, 'b', 'audio'), stopped(20)), 't');
    expect(fileEndUs(open, NO_FACTS, 19 * S)).toBeNull();
    expect(fileEndUs(open, NO_FACTS, 20 * S)).toBe(20 * S);
    const facts = new Map([
      ['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 12 * S }],
      ['b-audio.mjr', { firstPacketUs: 0, lastPacketUs: 13 * S }],
    ]);
    expect(fileEndUs(open, facts, 12.9 * S)).toBeNull();
    expect(fileEndUs(open, facts, 13 * S)).toBe(13 * S);
    // One of them goes on: his end is not known, so the file goes on.
    expect(fileEndUs(open, new Map([['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 12 * S }]]), 13 * S)).toBeNull();
    const silent = readRoomHistory(journal(started(1), published(1, 'a'), muted(5, 'a'), stopped(20)), 't');
    expect(fileEndUs(silent, new Map([['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 5 * S }]]), 19 * S)).toBeNull();
    const together = readRoomHistory(journal(started(1), published(1, 'a'), unpublished(20, 'a'), stopped(20)), 't');
    expect(
      fileEndUs(together, new Map([['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 19.9 * S }]]), 19.9 * S),
    ).toBe(19.9 * S);
    const running = readRoomHistory(journal(started(1), published(1, 'a')), 't');
    expect(fileEndUs(running, facts, 99 * S)).toBeNull();
  });

  test('an idle tail is not in the file: it ends when the last one left, or sent the last packet before vanishing', () => {
    const vanished = (atS: number, userId: string): Bare => ({
      atUs: atS * S,
      type: 'userLeft',
      userId,
      reason: 'timeout',
    });
    const facts = new Map([
      ['a-video.mjr', { firstPacketUs: 0, lastPacketUs: 12 * S }],
      ['b-video.mjr', { firstPacketUs: 0, lastPacketUs: 10 * S }],
    ]);
    const both = [started(1), entered(1, 'a'), entered(1, 'b'), published(1, 'a'), published(1, 'b')];
    const ofVanished = readRoomHistory(journal(...both, vanished(16, 'a'), vanished(16, 'b'), stopped(21)), 't');
    expect(fileEndUs(ofVanished, facts, 11.9 * S)).toBeNull();
    expect(fileEndUs(ofVanished, facts, 12 * S)).toBe(12 * S);
    expect(fileEndUs(ofVanished, NO_FACTS, 12 * S)).toBeNull();
    const ofLeft = readRoomHistory(journal(...both, vanished(14, 'b'), left(15, 'a'), stopped(20)), 't');
    expect(fileEndUs(ofLeft, facts, 14.9 * S)).toBeNull();
    expect(fileEndUs(ofLeft, facts, 15 * S)).toBe(15 * S);
    // Somebody is there, though nothing is sent: the file goes on.
    const quiet = readRoomHistory(journal(started(1), entered(1, 'a'), stopped(20)), 't');
    expect(fileEndUs(quiet, NO_FACTS, 19.9 * S)).toBeNull();
  });

  test('a live render stays behind the journal, a finished one need not', () => {
    const running = readRoomHistory(journal(started(1)), 't');
    expect(isJournalOpenAt(running, 10 * S, 12.4 * S)).toBe(true);
    expect(isJournalOpenAt(running, 10 * S, 12.5 * S)).toBe(false);
    expect(isJournalOpenAt(readRoomHistory(journal(started(1), stopped(9)), 't'), 10 * S, 0)).toBe(false);
  });

  test('gives up a stream that has not been heard of for long, unless it is over and all of it is there', () => {
    const { streams } = readRoomHistory(
      journal(published(1, 'a'), published(1, 'b', 'audio'), unpublished(9, 'b', 'timeout', 'audio')),
      't',
    );
    expect(streams.map((stream) => isWaitedFor(stream, 5 * S, 17 * S))).toEqual([true, true]);
    expect(streams.map((stream) => isWaitedFor(stream, 5 * S, 17.1 * S))).toEqual([false, true]);
  });

  test('waits for who should send: sound always, pictures unless switched off', () => {
    const { streams } = readRoomHistory(
      journal(published(1, 'a'), published(1, 'a', 'audio'), muted(5, 'a'), published(9, 'b')),
      't',
    );
    const waited = (atS: number): boolean[] => streams.map((stream) => isWaitedFor(stream, atS * S, 10 * S));
    expect(waited(4)).toEqual([false, true, false]);
    expect(waited(6)).toEqual([false, true, false]);
    expect(waited(9)).toEqual([false, true, true]);
    const again = readRoomHistory(journal(published(1, 'a'), muted(5, 'a'), unmuted(7, 'a')), 't').streams;
    expect([4, 6, 8].map((atS) => again.map((stream) => isWaitedFor(stream, atS * S, 10 * S)))).toEqual([
      [true],
      [false],
      [true],
    ]);
  });
});
