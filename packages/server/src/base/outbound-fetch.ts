import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All of it, from looking the name up to the last byte. */
const TIMEOUT_MS = 10_000;
const REDIRECTS_MAX = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** An answer from outside did not come. The message tells it to operators; `retry`: the same may succeed later. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly retry: boolean;

  constructor(message: string, { retry, cause }: { retry: boolean; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.retry = retry;
  }
}

/** What is asked of another machine, and what it may cost. */
export type OutboundRequest = {
  /** Which addresses may be connected to; {@link isPublicAddress} by default. */
  allows?: (address: string) => boolean;
  /** Longest body that is taken, in bytes. */
  maxBytes: number;
  /** What becomes of a longer one: it is refused (default), or cut, and the rest is not waited for. */
  longBody?: 'refuse' | 'cut';
  /** Time for all of it, in ms; 10 000 by default. */
  timeoutMs?: number;
  /** Given: ends the request. */
  signal?: AbortSignal;
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** Finds the addresses of a name; the system's way by default. */
  resolve?: Resolve;
};

/** Finds all addresses of a name. */
export type Resolve = (
  name: string,
  options: { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What came back. */
export type OutboundAnswer = { status: number; body: Buffer };

/**
 * Whether an address belongs to the public internet: not to this machine, this network, a link, or a purpose of its own.
 * IPv4 addresses inside IPv6 ones are looked at as such.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // Of IPv6 only this is given out as yet (IANA): the rest would reach nothing, or something that is not meant.
  return parsed.kind() === 'ipv4' || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20;
}

/**
 * Asks another machine over http or https, whose address somebody else has given: private addresses are refused, whatever names
 * lead to them. What is checked is the address that is connected to, at every redirect anew, so that a name that
 * changes its address in between gains nothing. Only GET follows redirects, three at most.
 *
 * @throws {OutboundError} | the signal's reason.
 */
export async function fetchOutside(url: string, options: OutboundRequest): Promise<OutboundAnswer> {
  const { timeoutMs = TIMEOUT_MS, signal, method = 'GET' } = options;
  const inTime = AbortSignal.timeout(timeoutMs);
  const ends = signal === undefined ? inTime : AbortSignal.any([inTime, signal]);
  try {
    let at = addressOf(url);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await ask(at, options, ends);
      const location = REDIRECTS.has(answer.status) && method === 'GET' ? answer.location : undefined;
      if (location === undefined) return { status: answer.status, body: answer.body };
      if (redirects === REDIRECTS_MAX)
        throw new OutboundError(`More than ${REDIRECTS_MAX} redirects.`, { retry: false });
      at = addressOf(location, at);
    }
  } catch (error) {
    if (error instanceof OutboundError) throw error;
    signal?.throwIfAborted();
    if (inTime.aborted) throw new OutboundError(`No answer within ${timeoutMs} ms.`, { retry: true, cause: error });
    // What the hook below refuses comes back as the cause of a connection that failed.
    const detail = error instanceof Error && 'code' in error ? String(error.code) : 'connection failed';
    throw new OutboundError(`It cannot be reached (${detail}).`, { retry: true, cause: error });
  }
}

function addressOf(url: string, base?: URL): URL {
  const address = URL.parse(url, base?.href);
  if (address === null || !['http:', 'https:'].includes(address.protocol))
    throw new OutboundError('It is no address that begins with http:// or https://.', { retry: false });
  return address;
}

async function ask(
  url: URL,
  {
    allows = isPublicAddress,
    maxBytes,
    longBody = 'refuse',
    method = 'GET',
    headers = {},
    body,
    resolve = systemLookup,
  }: OutboundRequest,
  signal: AbortSignal,
): Promise<OutboundAnswer & { location: string | undefined }> {
  // Names are looked up by the hook; an address as such never gets there.
  mustBeAllowed(url, allows);
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    // A connection of its own: one that is kept alive was checked for another request.
    agent: false,
    lookup: guardedLookup(allows, resolve),
    headers: { 'accept-encoding': 'identity', 'user-agent': 'callreel', ...headers },
    signal,
  });
  const answered = Promise.withResolvers<IncomingMessage>();
  request.once('response', answered.resolve);
  // Also what comes after the answer: without a listener it would end the process.
  request.on('error', answered.reject);
  request.end(body);
  const response = await answered.promise;
  try {
    const { statusCode: status = 0 } = response;
    const { location } = response.headers;
    const isRedirect = REDIRECTS.has(status) && location !== undefined;
    return { status, location, body: isRedirect ? Buffer.alloc(0) : await bodyOf(response, maxBytes, longBody) };
  } finally {
    request.destroy();
  }
}

async function bodyOf(response: IncomingMessage, maxBytes: number, longBody: 'refuse' | 'cut'): Promise<Buffer> {
  const tooLong = (): OutboundError =>
    new OutboundError(`Its answer has more than ${maxBytes} bytes.`, { retry: false });
  if (longBody === 'refuse' && Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLong();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maxBytes && longBody === 'refuse') throw tooLong();
    chunks.push(chunk);
    if (bytes >= maxBytes && longBody === 'cut') return Buffer.concat(chunks, maxBytes);
  }
  return Buffer.concat(chunks);
}

/**
 * The `lookup` of a connection that gives only those addresses of a name that are allowed; they are what is connected to. An
 * address that stands where a name may is not looked up: see {@link mustBeAllowed}.
 */
export function guardedLookup(allows: (address: string) => boolean, resolve: Resolve = systemLookup): LookupFunction {
  return (name, options, done) => {
    resolve(name, { all: true }, (error, addresses) => {
      if (error !== null) return done(error, '');
      const [first, ...rest] = addresses.filter(({ address }) => allows(address));
      if (first === undefined) return done(refusal(), '');
      if (options.all === true) return done(null, [first, ...rest]);
      return done(null, first.address, first.family);
    });
  };
}

/** Checks what stands as an address in a URL; names pass. @throws {OutboundError} */
export function mustBeAllowed({ hostname }: URL, allows: (address: string) => boolean): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !allows(host)) throw refusal();
}

function refusal(): OutboundError {
  return new OutboundError('Its address is not a public one (outbound.allowPrivate allows others).', { retry: false });
}
