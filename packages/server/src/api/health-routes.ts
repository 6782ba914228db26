import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';

import type { ApiInstance } from './instance.ts';
import { documented } from './openapi/index.ts';

// A part that has not answered by then does not work for anybody who waits for it.
const CHECK_TIMEOUT_MS = 2_000;

/** `GET /healthz`: the process answers. `GET /readyz`: so do the parts it needs; 503 when one does not. */
export function healthRoutes(api: ApiInstance, { checks, log }: Pick<ApiDeps, 'checks' | 'log'>): void {
  const healthSchema = documented(
    {
      summary: 'Whether the process answers',
      tag: 'Server',
      open: true,
      answers: { 200: { description: 'It does.', json: Type.Object({ status: Type.Literal('ok') }) } },
    },
    {},
  );
  api.get('/healthz', { schema: healthSchema }, async () => ({ status: 'ok' }));
  const state = Type.Enum(['ok', 'failed']);
  const readiness = Type.Object({
    status: Type.Enum(['ready', 'notReady']),
    checks: Type.Object({ database: state, mediaServer: state }),
  });
  const readySchema = documented(
    {
      summary: 'Whether the parts answer that the process needs',
      tag: 'Server',
      open: true,
      answers: {
        200: { description: 'They do.', json: readiness },
        503: { description: 'One does not.', json: readiness },
      },
    },
    {},
  );
  api.get('/readyz', { schema: readySchema }, async (_, reply) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await stateOf(name, check)] as const),
    );
    const ready = results.every(([, result]) => result === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'notReady', checks: Object.fromEntries(results) });
  });

  async function stateOf(name: string, check: () => Promise<void>): Promise<'ok' | 'failed'> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => timeout.reject(new Error(`No answer within ${CHECK_TIMEOUT_MS} ms.`)),
      CHECK_TIMEOUT_MS,
    );
    try {
      await Promise.race([check(), timeout.promise]);
      return 'ok';
    } catch (error) {
      log.warn({ err: error, check: name }, 'not ready');
      return 'failed';
    } finally {
      clearTimeout(timer);
    }
  }
}
