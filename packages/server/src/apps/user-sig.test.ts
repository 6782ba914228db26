import { randomBytes } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { Api } from 'tls-sig-api-v2';
import { describe, expect, test } from 'vitest';
import { issueUserSig, verifyUserSig } from './user-sig.ts';

const sdkAppId = 1_400_000_001;
const secretKey = randomBytes(32).toString('hex');
const api = new Api(sdkAppId, secretKey);

const verify = (
  userSig: string | undefined,
  over: { sdkAppId?: number; secretKey?: string; userId?: string; nowMs?: number } = {},
) => verifyUserSig({ sdkAppId, secretKey, userId: 'alice', userSig, ...over });
const pack = (document: unknown): string =>
  deflateSync(JSON.stringify(document))
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_');

describe('UserSig', () => {
  test('of the official library is accepted, in all three kinds', () => {
    const plain = verify(api.genUserSig('alice', 3600));
    expect(plain.userBuf).toBeNull();
    expect(Math.abs(plain.expiresAtMs - Date.now() - 3_600_000)).toBeLessThan(2000);
    expect(
      verify(api.genPrivateMapKey('alice', 3600, 77, 255))
        .userBuf?.subarray(3, 8)
        .toString(),
    ).toBe('alice');
    expect(
      verify(api.genPrivateMapKeyWithStringRoomID('alice', 3600, 'room', 255))
        .userBuf?.subarray(-4)
        .toString(),
    ).toBe('room');
  });

  test('of ours is accepted for any user id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (userId) => {
        expect(verify(issueUserSig({ sdkAppId, secretKey, userId }), { userId }).userBuf).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  test.each([undefined, ''])('%o is missing', (nothing) => {
    expect(() => verify(nothing)).toThrow(expect.objectContaining({ code: 'UserSigMissing' }));
  });

  test('of another user or application is foreign', () => {
    expect(() => verify(api.genUserSig('bob', 3600))).toThrow(expect.objectContaining({ code: 'UserSigForeign' }));
    expect(() => verify(new Api(sdkAppId + 1, secretKey).genUserSig('alice', 3600))).toThrow(
      expect.objectContaining({ code: 'UserSigForeign' }),
    );
  });

  test('with another key is invalid', () => {
    expect(() => verify(new Api(sdkAppId, 'other').genUserSig('alice', 3600))).toThrow(
      expect.objectContaining({ code: 'UserSigInvalid' }),
    );
    expect(() => verify(new Api(sdkAppId, 'other').genPrivateMapKey('alice', 3600, 1, 255))).toThrow(
      expect.objectContaining({ code: 'UserSigInvalid' }),
    );
  });

  test('expires to the second, and is not valid before it was made', () => {
    const madeMs = 1_800_000_000_000;
    const sig = issueUserSig({ sdkAppId, secretKey, userId: 'alice', expireS: 60, nowMs: madeMs });
    expect(verify(sig, { nowMs: madeMs + 59_999 }).expiresAtMs).toBe(madeMs + 60_000);
    expect(() => verify(sig, { nowMs: madeMs + 60_000 })).toThrow(expect.objectContaining({ code: 'UserSigExpired' }));
    expect(() => verify(sig, { nowMs: madeMs - 3_600_000 })).toThrow(
      expect.objectContaining({ code: 'UserSigInvalid' }),
    );
  });

  test('that unfolds to a mountain is refused without unfolding it', () => {
    const bomb = deflateSync(Buffer.alloc(2_000_000, 0x20))
      .toString('base64')
      .replaceAll('+', '*')
      .replaceAll('/', '-')
      .replaceAll('=', '_');
    expect(bomb.length).toBeLessThan(4096);
    expect(() => verify(bomb)).toThrow(
      expect.objectContaining({
        code: 'UserSigInvalid',
        cause: expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
      }),
    );
  });

  test('a changed field is never accepted', () => {
    const good = {
      'TLS.ver': '2.0',
      'TLS.identifier': 'alice',
      'TLS.sdkappid': sdkAppId,
      'TLS.time': Math.floor(Date.now() / 1000),
      'TLS.expire': 60,
    };
    for (const change of [
      { 'TLS.expire': 6000 },
      { 'TLS.time': good['TLS.time'] + 1 },
      { 'TLS.userbuf': 'AA==' },
      { 'TLS.sig': '' },
      { 'TLS.expire': '60' },
      { 'TLS.ver': '1.0' },
    ]) {
      expect(() => verify(pack({ ...good, 'TLS.sig': 'A'.repeat(44), ...change }))).toThrow(
        expect.objectContaining({ code: 'UserSigInvalid' }),
      );
    }
  });

  const unpacked = (userSig: string): string | null => {
    try {
      return inflateSync(Buffer.from(plainBase64(userSig), 'base64')).toString();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return null;
    }
  };

  test('whatever comes, the answer is a coded refusal', () => {
    const coded = (userSig: string): void => {
      try {
        verify(userSig);
        expect.unreachable('accepted');
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^UserSig(Missing|Invalid|Foreign|Expired)$/) });
      }
    };
    fc.assert(fc.property(fc.string(), coded), { numRuns: 500 });
    fc.assert(
      fc.property(fc.jsonValue(), (document) => coded(pack(document))),
      { numRuns: 500 },
    );
    const genuine = api.genUserSig('alice', 3600);
    fc.assert(
      fc.property(fc.nat(genuine.length - 1), fc.constantFrom(...'ABCxyz019*-_'), (at, character) => {
        fc.pre(genuine[at] !== character);
        const changed = genuine.slice(0, at) + character + genuine.slice(at + 1);
        // Some bits of base64 and of the packing mean nothing: a change that unpacks to the same document is none.
        fc.pre(unpacked(changed) !== unpacked(genuine));
        coded(changed);
      }),
      { numRuns: 1000 },
    );
  });
});

function plainBase64(sig: string): string {
  return sig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
}
