import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFirstCredentials } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import type { Sfu } from '../sfu/index.ts';
import { type RoomEvent, type RoomIdentity, Rooms } from './index.ts';
import { insertRoom } from './queries.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-rooms-'));
const noSfu: Sfu = {
  ready: true,
  close: async () => undefined,
  open: () => Promise.reject(new Error('Nothing is to be opened.')),
  resume: () => Promise.reject(new Error('Nothing is to be taken over.')),
};
let database: Database;
let identity: RoomIdentity;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  const sdkAppId = (await createFirstCredentials(database.db, join(folder, 'credentials.json')))?.app.sdkAppId ?? 0;
  identity = { roomSessionId: 'unborn', sdkAppId, roomId: '1', roomIdType: 'number' };
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

test.each([
  [['ann'], ['roomClosing', 'userLeft ann', 'roomClosed']],
  [[], ['roomClosing', 'roomClosed']],
  [null, []],
])('a room that a crash left without a state is ended, also in its journal (%j)', async (users, expected) => {
  const events: string[] = [];
  await insertRoom(database.db, identity);
  const rooms = new Rooms({
    db: database.db,
    sfu: noSfu,
    log: pino({ level: 'silent' }),
    capturesFolder: folder,
    mediaTimeoutMs: 1_000,
    outlet: {
      event: async (_, event: RoomEvent) =>
        void events.push('userId' in event ? `${event.type} ${event.userId}` : event.type),
      notify: () => undefined,
      userLost: () => undefined,
    },
  });
  await rooms.resume(await Rooms.left(database.db), () => (users === null ? null : { users: [...users], streams: [] }));
  expect(events).toEqual(expected);
  expect(await Rooms.left(database.db)).toEqual([]);
  expect(rooms.size).toBe(0);
  await database.db.deleteFrom('room_sessions').execute();
});
