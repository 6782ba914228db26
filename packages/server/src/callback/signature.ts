import { createHmac } from 'node:crypto';

/** The header `Sign`: base64 of HMAC-SHA256 over the body as it is posted. */
export function signatureOf(key: string, body: string): string {
  return createHmac('sha256', key).update(body).digest('base64');
}
