import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createFirstCredentials } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/index.ts';
import { Outbox } from './outbox.ts';
import { RoomTeller } from './room-teller.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-teller-'));
let database: Database;
let room: RoomIdentity;
let journal: JournalEvent[];
let hasAddress = true;
let isAway = false;
let sessions = 0;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  const sdkAppId = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
  room = { roomSessionId: '', sdkAppId, roomId: '1', roomIdType: 'number' };
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  sessions += 1;
  room = { ...room, roomSessionId: `session-${sessions}` };
  hasAddress = true;
  isAway = false;
  const stream = { streamId: 'c', kind: 'video', source: 'main', muted: false, dump: null } as const;
  const events = [
    { type: 'roomOpened', sdkAppId: room.sdkAppId, roomId: '1', roomIdType: 'number' },
    { type: 'userEntered', userId: 'ann' },
    { type: 'streamPublished', userId: 'ann', ...stream },
    { type: 'taskPaused', taskId: 't' },
    { type: 'roomClosing' },
    { type: 'streamUnpublished', userId: 'ann', streamId: 'c', reason: 'normal', leaving: true },
    { type: 'userLeft', userId: 'ann', reason: 'normal' },
    { type: 'roomClosed' },
  ] as const;
  journal = events.map((event, index) => ({ seq: index + 1, atUs: 1e15 + index * 1e6, ...event }));
});

function newTeller(): RoomTeller {
  const outbox = new Outbox({
    nowUs: () => 2e15,
    addressOf: async () => {
      if (isAway) throw new Error('The database is away.');
      return hasAddress ? { url: 'http://192.0.2.1', key: 'k' } : null;
    },
  });
  return new RoomTeller({ db: database.db, outbox, log: pino({ level: 'silent' }) });
}
const told = async (): Promise<string[]> =>
  (
    await database.db
      .selectFrom('callback_events')
      .select('event_type')
      .where('order_key', '=', `room ${room.roomSessionId}`)
      .orderBy('event_number')
      .execute()
  ).map((row) => row.event_type);
const ALL = ['101', '103', '201', '104', '102'];

test('tells a room line by line', async () => {
  const teller = newTeller();
  for (const event of journal) await teller.tell(room, event);
  expect(await told()).toEqual(ALL);
  await teller.close();
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('killed after %i lines were told, tells the others once', async (lines) => {
  const teller = newTeller();
  for (const event of journal.slice(0, lines)) await teller.tell(room, event);
  const before = await told();
  // The journal is ahead by one line: its process died before it told it.
  const next = newTeller();
  await next.resume(room, journal.slice(0, lines + 1));
  expect((await told()).slice(0, before.length)).toEqual(before);
  for (const event of journal.slice(lines + 1)) await next.tell(room, event);
  expect(await told()).toEqual(ALL);
  await newTeller().resume(room, journal);
  expect(await told()).toEqual(ALL);
});

test('a room that was closed and is closed again by the next process is dismissed once', async () => {
  const teller = newTeller();
  for (const event of journal) await teller.tell(room, event);
  const next = newTeller();
  await next.resume(room, journal);
  await next.tell(room, { seq: 9, atUs: 2e15, type: 'roomClosing' });
  await next.tell(room, { seq: 10, atUs: 2e15, type: 'roomClosed' });
  expect(await told()).toEqual(ALL);
});

test('what happened while there was no address is not told when there is one', async () => {
  hasAddress = false;
  const teller = newTeller();
  for (const event of journal.slice(0, 3)) await teller.tell(room, event);
  hasAddress = true;
  const next = newTeller();
  await next.resume(room, journal.slice(0, 3));
  for (const event of journal.slice(3)) await next.tell(room, event);
  expect(await told()).toEqual(['104', '102']);
});

test('a journal that lost its end in a power cut goes on with the numbers it has', async () => {
  const teller = newTeller();
  for (const event of journal.slice(0, 3)) await teller.tell(room, event);
  const short = journal.slice(0, 1);
  await newTeller().resume(room, short);
  // Another line has the number of a lost one, and its process died before it told it.
  const other: JournalEvent[] = [...short, { seq: 2, atUs: 2e15, type: 'userEntered', userId: 'bob' }];
  const next = newTeller();
  await next.resume(room, other);
  expect(await told()).toEqual(['101', '103', '201', '101', '103']);
  await next.tell(room, { seq: 3, atUs: 2e15, type: 'userLeft', userId: 'bob', reason: 'timeout' });
  expect((await told()).slice(5)).toEqual(['104']);
});

test('an error of the database stops no room; what was to be told comes later, in order', async () => {
  const teller = newTeller();
  await teller.tell(room, journal[0] as JournalEvent);
  isAway = true;
  for (const event of journal.slice(1, 3)) await teller.tell(room, event);
  expect(await told()).toEqual([]);
  isAway = false;
  // By itself, without a further event.
  await vi.waitFor(async () => expect(await told()).toEqual(['101', '103', '201']), { timeout: 10_000 });
  for (const event of journal.slice(3)) await teller.tell(room, event);
  expect(await told()).toEqual(ALL);
});

test('what could not be told at all is told by the next process', async () => {
  const teller = newTeller();
  isAway = true;
  for (const event of journal.slice(0, 3)) await teller.tell(room, event);
  await teller.close();
  await teller.close();
  isAway = false;
  await newTeller().resume(room, journal.slice(0, 3));
  expect(await told()).toEqual(['101', '103', '201']);
});
