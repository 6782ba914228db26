import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply } from 'fastify';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { CALL_PAGE_POLICY } from './security-headers.ts';

const LIBRARY_PAGE = join(import.meta.dirname, '../../pages/library');
const DOCS_PAGE = join(import.meta.dirname, '../../pages/docs');
const CALL_PAGE = join(import.meta.dirname, '../../../callkit/dist/page');

/** The pages: the library, the readable form of the document, and the call page as its package built it. */
export async function pageRoutes(
  api: ApiInstance,
  { applications, demo, callPageFolder = CALL_PAGE }: Pick<ApiDeps, 'applications' | 'demo' | 'callPageFolder'>,
): Promise<void> {
  const fresh = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-cache');

  api.get('/', async (_, reply) => reply.redirect('/library', 302));
  await api.register(fastifyStatic, {
    root: LIBRARY_PAGE,
    prefix: '/library/',
    index: false,
    cacheControl: false,
    setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
  });
  api.get('/library', async (_, reply) => fresh(reply).sendFile('index.html', LIBRARY_PAGE, { cacheControl: false }));

  await api.register(fastifyStatic, {
    root: DOCS_PAGE,
    prefix: '/api/docs/',
    decorateReply: false,
    index: false,
    cacheControl: false,
    setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
  });
  api.get('/api/docs', async (_, reply) => fresh(reply).sendFile('index.html', DOCS_PAGE, { cacheControl: false }));

  api.get('/call/config.json', async (_, reply) => {
    const [first] = demo ? await applications.list() : [];
    return fresh(reply).send({ demo, sdkAppId: first?.sdkAppId ?? null });
  });
  if (existsSync(callPageFolder)) {
    await api.register(fastifyStatic, {
      root: callPageFolder,
      prefix: '/call/',
      decorateReply: false,
      index: false,
      cacheControl: false,
      setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
    });
  }
  // `/call/` and `/call` are the same page; what it loads lies below.
  for (const url of ['/call', '/call/']) {
    api.get(url, async (_, reply) => {
      if (!existsSync(join(callPageFolder, 'index.html')))
        throw new CallreelError('NotFound', 'The call page is not built: run scripts/bootstrap.sh run.');
      void reply.header('content-security-policy', CALL_PAGE_POLICY);
      return fresh(reply).sendFile('index.html', callPageFolder, { cacheControl: false });
    });
  }
}
