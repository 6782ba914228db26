import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalRequest,
  isSignatureRight,
  readAuthorization,
  type SignedRequest,
  tc3Signature,
} from './tc3-signature.ts';
import { type Signing, signRequest } from './testing/sign-request.ts';

// The examples of the known system's documentation, today's and an older one, with the keys that they are shown with.
const PAYLOAD = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
const PAYLOAD_HASH = '35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064';
const EXAMPLES = [
  {
    secretKey: '*'.repeat(32),
    signedHeaders: ['content-type', 'host', 'x-tc-action'],
    canonicalHash: '7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84',
    signature: '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
  },
  {
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******',
    signedHeaders: ['content-type', 'host'],
    canonicalHash: '5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031',
    signature: '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
  },
];
const KEY = { secretId: 'AKIDtest', secretKey: 'secret' };

function requestOf(signing: Partial<Signing> & { host: string }): { authorization: string; request: SignedRequest } {
  const headers = signRequest({ ...KEY, action: 'DescribeRoomInfo', ...signing });
  return {
    authorization: headers['authorization'] ?? '',
    request: {
      method: signing.method ?? 'POST',
      path: '/',
      query: signing.query ?? '',
      header: (name) => headers[name],
      body: Buffer.from(signing.body ?? ''),
      timestampS: Number(headers['x-tc-timestamp']),
    },
  };
}

function isRight(
  signing: Partial<Signing> & { host: string },
  changes: Partial<SignedRequest> = {},
  host = signing.host,
): boolean {
  const { authorization, request } = requestOf(signing);
  const read = readAuthorization(authorization);
  return read !== null && isSignatureRight(read, { ...request, ...changes }, host, KEY.secretKey);
}

describe('the documented examples', () => {
  const headers = new Map([
    ['content-type', 'application/json; charset=utf-8'],
    ['x-tc-action', 'DescribeInstances'],
  ]);
  const request = {
    method: 'POST' as const,
    path: '/',
    query: '',
    header: (name: string) => headers.get(name),
    payloadHash: createHash('sha256').update(PAYLOAD).digest('hex'),
  };

  test.each(EXAMPLES)('with $signedHeaders', ({ secretKey, signedHeaders, canonicalHash, signature }) => {
    expect(request.payloadHash).toBe(PAYLOAD_HASH);
    const canonical = canonicalRequest({ signedHeaders }, request, {
      host: 'cvm.tencentcloudapi.com',
      lowerCase: true,
    });
    expect(
      createHash('sha256')
        .update(canonical ?? '')
        .digest('hex'),
    ).toBe(canonicalHash);
    const authorization = { secretId: 'AKID', date: '2019-02-25', service: 'cvm', signedHeaders, signature };
    expect(tc3Signature(authorization, 1551113065, canonical ?? '', secretKey).toString('hex')).toBe(signature);
    const signed = { ...request, body: Buffer.from(PAYLOAD), timestampS: 1551113065 };
    expect(isSignatureRight(authorization, signed, 'cvm.tencentcloudapi.com:443', secretKey)).toBe(true);
  });
});

describe('what is signed', () => {
  test.each([
    ['POST with a body', { body: '{"a":1}' }],
    [
      'GET with a query',
      { method: 'GET' as const, query: 'SdkAppId=1&Name=%E4%B8%AD', contentType: 'application/x-www-form-urlencoded' },
    ],
    ['any service', { service: '127' }],
    ['an odd service', { service: 'localhost:22000' }],
    ['further headers', { signed: { 'x-tc-action': 'DescribeRoomInfo', 'x-tc-version': '2019-07-22' } }],
    ['bytes that are no text', { body: new Uint8Array([0, 255, 128, 10]) }],
  ])('%s is taken', (_, signing) => {
    expect(isRight({ host: 'trtc.example.org', ...signing })).toBe(true);
  });

  test.each([
    ['with its port', 'trtc.example.org:8080', 'trtc.example.org:8080', true],
    ['without it', 'trtc.example.org', 'trtc.example.org:8080', true],
    ['of version 6', '[::1]', '[::1]:8080', true],
    ['with another port', 'trtc.example.org:8081', 'trtc.example.org:8080', false],
    ['of somebody else', 'trtc.example.com', 'trtc.example.org', false],
  ])('the host may be signed %s: %s at %s is %s', (_, signed, asked, right) => {
    expect(isRight({ host: signed }, {}, asked)).toBe(right);
  });

  test.each([
    ['body', { body: Buffer.from('{"a":2}') }],
    ['method', { method: 'GET' as const }],
    ['query', { query: 'a=1' }],
    ['path', { path: '/x' }],
    ['second', { timestampS: Math.floor(Date.now() / 1000) + 100 }],
    ['day', { timestampS: Math.floor(Date.now() / 1000) - 86_400 }],
    ['content type', { header: () => 'text/plain' }],
    ['missing header', { header: () => undefined }],
  ])('another %s is refused', (_, changes) => {
    expect(isRight({ host: 'h', body: '{"a":1}' })).toBe(true);
    expect(isRight({ host: 'h', body: '{"a":1}' }, changes)).toBe(false);
  });

  test('another key is refused', () => {
    const { authorization, request } = requestOf({ host: 'h' });
    const read = readAuthorization(authorization);
    expect(read !== null && isSignatureRight(read, request, 'h', 'other')).toBe(false);
  });

  test('every changed digit of a signature is refused', () => {
    const { authorization, request } = requestOf({ host: 'h', body: 'b' });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 1, max: 15 }), (place, by) => {
        const start = authorization.length - 64 + place;
        const digit = (Number.parseInt(authorization[start] ?? '', 16) ^ by).toString(16);
        const read = readAuthorization(authorization.slice(0, start) + digit + authorization.slice(start + 1));
        return read !== null && !isSignatureRight(read, request, 'h', KEY.secretKey);
      }),
    );
  });
});

describe('the header', () => {
  const GOOD = requestOf({ host: 'h' }).authorization;

  test('names of headers count in lower case and in order, however they are listed', () => {
    // Both of one moment: the signature holds the second.
    const { authorization, request } = requestOf({ host: 'h' });
    const read = readAuthorization(authorization.replace('content-type;host', 'Host;Content-Type'));
    expect(read?.signedHeaders).toEqual(['content-type', 'host']);
    expect(read !== null && isSignatureRight(read, request, 'h', KEY.secretKey)).toBe(true);
  });

  test('digits of the signature may be capital, and count as small ones', () => {
    const upper = GOOD.replace(/Signature=(.*)$/, (_, digits: string) => `Signature=${digits.toUpperCase()}`);
    expect(readAuthorization(upper)?.signature).toBe(readAuthorization(GOOD)?.signature);
  });

  test.each([
    ['nothing', ''],
    ['another algorithm', GOOD.replace('TC3-HMAC-SHA256', 'TC3-HMAC-SHA512')],
    ['a host that is not signed', GOOD.replace('content-type;host', 'content-type')],
    ['a content type that is not signed', GOOD.replace('content-type;host', 'host')],
    ['a name twice', GOOD.replace('content-type;host', 'content-type;host;host')],
    ['a short signature', GOOD.slice(0, -1)],
    ['another end of the scope', GOOD.replace('tc3_request', 'tc4_request')],
    ['no date', GOOD.replace(/\/\d{4}-\d\d-\d\d\//, '/')],
    ['something behind it', `${GOOD} x`],
    ['something in front of it', `x ${GOOD}`],
  ])('%s is refused', (_, header) => {
    expect(readAuthorization(GOOD)).not.toBeNull();
    expect(readAuthorization(header)).toBeNull();
  });

  test('whatever comes is read or refused, and never takes long', () => {
    fc.assert(fc.property(fc.string({ maxLength: 5_000 }), (text) => void readAuthorization(text)));
    const longest = `TC3-HMAC-SHA256 ${' '.repeat(100_000)}Credential=a`;
    expect(readAuthorization(longest)).toBeNull();
  });
});
