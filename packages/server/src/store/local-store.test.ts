import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkKey } from './key.ts';
import { LocalStore } from './local-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-store-'));
const root = join(folder, 'files');
let store: LocalStore;
let files = 0;
beforeAll(async () => {
  store = await LocalStore.open(root);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string, place = folder): string {
  files += 1;
  const path = join(place, `in-${files}`);
  writeFileSync(path, content);
  return path;
}

describe('the local store', () => {
  const key = '1400000001/task-1/1400000001_cm9vbQ.._1.mp4';
  beforeEach(async () => {
    await store.put(key, file('0123456789'));
  });

  test('takes a file by moving it', async () => {
    const path = file('abc');
    const { ino } = statSync(path);
    await store.put('a/b', path);
    expect(existsSync(path)).toBe(false);
    expect(statSync(store.localPath('a/b')).ino).toBe(ino);
    expect(await store.size('a/b')).toBe(3);
  });

  test('replaces an object whole, and takes a file again that a crash has moved already', async () => {
    const path = file('second');
    await store.put(key, path);
    await store.put(key, path);
    expect(readFileSync(store.localPath(key), 'utf8')).toBe('second');
    await expect(store.put('a/none', join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('reads any range, both ends included', async () => {
    expect(await text(await store.read(key, { start: 0, end: 9 }))).toBe('0123456789');
    expect(await text(await store.read(key, { start: 3, end: 3 }))).toBe('3');
    expect(await text(await store.read(key, { start: 8, end: 100 }))).toBe('89');
  });

  test('says what is missing', async () => {
    expect(await store.size('1400000001/none')).toBeNull();
    expect(await store.size(`${key}/inside`)).toBeNull();
    expect(await store.size('1400000001')).toBeNull();
    await expect(store.read('1400000001/none', { start: 0, end: 1 })).rejects.toMatchObject({ code: 'FileMissing' });
    await expect(store.read('1400000001', { start: 0, end: 1 })).rejects.toMatchObject({ code: 'FileMissing' });
  });

  test('a reader keeps its file when the object is replaced', async () => {
    const reader = await store.read(key, { start: 0, end: 9 });
    await store.put(key, file('replaced!!'));
    expect(await text(reader)).toBe('0123456789');
  });

  test.skipIf(!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(tmpdir()).dev)(
    'takes a file from another disk, and clears half copies away when opened',
    async () => {
      const elsewhere = mkdtempSync('/dev/shm/callreel-store-');
      try {
        const path = file('from afar', elsewhere);
        await store.put('far/file', path);
        expect(existsSync(path)).toBe(false);
        expect(readFileSync(store.localPath('far/file'), 'utf8')).toBe('from afar');
        expect(readdirSync(join(root, '.unfinished'))).toEqual([]);
        // What a kill in the middle of the copy leaves: a part beside, nothing under the key.
        writeFileSync(join(root, '.unfinished/1-1'), 'from');
        const again = await LocalStore.open(root);
        expect(existsSync(join(root, '.unfinished'))).toBe(false);
        expect(await again.size(key)).toBe(10);
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    },
  );

  test('a place that cannot be written is an error and leaves the file', async () => {
    writeFileSync(join(root, 'blocked'), '');
    const path = file('kept');
    await expect(store.put('blocked/inside', path)).rejects.toThrow();
    expect(readFileSync(path, 'utf8')).toBe('kept');
  });
});

describe('keys', () => {
  test.each([
    '',
    '/',
    '/etc/passwd',
    'a//b',
    'a/',
    '.',
    '..',
    'a/../b',
    '../a',
    'a/..',
    '.hidden/a',
    'a\\..\\b',
    'a\0b',
    'a\nb',
    'x'.repeat(256),
    `${'a/'.repeat(600)}a`,
    '\ud800',
  ])('%o is refused', (key) => {
    expect(() => checkKey(key)).toThrow(TypeError);
    expect(() => store.localPath(key)).toThrow(TypeError);
  });

  test('whatever is accepted stays inside the store', () => {
    mkdirSync(root, { recursive: true });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.array(fc.constantFrom('.', '..', '/', 'a', '\\', '\0', ' ')).map((parts) => parts.join('')),
        ),
        (key) => {
          let path: string;
          try {
            path = store.localPath(key);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            return;
          }
          expect(path).toBe(`${root}/${key}`);
          expect(path.split('/')).not.toContain('..');
        },
      ),
      { numRuns: 1000 },
    );
  });
});
