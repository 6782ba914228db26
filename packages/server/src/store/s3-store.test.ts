import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { CloudStorageTarget } from './cloud-storage-target.ts';
import { S3Store, type S3StoreOptions } from './s3-store.ts';
import { TestS3 } from './s3-testkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-s3-store-'));
const stores: S3Store[] = [];
let s3: TestS3;
beforeAll(async () => {
  s3 = await TestS3.start();
});
afterEach(async () => {
  s3.gate = () => 'pass';
  s3.requests.length = 0;
  for (const store of stores.splice(0)) await store.close();
});
afterAll(async () => {
  await s3.close();
  rmSync(folder, { recursive: true });
});

function storeOf(changes: Partial<CloudStorageTarget> = {}, options: S3StoreOptions = { allows: () => true }): S3Store {
  const store = new S3Store(s3.target(changes), options);
  stores.push(store);
  return store;
}

function file(bytes: number): { path: string; sha256: string } {
  const path = join(folder, `${bytes}.mp4`);
  const content = randomBytes(bytes);
  writeFileSync(path, content);
  return { path, sha256: createHash('sha256').update(content).digest('hex') };
}

test.each([1, 300_000, 8 * 1024 * 1024, 20_000_001])(
  'a file of %i bytes is there, whole, and stays here',
  async (bytes) => {
    const { path, sha256 } = file(bytes);
    const key = `a/b-1_/task/1_7__UserId_s_YQ..__UserId_e_main_${bytes}.mp4`;
    await storeOf().put(key, path);
    await storeOf().put(key, path);
    expect(
      createHash('sha256')
        .update(await s3.read(key))
        .digest('hex'),
    ).toBe(sha256);
    expect(existsSync(path)).toBe(true);
    expect(s3.requests.some((request) => request.includes('uploads'))).toBe(bytes > 8 * 1024 * 1024);
  },
);

test.each<[string, Partial<CloudStorageTarget>, string]>([
  ['a key that the store does not know', { accessKey: 'SOMEBODY' }, 'InvalidAccessKeyId'],
  ['a wrong secret', { secretKey: 'very-secret' }, 'SignatureDoesNotMatch'],
  ['no bucket', { bucket: 'nowhere' }, 'NoSuchBucket'],
])('%s is refused for good, without the words of the store', async (_, changes, name) => {
  const error: unknown = await storeOf(changes)
    .put('a/b', file(100).path)
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'StoreRefused', retry: false });
  if (!(error instanceof Error)) throw new Error('It was taken.');
  expect(error.message).toMatch(new RegExp(`It says ${name} \\(40[34]\\)\\.$`));
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/very-secret|SOMEBODY/);
});

test('a store that fails may be tried again, and takes the file when it is back', async () => {
  const { path } = file(5_000);
  s3.gate = () => 'fail';
  const store = storeOf();
  await expect(store.put('away/1.mp4', path)).rejects.toMatchObject({ code: 'StoreUnavailable', retry: true });
  expect(s3.requests.length).toBe(3);
  expect(await s3.keys()).not.toContain('away/1.mp4');
  s3.gate = () => 'pass';
  await store.put('away/1.mp4', path);
  expect(await s3.keys()).toContain('away/1.mp4');
  expect(await s3.read('away/1.mp4')).toEqual(readFileSync(path));
});

test('a store that nobody listens for, or that does not answer, is away', async () => {
  const { path } = file(5_000);
  const nobody = storeOf({ endpointUrl: 'http://127.0.0.1:1' });
  await expect(nobody.put('a/b', path)).rejects.toMatchObject({
    code: 'StoreUnavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  s3.gate = () => 'hold';
  const silent = storeOf({}, { allows: () => true, requestTimeoutMs: 200 });
  await expect(silent.put('a/b', path)).rejects.toMatchObject({ code: 'StoreUnavailable' });
});

test('closing ends an upload', async () => {
  const store = storeOf();
  const asked = new Promise<void>((resolve) => {
    s3.gate = () => {
      resolve();
      return 'hold';
    };
  });
  const put = store.put('a/closed', file(5_000).path);
  const refused = expect(put).rejects.toMatchObject({ code: 'StoreUnavailable' });
  await asked;
  await store.close();
  await refused;
  await store.close();
  await expect(store.put('a/closed', file(10).path)).rejects.toMatchObject({ code: 'StoreUnavailable' });
});

test('private addresses are refused: as such at once, behind names when they are connected to', async () => {
  expect(() => storeOf({}, {})).toThrow(expect.objectContaining({ code: 'StoreRefused' }));
  for (const endpointUrl of ['http://[::1]:9000', 'http://0x7f.1', 'http://169.254.169.254', 'http://10.0.0.1'])
    expect(() => storeOf({ endpointUrl }, {})).toThrow(expect.objectContaining({ code: 'StoreRefused' }));
  const port = new URL(s3.endpointUrl).port;
  const named = storeOf(
    { endpointUrl: `http://store.example:${port}` },
    { resolve: (_, __, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) },
  );
  await expect(named.put('a/b', file(100).path)).rejects.toMatchObject({
    code: 'StoreRefused',
    message: expect.stringContaining('not a public one'),
  });
  expect(s3.requests).toEqual([]);
});

test('the store of the vendor, by its own name of the bucket', async () => {
  const asked: string[] = [];
  const options: S3StoreOptions = {
    resolve: (name, _, done) => {
      asked.push(name);
      done(null, [{ address: '10.0.0.1', family: 4 }]);
    },
  };
  for (const vendor of ['cos', 'aws'] as const)
    await expect(
      storeOf({ vendor, region: 'eu-central-1', bucket: 'my-bucket', endpointUrl: null }, options).put(
        'a/b',
        file(9).path,
      ),
    ).rejects.toMatchObject({ code: 'StoreRefused' });
  expect([...new Set(asked)]).toEqual([
    'my-bucket.cos.eu-central-1.myqcloud.com',
    'my-bucket.s3.eu-central-1.amazonaws.com',
  ]);
});

test('a file that is not there is no fault of the store', async () => {
  await expect(storeOf().put('a/b', join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(storeOf().put('../b', file(9).path)).rejects.toThrow(TypeError);
});
