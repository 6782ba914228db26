import type { ApiInstance } from './instance.ts';

const policy = (styles: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    // Signalling; browsers before 2022 do not count WebSockets as 'self'.
    "connect-src 'self' ws: wss:",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const CONTENT_SECURITY_POLICY = policy("'self'");

/** For the call page: its templates set style attributes. Scripts stay as strict as everywhere. */
export const CALL_PAGE_POLICY = policy("'self' 'unsafe-inline'");

/** Headers of every answer: pages load nothing from elsewhere, stand in no frame and tell nobody where they were. */
export function securityHeaders(api: ApiInstance): void {
  api.addHook('onRequest', async (_, reply) => {
    void reply.headers({
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
    });
  });
  // What the API says is nobody's to keep; files and pages say so themselves.
  api.addHook('onSend', async (_, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  });
}
