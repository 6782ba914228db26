import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';

// A part that has not answered by then does not work for anybody who waits for it.
const CHECK_TIMEOUT_MS = 2_000;

/** `GET /healthz`: the process answers. `GET /readyz`: so do the parts it needs; 503 when one does not. */
export function healthRoutes(api: ApiInstance, { checks, log }: Pick<ApiDeps, 'checks' | 'log'>): void {
  api.get('/healthz', async () => ({ status: 'ok' }));
  api.get('/readyz', async (_, reply) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await state(name, check)] as const),
    );
    const ready = results.every(([, result]) => result === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'notReady', checks: Object.fromEntries(results) });
  });

  async function state(name: string, check: () => Promise<void>): Promise<'ok' | 'failed'> {
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
