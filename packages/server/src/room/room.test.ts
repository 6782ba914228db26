import { pino } from 'pino';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Sfu, SfuRoom, SfuRoomListener, SfuRoomState, SfuTrack } from '../sfu/index.ts';
import { Room } from './room.ts';
import type { RoomIdentity, RoomNotice, RoomParts } from './room-parts.ts';
import type { RoomState } from './room-state.ts';
import { mediaLinesOf } from './session-description.ts';

const IDENTITY: RoomIdentity = { roomSessionId: '1-a', sdkAppId: 1, roomId: '7', roomIdType: 'number' };

/** What happened, in order: events of the room, orders to the media server, saved states. */
let happened: string[] = [];
let notices: { to: string[]; notice: RoomNotice }[] = [];
let saved: RoomState | null = null;
let lost: string[] = [];
let listener: SfuRoomListener;
let media: FakeSfuRoom;
let refuse = false;
/** Whether the media server still has a room that is taken over. */
let isKept = false;

/** A media server of our own that takes every offer; it writes down what it is told. */
class FakeSfuRoom implements SfuRoom {
  readonly state: SfuRoomState = {
    roomKey: '',
    captureFolder: '',
    instance: 'i',
    session: 1,
    control: 1,
    publishers: {},
    subscribers: {},
    feeds: 0,
  };
  continues(userId: string, sdp: string): boolean {
    return this.state.publishers[userId]?.origin === sdp;
  }
  async publish({ userId, sdp, captureBase }: { userId: string; sdp: string; captureBase: string | null }) {
    happened.push(`sfu: publish ${userId} ${captureBase}`);
    if (refuse) throw new Error('refused');
    const tracks = mediaLinesOf(sdp).map(({ mid, kind }): SfuTrack => ({ feed: `f-${userId}`, mid, kind }));
    if (!this.continues(userId, sdp))
      this.state.publishers[userId] = {
        handle: 1,
        feed: `f-${userId}`,
        origin: sdp,
        tracks,
        flowing: true,
        captureBase,
      };
    return { sdp: 'answer', tracks };
  }
  async capture(userId: string, captureBase: string | null): Promise<void> {
    happened.push(`sfu: capture ${userId} ${captureBase}`);
    const publisher = this.state.publishers[userId];
    if (publisher !== undefined) publisher.captureBase = captureBase;
  }
  async unpublish(userId: string): Promise<void> {
    if (this.state.publishers[userId] === undefined) return;
    happened.push(`sfu: unpublish ${userId}`);
    delete this.state.publishers[userId];
  }
  async subscribe(userId: string, tracks: SfuTrack[]) {
    happened.push(`sfu: offer to ${userId} ${tracks.map(({ feed, mid }) => `${feed}/${mid}`).join(' ')}`);
    return {
      offerId: 1,
      sdp: 'offer',
      tracks: tracks.map(({ feed, mid }, index) => ({ mid: String(index), feed, feedMid: mid })),
    };
  }
  unsubscribe = (): Promise<void> => Promise.resolve();
  answer = (): Promise<void> => Promise.resolve();
  candidate = (): Promise<void> => Promise.resolve();
  async close(): Promise<void> {
    happened.push('sfu: close');
  }
}

const sfu: Sfu = {
  ready: true,
  open: async (_, heard) => {
    listener = heard;
    media = new FakeSfuRoom();
    return media;
  },
  resume: async (state, heard) => {
    listener = heard;
    if (!isKept) return null;
    const room = new FakeSfuRoom();
    Object.assign(room.state, structuredClone(state));
    return room;
  },
  close: async () => undefined,
};

const parts = (mediaTimeoutMs = 10_000): RoomParts => ({
  sfu,
  log: pino({ level: 'silent' }),
  captureFolder: '/nowhere',
  mediaTimeoutMs,
  outlet: {
    event: async (_, event) => {
      happened.push(
        `journal: ${event.type}${'userId' in event ? ` ${event.userId}` : ''}${'reason' in event ? ` ${event.reason}` : ''}${'dump' in event ? ` ${event.dump}` : ''}${'leaving' in event ? ' leaving' : ''}`,
      );
    },
    save: async (_, state) => {
      saved = structuredClone(state);
    },
    notify: (_, to, notice) => notices.push({ to, notice }),
    userLost: (_, userId) => lost.push(userId),
  },
});

const OFFER = 'v=0\r\nm=audio 9 UDP\r\na=mid:0\r\na=sendonly\r\nm=video 9 UDP\r\na=mid:1\r\na=sendonly\r\n';
const STREAMS = [
  { mid: '0', kind: 'audio' as const, source: 'main' as const },
  { mid: '1', kind: 'video' as const, source: 'main' as const },
];

beforeEach(() => {
  happened = [];
  notices = [];
  lost = [];
  saved = null;
  refuse = false;
  isKept = false;
});

async function withTwo(mediaTimeoutMs?: number): Promise<Room> {
  const room = await Room.open(IDENTITY, parts(mediaTimeoutMs), true);
  await room.enter('alice', 'd1');
  await room.enter('bob', 'd2');
  return room;
}

test('the journal is written before anything takes effect, and a capture is closed before it is said', async () => {
  const room = await withTwo();
  await room.publish('alice', { sdp: OFFER, streams: STREAMS });
  await listener.publisherUp('alice');
  await room.leave('alice', 'normal');
  await room.close();
  expect(happened).toEqual([
    'journal: roomOpened',
    'journal: userEntered alice',
    'journal: userEntered bob',
    'journal: streamPublished alice p1-audio-0.mjr',
    'journal: streamPublished alice p1-video-1.mjr',
    'sfu: publish alice p1',
    'sfu: offer to bob f-alice/0 f-alice/1',
    'sfu: unpublish alice',
    'journal: streamUnpublished alice normal leaving',
    'journal: streamUnpublished alice normal leaving',
    'journal: userLeft alice normal',
    'sfu: offer to bob ',
    'journal: roomClosing',
    'journal: userLeft bob normal',
    'sfu: close',
    'journal: roomClosed',
  ]);
});

test('an offer says whose stream stands where', async () => {
  const room = await withTwo();
  const { streamIds } = await room.publish('alice', { sdp: OFFER, streams: STREAMS });
  await listener.publisherUp('alice');
  const offer = notices.map(({ notice }) => notice).find(({ type }) => type === 'offer');
  expect(offer).toMatchObject({
    streams: [
      { mid: '0', streamId: streamIds[0] },
      { mid: '1', streamId: streamIds[1] },
    ],
  });
  expect(room.snapshot.streams.map(({ streamId }) => streamId)).toEqual(streamIds);
  await room.close();
});

describe('publishing', () => {
  test('over a new connection ends what was published before', async () => {
    const room = await withTwo();
    await room.publish('alice', { sdp: OFFER, streams: STREAMS });
    happened = [];
    await room.publish('alice', { sdp: `${OFFER}a=x\r\n`, streams: STREAMS });
    expect(happened.slice(0, 3)).toEqual([
      'sfu: unpublish alice',
      'journal: streamUnpublished alice normal',
      'journal: streamUnpublished alice normal',
    ]);
    expect(happened).toContain('sfu: publish alice p2');
    await room.close();
  });

  test('again over the same connection begins no new stream', async () => {
    const room = await withTwo();
    const first = await room.publish('alice', { sdp: OFFER, streams: STREAMS });
    happened = [];
    expect((await room.publish('alice', { sdp: OFFER, streams: STREAMS })).streamIds).toEqual(first.streamIds);
    expect(happened).toEqual(['sfu: publish alice null']);
    await room.close();
  });

  test.each([
    ['a mid that the offer lacks', [{ mid: '5', kind: 'audio', source: 'main' }]],
    ['a kind that is another', [{ mid: '0', kind: 'video', source: 'main' }, STREAMS[1]]],
    ['a line too few', [STREAMS[0]]],
    ['one source twice', [STREAMS[0], { mid: '1', kind: 'audio', source: 'main' }]],
  ] as const)('%s is refused, and changes nothing', async (_, streams) => {
    const room = await withTwo();
    happened = [];
    await expect(
      room.publish('alice', { sdp: OFFER, streams: streams.flatMap((each) => (each === undefined ? [] : [each])) }),
    ).rejects.toMatchObject({ code: 'OfferRefused' });
    expect(happened).toEqual([]);
    await room.close();
  });

  test('what the media server refuses is ended in the journal', async () => {
    const room = await withTwo();
    refuse = true;
    happened = [];
    await expect(room.publish('alice', { sdp: OFFER, streams: STREAMS })).rejects.toThrow('refused');
    expect(happened.filter((line) => line.startsWith('journal: streamUn'))).toHaveLength(2);
    expect(room.snapshot.streams).toEqual([]);
    await room.close();
  });
});

test('muting is journalled once, and told to all', async () => {
  const room = await withTwo();
  await room.publish('alice', { sdp: OFFER, streams: STREAMS });
  happened = [];
  await room.mute('alice', { kind: 'video', source: 'main', muted: true });
  await room.mute('alice', { kind: 'video', source: 'main', muted: true });
  expect(happened).toEqual(['journal: streamMuted alice']);
  expect(notices.at(-1)).toMatchObject({ to: ['alice', 'bob'], notice: { type: 'changed' } });
  await expect(room.mute('alice', { kind: 'video', source: 'aux', muted: true })).rejects.toMatchObject({
    code: 'StreamUnknown',
  });
  await expect(room.mute('carol', { kind: 'video', source: 'main', muted: true })).rejects.toMatchObject({
    code: 'RoomNotEntered',
  });
  await room.close();
});

describe('the capture', () => {
  test('is closed before the journal says so, and goes on in other dumps; who publishes meanwhile has none', async () => {
    const room = await withTwo();
    await room.publish('alice', { sdp: OFFER, streams: STREAMS });
    happened = [];
    await room.setCaptured(false);
    await room.setCaptured(false);
    expect(happened).toEqual([
      'sfu: capture alice null',
      'journal: streamCaptured alice null',
      'journal: streamCaptured alice null',
    ]);
    await room.publish('bob', { sdp: OFFER, streams: STREAMS });
    expect(happened.slice(3)).toEqual([
      'journal: streamPublished bob null',
      'journal: streamPublished bob null',
      'sfu: publish bob null',
    ]);
    happened = [];
    await room.setCaptured(true);
    expect(happened).toEqual([
      'journal: streamCaptured alice p3-audio-0.mjr',
      'journal: streamCaptured alice p3-video-1.mjr',
      'sfu: capture alice p3',
      'journal: streamCaptured bob p4-audio-0.mjr',
      'journal: streamCaptured bob p4-video-1.mjr',
      'sfu: capture bob p4',
    ]);
    expect(room.snapshot.streams).toHaveLength(4);
    await room.close();
  });

  test('that is switched while an offer is worked on is switched when it is taken', async () => {
    const room = await withTwo();
    await Promise.all([room.publish('alice', { sdp: OFFER, streams: STREAMS }), room.setCaptured(false)]);
    expect(happened.filter((line) => line.startsWith('sfu'))).toEqual([
      'sfu: publish alice p1',
      'sfu: capture alice null',
    ]);
    expect(saved?.streams.map(({ captureBase }) => captureBase)).toEqual([null, null]);
    await room.close();
  });

  test.each<[string, (state: RoomState) => void, string[]]>([
    [
      'before the media server was told',
      (state) => {
        state.captured = false;
      },
      ['sfu: capture alice null', ...Array(2).fill('journal: streamCaptured alice null')],
    ],
    [
      'after the media server had closed it',
      (state) => {
        state.captured = false;
        Object.assign(state.sfu?.publishers['alice'] ?? {}, { captureBase: null });
      },
      ['sfu: capture alice null', ...Array(2).fill('journal: streamCaptured alice null')],
    ],
    [
      'between the journal and the media server, going on',
      (state) => {
        Object.assign(state.sfu?.publishers['alice'] ?? {}, { captureBase: null });
      },
      [
        'sfu: capture alice null',
        ...Array(2).fill('journal: streamCaptured alice null'),
        'journal: streamCaptured alice p2-audio-0.mjr',
        'journal: streamCaptured alice p2-video-1.mjr',
        'sfu: capture alice p2',
      ],
    ],
    ['when all was done', () => undefined, []],
  ])('that a crash left half switched is switched by the next process: %s', async (_, leave, wanted) => {
    const room = await withTwo();
    await room.publish('alice', { sdp: OFFER, streams: STREAMS });
    const state = saved;
    if (state === null) throw new Error('Nothing was saved.');
    state.sfu = structuredClone(media.state);
    await room.letGo();
    leave(state);
    isKept = true;
    const journal = { users: ['alice', 'bob'], streams: state.streams };
    const resumed = await Room.resume(IDENTITY, parts(), state, journal);
    happened = [];
    await resumed.setCaptured(state.captured);
    expect(happened).toEqual(wanted);
    await resumed.close();
  });
});

describe('a device that is not heard of', () => {
  test('is lost after the media time-out', async () => {
    const room = await withTwo(20);
    room.deviceGone('alice');
    await vi.waitFor(() => expect(lost).toEqual(['alice']));
    expect(happened).toContain('journal: userLeft alice timeout');
    await room.close();
  });

  test('stays while its packets arrive, and is lost when they stop', async () => {
    const room = await withTwo(20);
    await room.publish('alice', { sdp: OFFER, streams: STREAMS });
    listener.receiving('alice', true);
    room.deviceGone('alice');
    room.deviceGone('bob');
    // Bob's time-out is armed after hers: when it is over, so is hers.
    await vi.waitFor(() => expect(lost).toEqual(['bob']));
    expect(room.users.map(({ userId }) => userId)).toEqual(['alice']);
    listener.receiving('alice', false);
    await vi.waitFor(() => expect(lost).toEqual(['bob', 'alice']));
    await room.close();
  });

  test('stays when it comes back in time', async () => {
    const room = await withTwo(20);
    room.deviceGone('alice');
    room.deviceBack('alice');
    room.deviceGone('bob');
    await vi.waitFor(() => expect(lost).toEqual(['bob']));
    expect(room.users.map(({ userId }) => userId)).toEqual(['alice']);
    await room.close();
  });
});

test('a lost media server: all streams end in the journal, and devices are asked to publish anew', async () => {
  const room = await withTwo();
  await room.publish('alice', { sdp: OFFER, streams: STREAMS });
  await listener.roomLost();
  expect(happened.filter((line) => line === 'journal: streamUnpublished alice mediaServerLost')).toHaveLength(2);
  expect(room.snapshot).toMatchObject({ mediaEpoch: 2, streams: [], users: ['alice', 'bob'] });
  await room.close();
});

test('after a crash, what the journal says beyond the saved state never took effect and is ended', async () => {
  const room = await withTwo();
  await room.publish('alice', { sdp: OFFER, streams: STREAMS });
  const state = saved;
  if (state === null) throw new Error('Nothing was saved.');
  await room.letGo();
  happened = [];
  const journal = {
    users: ['alice', 'bob', 'ghost'],
    streams: [
      ...state.streams.map(({ streamId, userId }) => ({ streamId, userId })),
      { streamId: 'never', userId: 'ghost' },
    ],
  };
  const resumed = await Room.resume(IDENTITY, parts(), state, journal);
  expect(happened.slice(0, 2)).toEqual([
    'journal: streamUnpublished ghost timeout leaving',
    'journal: userLeft ghost timeout',
  ]);
  expect(resumed.snapshot.users).toEqual(['alice', 'bob']);
  await resumed.close();
});
