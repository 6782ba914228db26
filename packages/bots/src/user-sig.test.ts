import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { makeUserSig } from './user-sig.ts';

// The package that applications use; it has no types and reads the clock itself.
const { Api } = createRequire(import.meta.url)('tls-sig-api-v2') as {
  Api: new (sdkAppId: number, key: string) => { genSig(userId: string, expireS: number, userBuf: null): string };
};

const contents = (sig: string): Record<string, unknown> => {
  const base64 = sig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  return JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString()) as Record<string, unknown>;
};

it('makes the same ticket as the package that applications use', () => {
  const theirs = contents(new Api(1400000000, 'secret').genSig('阿美', 3600, null));
  const ours = contents(
    makeUserSig({
      sdkAppId: 1400000000,
      secretKey: 'secret',
      userId: '阿美',
      expireS: 3600,
      nowS: Number(theirs['TLS.time']),
    }),
  );
  expect(ours).toEqual(theirs);
});
