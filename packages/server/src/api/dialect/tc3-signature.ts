import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What an `Authorization: TC3-HMAC-SHA256 …` header says. */
export type Tc3Authorization = {
  secretId: string;
  /** `YYYY-MM-DD` of the scope, in UTC. */
  date: string;
  /** First label of the host that the client was given, so anything. */
  service: string;
  /** In lower case and ascending, as the algorithm has them. */
  signedHeaders: readonly string[];
  /** 64 hexadecimal digits in lower case. */
  signature: string;
};

/** What was signed, as it came over the wire. */
export type SignedRequest = {
  method: 'GET' | 'POST';
  /** Before the `?`. */
  path: string;
  /** Behind the `?`, as it was sent; empty when there is none. */
  query: string;
  /** Value of a header by its name in lower case. */
  header(name: string): string | undefined;
  body: Uint8Array;
  /** Of `X-TC-Timestamp`, in seconds. */
  timestampS: number;
};

const FORM =
  /^TC3-HMAC-SHA256 +Credential=([^\s,/]{1,128})\/(\d{4}-\d{2}-\d{2})\/([^\s,/]{1,255})\/tc3_request *, *SignedHeaders=([^\s,]{1,2048}) *, *Signature=([0-9a-fA-F]{64})$/;
const MUST_BE_SIGNED = ['content-type', 'host'];

/** Reads the header. Null when it is not of the form, names a header twice, or leaves content type or host unsigned. */
export function readAuthorization(header: string): Tc3Authorization | null {
  const match = FORM.exec(header.trim());
  if (match === null) return null;
  const [, secretId = '', date = '', service = '', names = '', signature = ''] = match;
  const signedHeaders = names
    .split(';')
    .map((name) => name.toLowerCase())
    .sort();
  if (new Set(signedHeaders).size !== signedHeaders.length) return null;
  if (!MUST_BE_SIGNED.every((name) => signedHeaders.includes(name))) return null;
  return { secretId, date, service, signedHeaders, signature: signature.toLowerCase() };
}

/**
 * Whether the signature is that of the request. The SDKs differ: that for Node signs the host without its port, the
 * others with it, and values are signed in lower case (as documented) or as they are.
 */
export function isSignatureRight(
  authorization: Tc3Authorization,
  request: SignedRequest,
  host: string,
  secretKey: string,
): boolean {
  if (authorization.date !== dateOf(request.timestampS)) return false;
  const given = Buffer.from(authorization.signature, 'hex');
  let right = false;
  const payloadHash = sha256(request.body);
  for (const each of new Set([host, host.replace(/:\d+$/, '')])) {
    for (const lowerCase of [true, false]) {
      const canonical = canonicalRequest(authorization, { ...request, payloadHash }, { host: each, lowerCase });
      if (canonical === null) return false;
      // Each is looked at, so that the time says nothing of which was meant.
      const expected = tc3Signature(authorization, request.timestampS, canonical, secretKey);
      right = timingSafeEqual(expected, given) || right;
    }
  }
  return right;
}

/** The request as it is signed; null when a header that should be signed is not there. */
export function canonicalRequest(
  { signedHeaders }: Pick<Tc3Authorization, 'signedHeaders'>,
  request: Pick<SignedRequest, 'method' | 'path' | 'query' | 'header'> & { payloadHash: string },
  { host, lowerCase }: { host: string; lowerCase: boolean },
): string | null {
  const lines: string[] = [];
  for (const name of signedHeaders) {
    const value = name === 'host' ? host : request.header(name);
    if (value === undefined) return null;
    lines.push(`${name}:${lowerCase ? value.trim().toLowerCase() : value.trim()}\n`);
  }
  const { method, path, query, payloadHash } = request;
  return [method, path, query, lines.join(''), signedHeaders.join(';'), payloadHash].join('\n');
}

/** The signature of a canonical request. */
export function tc3Signature(
  { date, service }: Pick<Tc3Authorization, 'date' | 'service'>,
  timestampS: number,
  canonical: string,
  secretKey: string,
): Buffer {
  const scope = `${date}/${service}/tc3_request`;
  const text = ['TC3-HMAC-SHA256', timestampS, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
  return hmac(key, text);
}

/** `YYYY-MM-DD` in UTC; empty for what is no time. */
function dateOf(timestampS: number): string {
  const date = new Date(timestampS * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
