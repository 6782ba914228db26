import { createHash, createHmac } from 'node:crypto';

/** What a client signs a request with, as the known system's documentation describes it (not by our own code). */
export type Signing = {
  secretId: string;
  secretKey: string;
  host: string;
  action: string;
  version?: string;
  method?: 'GET' | 'POST';
  query?: string;
  body?: string | Uint8Array;
  contentType?: string;
  service?: string;
  /** Default now. */
  timestampS?: number;
  /** Further headers that are signed, by their names in lower case. */
  signed?: Record<string, string>;
};

/** Signs a request: the headers to send. */
export function signRequest({
  secretId,
  secretKey,
  host,
  action,
  version = '2019-07-22',
  method = 'POST',
  query = '',
  body = '',
  contentType = 'application/json; charset=utf-8',
  service = 'trtc',
  timestampS = Math.floor(Date.now() / 1000),
  signed = {},
}: Signing): Record<string, string> {
  const hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
  const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
  const headers = Object.entries({ 'content-type': contentType, host, ...signed }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = headers.map(([name]) => name).join(';');
  const canonicalHeaders = headers.map(([name, value]) => `${name}:${value.toLowerCase()}\n`).join('');
  const canonical = `${method}\n/\n${query}\n${canonicalHeaders}\n${names}\n${hex(body)}`;
  const date = new Date(timestampS * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${service}/tc3_request`;
  const key = mac(mac(mac(`TC3${secretKey}`, date), service), 'tc3_request');
  const signature = mac(key, `TC3-HMAC-SHA256\n${timestampS}\n${scope}\n${hex(canonical)}`).toString('hex');
  return {
    authorization: `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    'content-type': contentType,
    'x-tc-action': action,
    'x-tc-version': version,
    'x-tc-timestamp': String(timestampS),
    ...signed,
  };
}
