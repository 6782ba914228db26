import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchOutside, isPublicAddress, type OutboundRequest } from './outbound-fetch.ts';

let server: Server;
let origin = '';
let port = 0;
let asked: string[] = [];
const open = new Set<ServerResponse>();

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(`${request.headers.host} ${path}`);
    open.add(response.on('close', () => open.delete(response)));
    if (path === '/hang') return;
    if (path === '/slow') {
      response.write('a');
      const drip = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(drip));
    } else if (path === '/gigabyte') {
      const block = Buffer.alloc(64 * 1024);
      const pour = (): void => {
        while (response.write(block)) if (response.closed) return;
        response.once('drain', pour);
      };
      pour();
    } else if (path === '/promise') response.writeHead(200, { 'content-length': 2 ** 30 }).write('a');
    else if (path === '/broken') response.writeHead(500).end('broken');
    else if (path === '/cut') {
      response.writeHead(200, { 'content-length': 100 }).write('a', () => response.destroy());
    } else if (path.startsWith('/to?')) response.writeHead(302, { location: path.slice(4) }).end('see there');
    else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else response.end(`ok ${request.method}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  origin = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const local = (address: string): boolean => address === '127.0.0.1';
const ask = (path: string, more: Partial<OutboundRequest> = {}): Promise<string> =>
  fetchOutside(path.startsWith('/') ? origin + path : path, {
    allows: local,
    maxBytes: 100_000,
    timeoutMs: 2_000,
    ...more,
  }).then(({ status, body }) => `${status} ${body.toString()}`);
const refused = (
  path: string,
  sentence: string | RegExp,
  retry: boolean,
  more: Partial<OutboundRequest> = {},
): Promise<void> =>
  expect(ask(path, more)).rejects.toMatchObject({
    name: 'OutboundError',
    message: expect.stringMatching(sentence),
    retry,
  });

describe('what is public', () => {
  test.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('asking outside', () => {
  test('gives what comes back', async () => {
    expect(await ask('/x')).toBe('200 ok GET');
    expect(await ask('/x', { method: 'POST', body: '{}' })).toBe('200 ok POST');
    expect(await ask('/broken')).toBe('500 broken');
    expect(await ask('/to?/x')).toBe('200 ok GET');
  });

  test.each(['ftp://a/b', 'file:///etc/passwd', 'nonsense', 'data:image/png;base64,AAAA'])(
    '%s is not asked',
    async (url) => {
      await refused(url, 'begins with http', false);
      await refused(`/to?${encodeURI(url.includes(':') ? url : 'gopher://x')}`, 'begins with http', false);
    },
  );

  test.each(['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]'])(
    'http://%s is refused by default, and nothing gets there',
    async (host) => {
      asked = [];
      await refused(`http://${host}:${port}/x`, 'not a public one', false, { allows: isPublicAddress });
      expect(asked).toEqual([]);
    },
  );

  test('a redirect to a private address is refused, and nothing gets there', async () => {
    asked = [];
    await refused(`/to?http://127.0.0.2:${port}/x`, 'not a public one', false);
    await refused(`/to?http://localhost:${port}/x`, 'not a public one', false, {
      resolve: (_name, _options, done) => done(null, [{ address: '127.0.0.2', family: 4 }]),
    });
    expect(asked.filter((line) => line.endsWith(' /x'))).toEqual([]);
  });

  test('what a name leads to is what is checked, each time it is asked for', async () => {
    // The first time it is one that is allowed, then another one: as an attacker's name server would have it.
    let times = 0;
    const resolve: OutboundRequest['resolve'] = (_name, _options, done) => {
      times += 1;
      done(null, [{ address: times === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
    };
    expect(await ask(`http://rebind.example:${port}/x`, { resolve })).toBe('200 ok GET');
    expect(times).toBe(1);
    await refused(`http://rebind.example:${port}/x`, 'not a public one', false, { resolve });
    const both: OutboundRequest['resolve'] = (_name, _options, done) =>
      done(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    expect(await ask(`http://both.example:${port}/x`, { resolve: both })).toBe('200 ok GET');
  });

  test('who does not answer, or drips, is waited for no longer than said', async () => {
    await refused('/hang', 'No answer within 200 ms', true, { timeoutMs: 200 });
    await refused('/slow', 'No answer within 200 ms', true, { timeoutMs: 200 });
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port: silentPort } = silent.address() as AddressInfo;
    await refused(`http://127.0.0.1:${silentPort}/`, 'No answer within 200 ms', true, { timeoutMs: 200 });
    silent.close();
    await refused(`http://never.example/`, 'No answer within 200 ms', true, {
      timeoutMs: 200,
      resolve: () => undefined,
    });
  });

  test('an answer that is too long is not taken', async () => {
    await refused('/gigabyte', 'more than 100000 bytes', false);
    for (const path of ['/gigabyte', '/promise']) {
      const cut = { longBody: 'cut', maxBytes: path === '/promise' ? 1 : 1000 } as const;
      expect((await ask(path, cut)).length).toBe('200 '.length + cut.maxBytes);
    }
    await refused('/promise', 'more than 100000 bytes', false);
    expect(await ask('/x', { maxBytes: 6 })).toBe('200 ok GET');
    await refused('/x', 'more than 5 bytes', false, { maxBytes: 5 });
  });

  test('what breaks may be tried again; what runs in circles may not', async () => {
    await refused('/cut', 'cannot be reached', true);
    await refused('/loop', 'More than 3 redirects', false);
    const closed = connect(port, '127.0.0.1');
    closed.destroy();
    await refused('http://127.0.0.1:1/', 'ECONNREFUSED', true);
    await refused('http://none.example/', 'ENOTFOUND', true, {
      resolve: (_name, _options, done) => done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), []),
    });
  });

  test('it ends when its signal says so, with nothing left open', async () => {
    const abort = new AbortController();
    const answer = ask('/hang', { signal: abort.signal });
    abort.abort(new Error('the end'));
    await expect(answer).rejects.toThrow('the end');
    await expect.poll(() => open.size).toBe(0);
  });
});
