import type { RoomSnapshot } from '@callreel/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween, EMPTY_ROOM, type RoomView, viewOf } from './room-view.ts';

const snapshot = (facts: Partial<RoomSnapshot>): RoomSnapshot => ({
  roomId: 1,
  users: [],
  streams: [],
  recording: false,
  mediaEpoch: 1,
  ...facts,
});

describe('viewOf', () => {
  it('leaves out oneself, muted streams and the screen', () => {
    const view = viewOf(
      snapshot({
        users: ['amy', 'bob', 'eve'],
        streams: [
          { streamId: 's1', userId: 'amy', kind: 'video', source: 'main', muted: false },
          { streamId: 's2', userId: 'bob', kind: 'video', source: 'main', muted: true },
          { streamId: 's3', userId: 'bob', kind: 'audio', source: 'main', muted: false },
          { streamId: 's4', userId: 'eve', kind: 'video', source: 'aux', muted: false },
        ],
      }),
      'amy',
    );
    expect([...view.users]).toEqual([
      ['bob', { audio: true, video: false }],
      ['eve', { audio: false, video: false }],
    ]);
  });
});

const anyView: fc.Arbitrary<RoomView> = fc.record({
  recording: fc.boolean(),
  users: fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.record({ audio: fc.boolean(), video: fc.boolean() }))
    .map((users) => new Map(Object.entries(users))),
});

describe('changesBetween', () => {
  it('says nothing about what stays', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        expect(changesBetween(view, view)).toEqual([]);
      }),
    );
  });

  it('leads from any view to any other, and nobody is heard of before coming or after leaving', () => {
    fc.assert(
      fc.property(anyView, anyView, (before, after) => {
        const users = new Map([...before.users].map(([id, sends]) => [id, { ...sends }]));
        let { recording } = before;
        for (const change of changesBetween(before, after)) {
          if (change.type === 'recording') recording = change.recording;
          else if (change.type === 'joined') users.set(change.userId, { audio: false, video: false });
          else if (change.type === 'left') users.delete(change.userId);
          else {
            const user = users.get(change.userId);
            expect(user?.[change.type]).toBe(!change.available);
            if (user !== undefined) user[change.type] = change.available;
          }
        }
        expect(recording).toBe(after.recording);
        expect(new Map(users)).toEqual(after.users);
      }),
    );
  });

  it('tells a first room whole', () => {
    expect(
      changesBetween(EMPTY_ROOM, { recording: true, users: new Map([['bob', { audio: true, video: false }]]) }),
    ).toEqual([
      { type: 'recording', recording: true },
      { type: 'joined', userId: 'bob' },
      { type: 'audio', userId: 'bob', available: true },
    ]);
  });
});
