import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../base/db/index.ts';
import { Catalogue } from './catalogue.ts';
import type { MediaRecord } from './library.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-library-'));
let database: Database;
let library: Catalogue;
beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  library = new Catalogue(database.db);
  for (const sdk_app_id of [1, 2])
    await database.db
      .insertInto('applications')
      .values({ sdk_app_id, name: '', secret_key: '', recording: '{}', created_us: 0 })
      .execute();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await database.db.deleteFrom('media_records').execute();
});

function record(name: string, over: Partial<MediaRecord> = {}): Omit<MediaRecord, 'fileId' | 'createdUs'> {
  return {
    sdkAppId: 1,
    taskId: 'task-1',
    roomId: 'room',
    name,
    type: 'mp4',
    sizeBytes: 5_000_000_000,
    durationUs: 15_000_000,
    startUs: 1_800_000_000_000_000,
    widthPx: 1280,
    heightPx: 720,
    sha256: 'ab'.repeat(32),
    objectKey: `1/task-1/${name}`,
    stills: null,
    ...over,
  };
}

const namesOf = (page: { records: MediaRecord[] }): string[] => page.records.map(({ name }) => name);

describe('the library', () => {
  test('adds a record once, however often and however fast it is told', async () => {
    const [one, two] = await Promise.all([
      library.add(record('a.mp4')),
      library.add(record('a.mp4', { sizeBytes: 1 })),
    ]);
    const first = one.record;
    expect([one.isNew, two]).toEqual([true, { record: first, isNew: false }]);
    expect(await library.add(record('a.mp4', { sha256: 'cd' }))).toEqual(two);
    expect(await library.get(first.fileId)).toEqual(first);
    expect(first).toMatchObject(record('a.mp4'));
    expect(first.stills).toBeNull();
    const stills = { poster: 'a.poster.jpg', thumbnails: 'a.thumbnails.jpg', thumbnailsIndex: 'a.thumbnails.vtt' };
    expect(await library.add(record('a.mp4', { taskId: 'task-2', stills }))).toMatchObject({
      ...{ record: { stills }, isNew: true },
    });
    expect((await library.list({ limit: 10 })).records).toHaveLength(2);
  });

  test('knows what it does not have', async () => {
    await expect(library.get('none')).rejects.toMatchObject({ code: 'MediaUnknown' });
    await expect(library.get("' OR 1=1 --")).rejects.toMatchObject({ code: 'MediaUnknown' });
  });

  test('finds by application, task, room and prefix, together', async () => {
    await library.add(record('100%_sure.mp4'));
    await library.add(record('100x_sure.mp4', { taskId: 'task-2', roomId: 'other' }));
    await library.add(record('100%_sure.mp4', { sdkAppId: 2, taskId: 'task-3' }));
    await library.add(record('back\\slash.mp4'));
    expect(namesOf(await library.list({ namePrefix: '100%', limit: 10 }))).toHaveLength(2);
    expect(namesOf(await library.list({ namePrefix: '100%', sdkAppId: 1, limit: 10 }))).toEqual(['100%_sure.mp4']);
    expect(namesOf(await library.list({ namePrefix: '100', roomId: 'other', limit: 10 }))).toEqual(['100x_sure.mp4']);
    expect(namesOf(await library.list({ taskId: 'task-2', limit: 10 }))).toEqual(['100x_sure.mp4']);
    expect(namesOf(await library.list({ namePrefix: 'back\\', limit: 10 }))).toEqual(['back\\slash.mp4']);
    expect(namesOf(await library.list({ namePrefix: '100_', limit: 10 }))).toEqual([]);
  });

  test('a prefix is a prefix and nothing else', async () => {
    const names = ['a', 'ab', 'a_b', 'a%b', 'a\\b', 'ab%', '%', '_', '\\', '录像', '录像1'];
    for (const name of names) await library.add(record(name));
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constantFrom(...names), fc.stringMatching(/^[ab%_\\]{0,3}$/)), async (prefix) => {
        const found = namesOf(await library.list({ namePrefix: prefix, limit: 100 }));
        expect(found.sort()).toEqual(names.filter((name) => name.startsWith(prefix)).sort());
      }),
      { numRuns: 100 },
    );
  });

  test('pages through everything once, the newest first, also when records share a moment and new ones come', async () => {
    for (let n = 0; n < 25; n += 1) await library.add(record(`${n}.mp4`));
    await database.db.updateTable('media_records').set({ created_us: 7 }).where('name', 'like', '1%').execute();
    const before = (await library.list({ limit: 100 })).records.map(({ fileId }) => fileId);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await library.list({ limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.records.length).toBeLessThanOrEqual(4);
      seen.push(...page.records.map(({ fileId }) => fileId));
      cursor = page.nextCursor ?? undefined;
      await library.add(record(`new-${seen.length}.mp4`));
    } while (cursor !== undefined);
    expect(seen).toEqual(before);
  });

  test('the last page says so, also when it is full', async () => {
    for (let n = 0; n < 4; n += 1) await library.add(record(`${n}.mp4`));
    expect((await library.list({ limit: 4 })).nextCursor).toBeNull();
    expect((await library.list({ limit: 3 })).nextCursor).not.toBeNull();
    expect(await library.list({ sdkAppId: 2, limit: 3 })).toEqual({ records: [], nextCursor: null });
  });

  test.each(['x', '', 'MSB4', Buffer.from("1 ' OR 1=1").toString('base64url')])(
    'refuses %o as a cursor',
    async (cursor) => {
      await expect(library.list({ limit: 4, cursor })).rejects.toMatchObject({ code: 'ParameterInvalid' });
    },
  );
});
