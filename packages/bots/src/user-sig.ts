import { createHmac } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** Who a UserSig is for, and how long. */
export type UserSigFacts = {
  sdkAppId: number;
  secretKey: string;
  userId: string;
  /** Seconds for which it holds, default a day. */
  expireS?: number;
  /** Now, in whole seconds since the Unix epoch. */
  nowS?: number;
};

/** A UserSig in the format of `tls-sig-api-v2`: HMAC-SHA256 over four lines, JSON, zlib, base64 with `* - _`. */
export function makeUserSig({
  sdkAppId,
  secretKey,
  userId,
  expireS = 86_400,
  nowS = Math.floor(Date.now() / 1000),
}: UserSigFacts): string {
  const signed = `TLS.identifier:${userId}\nTLS.sdkappid:${sdkAppId}\nTLS.time:${nowS}\nTLS.expire:${expireS}\n`;
  const ticket = {
    'TLS.ver': '2.0',
    'TLS.identifier': userId,
    'TLS.sdkappid': sdkAppId,
    'TLS.time': nowS,
    'TLS.expire': expireS,
    'TLS.sig': createHmac('sha256', secretKey).update(signed).digest('base64'),
  };
  const packed = deflateSync(JSON.stringify(ticket)).toString('base64');
  return packed.replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_');
}
