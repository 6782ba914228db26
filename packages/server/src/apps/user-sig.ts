import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CallreelError } from '../base/callreel-error.ts';

// A signature document is some 200 bytes; one that unfolds to more than this is an attack on memory.
const DOCUMENT_MAX_BYTES = 4096;
const USER_SIG_MAX_CHARS = 4096;

// A client's clock may run ahead of ours by this much before its signature counts as made in the future.
const CLOCK_SKEW_S = 300;

const WholeSeconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** The signed document. */
const Document = Type.Object({
  'TLS.ver': Type.Literal('2.0'),
  'TLS.identifier': Type.String({ minLength: 1 }),
  'TLS.sdkappid': WholeSeconds,
  'TLS.time': WholeSeconds,
  'TLS.expire': Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  'TLS.userbuf': Type.Optional(Type.String()),
  'TLS.sig': Type.String({ minLength: 1 }),
});
type Document = Static<typeof Document>;

/** What a valid UserSig says. */
export type VerifiedUserSig = {
  /** When it stops being valid, in ms since the Unix epoch. */
  expiresAtMs: number;
  /** The privileges of a PrivateMapKey as they were signed; null for a plain UserSig. */
  userBuf: Buffer | null;
};

/**
 * Verifies a UserSig or PrivateMapKey of the tls-sig-api-v2 format: HMAC-SHA256 over a small document,
 * zlib, base64 with `+/=` written `*-_`. Both kinds are accepted.
 *
 * @throws {CallreelError} `UserSigMissing`; `UserSigInvalid` (unreadable or wrongly signed);
 * `UserSigForeign` (of another user or application); `UserSigExpired`.
 */
export function verifyUserSig({
  sdkAppId,
  secretKey,
  userId,
  userSig,
  nowMs = Date.now(),
}: {
  sdkAppId: number;
  secretKey: string;
  userId: string;
  userSig: string | undefined;
  nowMs?: number;
}): VerifiedUserSig {
  if (userSig === undefined || userSig === '') throw new CallreelError('UserSigMissing');
  const document = readDocument(userSig);
  // Foreign before invalid: a signature of another application is never right under our key, and the
  // sentence that helps is the one that says so. Nothing secret is told: the document is the caller's own.
  if (document['TLS.sdkappid'] !== sdkAppId || document['TLS.identifier'] !== userId)
    throw new CallreelError('UserSigForeign');
  const expected = Buffer.from(signature(document, secretKey));
  const given = Buffer.from(document['TLS.sig']);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) throw new CallreelError('UserSigInvalid');
  if (document['TLS.time'] > nowMs / 1000 + CLOCK_SKEW_S)
    throw new CallreelError('UserSigInvalid', 'It was made in the future: compare the clocks.');
  const expiresAtMs = (document['TLS.time'] + document['TLS.expire']) * 1000;
  if (expiresAtMs <= nowMs) throw new CallreelError('UserSigExpired');
  const userBuf = document['TLS.userbuf'];
  return { expiresAtMs, userBuf: userBuf === undefined ? null : Buffer.from(userBuf, 'base64') };
}

/**
 * Issues a UserSig.
 *
 * @param expireS how long it is valid, in seconds; default one day.
 */
export function issueUserSig({
  sdkAppId,
  secretKey,
  userId,
  expireS = 86_400,
  nowMs = Date.now(),
}: {
  sdkAppId: number;
  secretKey: string;
  userId: string;
  expireS?: number;
  nowMs?: number;
}): string {
  const document = {
    'TLS.ver': '2.0' as const,
    'TLS.identifier': userId,
    'TLS.sdkappid': sdkAppId,
    'TLS.time': Math.floor(nowMs / 1000),
    'TLS.expire': expireS,
  };
  const signed = { ...document, 'TLS.sig': signature(document, secretKey) };
  return deflateSync(JSON.stringify(signed))
    .toString('base64')
    .replaceAll('+', '*')
    .replaceAll('/', '-')
    .replaceAll('=', '_');
}

function readDocument(userSig: string): Document {
  if (userSig.length > USER_SIG_MAX_CHARS || !/^[A-Za-z0-9*_-]+$/.test(userSig))
    throw new CallreelError('UserSigInvalid');
  let parsed: unknown;
  try {
    const packed = Buffer.from(userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '='), 'base64');
    parsed = JSON.parse(inflateSync(packed, { maxOutputLength: DOCUMENT_MAX_BYTES }).toString('utf8'));
  } catch (cause) {
    throw new CallreelError('UserSigInvalid', undefined, { cause });
  }
  if (!Value.Check(Document, parsed)) throw new CallreelError('UserSigInvalid');
  return parsed;
}

function signature(document: Omit<Document, 'TLS.sig'>, secretKey: string): string {
  const names = ['TLS.identifier', 'TLS.sdkappid', 'TLS.time', 'TLS.expire', 'TLS.userbuf'] as const;
  const lines = names.flatMap((name) => (document[name] === undefined ? [] : [`${name}:${document[name]}\n`]));
  return createHmac('sha256', secretKey).update(lines.join('')).digest('base64');
}
