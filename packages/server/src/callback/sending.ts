import type { CallbackAddress } from '../apps/callback-settings.ts';
import { fetchOutside, OutboundError } from '../base/outbound-fetch.ts';
import type { CallbackAttempt } from './callback-record.ts';
import type { EventRow } from './queries.ts';
import { signatureOf } from './signature.ts';

/** That of the dialect, for all of a try. */
export const TRY_TIMEOUT_MS = 5_000;
/** Enough for any answer that says something; what comes behind it is not read. */
const ANSWER_MAX_BYTES = 64 * 1024;
const ANSWER_KEPT_BYTES = 2048;

/** How tries are made. */
export type SendingParts = {
  nowUs: () => number;
  /** Which addresses may be connected to; public ones by default. */
  allows?: (address: string) => boolean;
  /** Time for all of a try; default {@link TRY_TIMEOUT_MS}. */
  timeoutMs?: number;
};

/** What a try needs to know of its event; `attempts` is the number of the try. */
export type SentEvent = Pick<
  EventRow,
  'delivery_id' | 'sdk_app_id' | 'order_key' | 'kind' | 'event_type' | 'payload' | 'attempts'
>;

/** Order key of test events: their tries say that they are some. */
export const TEST_ORDER_KEY = 'test';

/**
 * Posts an event once. Does not throw: what went wrong is in the answer.
 *
 * It is delivered when the receiver answers 2xx; a call also when the `ErrorCode` of its answer, if it has one, is 0.
 * Redirects are not followed: the body is signed for this address.
 */
export async function send(
  address: CallbackAddress,
  event: SentEvent,
  { nowUs, allows, timeoutMs = TRY_TIMEOUT_MS }: SendingParts,
): Promise<CallbackAttempt> {
  const atUs = nowUs();
  const begun = performance.now();
  const ended = (result: Pick<CallbackAttempt, 'status' | 'error' | 'answer'>): CallbackAttempt => ({
    attempt: event.attempts,
    atUs,
    durationMs: Math.round(performance.now() - begun),
    ...result,
  });
  try {
    const { status, body } = await fetchOutside(urlOf(address.url, event), {
      method: 'POST',
      headers: {
        SdkAppId: String(event.sdk_app_id),
        Sign: signatureOf(address.key, event.payload),
        'Content-Type': 'application/json',
        'X-Callreel-Delivery': event.delivery_id,
        'X-Callreel-Attempt': String(event.attempts),
        ...(event.order_key === TEST_ORDER_KEY ? { 'X-Callreel-Test': '1' } : {}),
      },
      body: event.payload,
      maxBytes: ANSWER_MAX_BYTES,
      longBody: 'cut',
      timeoutMs,
      ...(allows === undefined ? {} : { allows }),
    });
    return ended({ status, error: refusalOf(event, status, body), answer: keptPart(body) });
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return ended({ status: null, error: error.message, answer: null });
  }
}

/** Callbacks of calls say in the address what they are. What the address has already stays. */
function urlOf(address: string, { kind, sdk_app_id, event_type }: SentEvent): string {
  if (kind !== 'call') return address;
  const url = new URL(address);
  url.searchParams.set('SdkAppid', String(sdk_app_id));
  url.searchParams.set('CallbackCommand', event_type);
  url.searchParams.set('contenttype', 'json');
  return url.href;
}

function refusalOf({ kind }: SentEvent, status: number, body: Buffer): string | null {
  if (status >= 300 && status < 400) return `It answered ${status}: redirects are not followed.`;
  if (status < 200 || status > 299) return `It answered ${status}.`;
  const code = kind === 'call' ? errorCodeOf(body) : undefined;
  return code === undefined || code === 0 ? null : `It answered with ErrorCode ${JSON.stringify(code)?.slice(0, 100)}.`;
}

/** The `ErrorCode` of a JSON answer; undefined when it is no JSON, or has none. */
function errorCodeOf(body: Buffer): unknown {
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'ErrorCode') : undefined;
  } catch {
    // An answer need not be JSON: the status has said enough.
    return undefined;
  }
}

/** A text that Postgres takes: it knows no NUL. */
function keptPart(body: Buffer): string {
  return body.subarray(0, ANSWER_KEPT_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}
