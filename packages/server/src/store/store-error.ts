import { S3ServiceException } from '@aws-sdk/client-s3';
import { CallreelError } from '../base/callreel-error.ts';
import { OutboundError } from '../base/outbound-fetch.ts';

/** What stores say with 4xx though it passes by itself. */
const PASSING = new Set(['RequestTimeout', 'RequestTimeTooSkewed', 'SlowDown', 'Throttling', 'OperationAborted']);

/**
 * What a store or the way to it has said, in words of the catalogue: `StoreRefused` for what will not pass by itself.
 * What the store says in its own words is left out, with the cause: it may repeat the key that it was given.
 */
export function storeError(error: unknown): CallreelError {
  if (error instanceof S3ServiceException) {
    const status = error.$metadata.httpStatusCode ?? 0;
    const name = /^[A-Za-z0-9]{1,64}$/.test(error.name) ? error.name : 'Unknown';
    const detail = `It says ${name} (${status}).`;
    const refuses = status >= 300 && status < 500 && status !== 408 && status !== 429 && !PASSING.has(name);
    return new CallreelError(refuses ? 'StoreRefused' : 'StoreUnavailable', detail);
  }
  const outbound = outboundErrorIn(error);
  if (outbound !== null) return new CallreelError('StoreRefused', outbound.message, { cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'connection failed';
  return new CallreelError('StoreUnavailable', `It cannot be reached (${code}).`, { cause: error });
}

/** What the guard said, which the client may have wrapped. */
function outboundErrorIn(error: unknown): OutboundError | null {
  let at = error;
  for (let depth = 0; depth < 4 && at instanceof Error; depth += 1) {
    if (at instanceof OutboundError) return at;
    at = at.cause;
  }
  return null;
}
