import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomEvent } from '../room/room-event.ts';
import { type CallbackEvent, payloadOf } from './callback-event.ts';
import { type RoomSubject, roomCallback } from './room-callbacks.ts';
import { RoomStory } from './room-story.ts';

const S = 1_000_000;
const AT = 1_800_000_000 * S + 123_456;
const OPENED: RoomEvent = { type: 'roomOpened', sdkAppId: 1_400_000_001, roomId: '8489', roomIdType: 'number' };
const CAMERA = { streamId: 'c', kind: 'video', source: 'main', muted: false, dump: null } as const;
const MICROPHONE = { streamId: 'm', kind: 'audio', source: 'main', muted: false, dump: null } as const;
const SCREEN = { streamId: 's', kind: 'video', source: 'aux', muted: false, dump: null } as const;
const SCREEN_SOUND = { streamId: 'ss', kind: 'audio', source: 'aux', muted: false, dump: null } as const;
const published = (stream: object): RoomEvent =>
  ({ type: 'streamPublished', userId: 'ann', ...stream }) as RoomEvent & { type: 'streamPublished' };

const room = { roomSessionId: 'session', sdkAppId: 1_400_000_001, roomId: '8489', roomIdType: 'number' } as const;

/** What is told of these events, a second after the other. */
function told(
  events: readonly RoomEvent[],
  identity: ConstructorParameters<typeof RoomStory>[0] = room,
): CallbackEvent[] {
  const story = new RoomStory(identity);
  return events.flatMap((event, n) => story.next({ seq: n + 1, atUs: AT + n * S, ...event } satisfies JournalEvent));
}
const typesOf = (events: readonly CallbackEvent[]): (number | string)[] => events.map(({ type }) => type);
const bodyOf = (event: CallbackEvent | undefined): unknown =>
  event === undefined ? undefined : JSON.parse(payloadOf(event, AT + 60 * S));

const entered: RoomEvent = { type: 'userEntered', userId: 'ann' };
const left = (reason: 'normal' | 'timeout' | 'removed'): RoomEvent => ({ type: 'userLeft', userId: 'ann', reason });
const unpublished = (streamId: string, leaving?: true): RoomEvent => ({
  type: 'streamUnpublished',
  userId: 'ann',
  streamId,
  reason: 'normal',
  ...(leaving === undefined ? {} : { leaving }),
});

describe('group 1', () => {
  test('a room is created by who enters first, with the time when it was opened', () => {
    const [created, first] = told([OPENED, entered]);
    expect(bodyOf(created)).toEqual({
      EventGroupId: 1,
      EventType: 101,
      CallbackTs: 1_800_000_060_123,
      EventInfo: { RoomId: 8489, EventTs: 1_800_000_000, EventMsTs: 1_800_000_000_123, UserId: 'ann' },
    });
    expect(bodyOf(first)).toEqual({
      EventGroupId: 1,
      EventType: 103,
      CallbackTs: 1_800_000_060_123,
      EventInfo: {
        RoomId: 8489,
        EventTs: 1_800_000_001,
        EventMsTs: 1_800_000_001_123,
        UserId: 'ann',
        Role: 20,
        TerminalType: 100,
        UserType: 1,
        Reason: 1,
      },
    });
    expect(created).toMatchObject({ kind: 'room', sdkAppId: 1_400_000_001, orderKey: 'room session' });
  });

  test.each([
    ['normal', 1],
    ['timeout', 2],
    ['removed', 3],
  ] as const)('who leaves (%s) has reason %i', (reason, code) => {
    expect(bodyOf(told([OPENED, entered, left(reason)]).at(-1))).toEqual({
      EventGroupId: 1,
      EventType: 104,
      CallbackTs: 1_800_000_060_123,
      EventInfo: {
        RoomId: 8489,
        EventTs: 1_800_000_002,
        EventMsTs: 1_800_000_002_123,
        UserId: 'ann',
        Role: 20,
        Reason: code,
      },
    });
  });

  test('a room is dismissed by nobody, once, and nothing is told after it', () => {
    const all = told([
      OPENED,
      entered,
      { type: 'roomClosing' },
      left('normal'),
      { type: 'roomClosed' },
      { type: 'roomClosing' },
      { type: 'roomClosed' },
      entered,
    ]);
    expect(typesOf(all)).toEqual([101, 103, 104, 102]);
    expect(bodyOf(all.at(-1))).toEqual({
      EventGroupId: 1,
      EventType: 102,
      CallbackTs: 1_800_000_060_123,
      EventInfo: { RoomId: 8489, EventTs: 1_800_000_004, EventMsTs: 1_800_000_004_123 },
    });
  });

  test('a room that nobody entered is not told of', () => {
    expect(told([OPENED, { type: 'roomClosing' }, { type: 'roomClosed' }])).toEqual([]);
  });

  test('a room with a text for its id has a text, also when it looks like a number', () => {
    const text = { ...room, roomId: '0815', roomIdType: 'string' } as const;
    expect(bodyOf(told([OPENED, entered], text)[0])).toMatchObject({ EventInfo: { RoomId: '0815' } });
  });

  test('a change of the role has user and role', () => {
    const subject: RoomSubject = { ...room, orderKey: 'k' };
    const facts = { userId: 'ann', atUs: AT } as const;
    expect(bodyOf(roomCallback(subject, 'roleChanged', { ...facts, role: 'audience' }))).toEqual({
      EventGroupId: 1,
      EventType: 105,
      CallbackTs: 1_800_000_060_123,
      EventInfo: { RoomId: 8489, EventTs: 1_800_000_000, EventMsTs: 1_800_000_000_123, UserId: 'ann', Role: 21 },
    });
    expect(roomCallback(subject, 'roleChanged', { ...facts, role: 'broadcaster' })).toMatchObject({
      info: { Role: 20 },
    });
  });
});

describe('group 2', () => {
  test.each([
    ['camera', CAMERA, 201],
    ['microphone', MICROPHONE, 203],
    ['screen', SCREEN, 205],
  ] as const)('the %s starts and stops', (_, stream, type) => {
    const all = told([OPENED, entered, published(stream), unpublished(stream.streamId)]).slice(2);
    expect(all.map(bodyOf)).toEqual([
      {
        EventGroupId: 2,
        EventType: type,
        CallbackTs: 1_800_000_060_123,
        EventInfo: { RoomId: 8489, EventTs: 1_800_000_002, EventMsTs: 1_800_000_002_123, UserId: 'ann' },
      },
      {
        EventGroupId: 2,
        EventType: type + 1,
        CallbackTs: 1_800_000_060_123,
        EventInfo: { RoomId: 8489, EventTs: 1_800_000_003, EventMsTs: 1_800_000_003_123, UserId: 'ann', Reason: 0 },
      },
    ]);
    expect(all[0]).toMatchObject({ kind: 'media', orderKey: 'room session' });
  });

  test('what is muted has stopped, and starts when it is not muted any more', () => {
    const all = told([
      ...[OPENED, entered, published({ ...CAMERA, muted: true }), published(MICROPHONE)],
      ...([
        { type: 'streamUnmuted', userId: 'ann', streamId: 'c' },
        { type: 'streamMuted', userId: 'ann', streamId: 'm' },
      ] as const),
      ...([{ type: 'streamMuted', userId: 'ann', streamId: 'c' }, unpublished('c')] as const),
    ]);
    expect(typesOf(all)).toEqual([101, 103, 203, 201, 204, 202]);
  });

  test('leaving the room sends 104 only', () => {
    const all = told([
      ...[OPENED, entered, published(CAMERA), published(MICROPHONE)],
      ...[unpublished('c', true), unpublished('m', true), left('normal')],
    ]);
    expect(typesOf(all)).toEqual([101, 103, 201, 203, 104]);
  });

  test('who leaves and comes back starts anew', () => {
    const all = told([
      ...[OPENED, entered, published(CAMERA), unpublished('c', true), left('timeout')],
      ...[entered, published({ ...CAMERA, streamId: 'c2' }), unpublished('c2')],
    ]);
    expect(typesOf(all)).toEqual([101, 103, 201, 104, 103, 201, 202]);
  });

  test('who was about to leave when a crash came, and did not, has never stopped', () => {
    const all = told([
      ...[OPENED, entered, published(CAMERA), unpublished('c', true)],
      ...[published({ ...CAMERA, streamId: 'c2' }), unpublished('c2')],
    ]);
    expect(typesOf(all)).toEqual([101, 103, 201, 202]);
  });

  test('lost media stops and starts', () => {
    const lost = { type: 'streamUnpublished', userId: 'ann', streamId: 'c', reason: 'mediaServerLost' } as const;
    expect(typesOf(told([OPENED, entered, published(CAMERA), lost, published({ ...CAMERA, streamId: 'c2' })]))).toEqual(
      [101, 103, 201, 202, 201],
    );
  });

  test('the sound of a screen, captures and tasks are not told of', () => {
    const story = new RoomStory(room);
    const events: JournalEvent[] = [
      { seq: 1, atUs: AT, ...OPENED },
      { seq: 2, atUs: AT, ...published(SCREEN_SOUND) } as JournalEvent,
      { seq: 3, atUs: AT, type: 'streamCaptured', userId: 'ann', streamId: 'ss', dump: null },
      { seq: 4, atUs: AT, type: 'streamUnmuted', userId: 'ann', streamId: 'ss' },
      { seq: 5, atUs: AT, type: 'taskPaused', taskId: 't' },
      { seq: 6, atUs: AT, type: 'streamUnpublished', userId: 'ann', streamId: 'ss', reason: 'normal' },
    ];
    expect(events.flatMap((event) => story.next(event))).toEqual([]);
  });
});

const USERS = fc.constantFrom('ann', 'bob');
const STREAM_IDS = fc.constantFrom('1', '2', '3', '4');
const ANY_EVENT: fc.Arbitrary<RoomEvent> = fc.oneof(
  fc.record({ type: fc.constant('userEntered' as const), userId: USERS }),
  fc.record({ type: fc.constant('userLeft' as const), userId: USERS, reason: fc.constantFrom('normal', 'timeout') }),
  fc.record({
    type: fc.constant('streamPublished' as const),
    userId: USERS,
    streamId: STREAM_IDS,
    kind: fc.constantFrom('audio', 'video'),
    source: fc.constantFrom('main', 'aux'),
    muted: fc.boolean(),
    dump: fc.constant(null),
  }),
  fc.record({ type: fc.constantFrom('streamMuted', 'streamUnmuted'), userId: USERS, streamId: STREAM_IDS }),
  fc.tuple(USERS, STREAM_IDS, fc.boolean()).map(
    ([userId, streamId, leaving]): RoomEvent => ({
      ...{ type: 'streamUnpublished', userId, streamId, reason: 'normal' },
      ...(leaving ? { leaving } : {}),
    }),
  ),
);

test('whatever a journal says: nothing starts twice, or stops that has not started, and who left sends nothing', () => {
  fc.assert(
    fc.property(fc.array(ANY_EVENT, { maxLength: 60 }), (events) => {
      const sending = new Set<string>();
      for (const event of told([OPENED, ...events])) {
        if (event.kind === 'call') return false;
        const { UserId: userId } = event.info as { UserId: string };
        if (event.type === 104) for (const name of [...sending]) if (name.startsWith(userId)) sending.delete(name);
        if (event.kind !== 'media') continue;
        const starts = event.type % 2 === 1;
        const name = `${userId} ${starts ? event.type : event.type - 1}`;
        if (sending.has(name) === starts) return false;
        if (starts) sending.add(name);
        else sending.delete(name);
      }
      return true;
    }),
  );
});
