import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify from 'fastify';
import { applicationRoutes } from './application-routes.ts';
import { callbackRoutes } from './callback-routes.ts';
import type { ApiDeps } from './deps.ts';
import {
  DIALECT_CONSTRAINT,
  Dialect,
  dialectConstraint,
  dialectRoutes,
  RateLimiter,
  trtcActions,
} from './dialect/index.ts';
import { answer, answerErrors } from './error-answers.ts';
import { healthRoutes } from './health-routes.ts';
import type { ApiInstance } from './instance.ts';
import { keyRoutes } from './key-routes.ts';
import { listRoutes } from './list-routes.ts';
import { mediaRoutes } from './media-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { RouteTable } from './route-table.ts';
import { securityHeaders } from './security-headers.ts';
import { sessionRoutes } from './session-routes.ts';
import { SignInLimiter } from './sign-in-limiter.ts';
import { taskRoutes } from './task-routes.ts';
import { usageRoutes } from './usage-routes.ts';
import { Authentication } from './viewer.ts';

// Recording settings, the largest body there is, have some 600 bytes.
const BODY_MAX_BYTES = 64 * 1024;

/**
 * Makes the HTTP API with its pages. It listens when the caller says so: `await api.listen({port, host})`;
 * signalling joins at `api.server`. `api.close()` ends running downloads too.
 */
export async function createApi(deps: ApiDeps): Promise<ApiInstance> {
  const log = deps.log.child({ stage: 'api' });
  const api = Fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    trustProxy: deps.trustProxy ?? false,
    forceCloseConnections: true,
    // An id of our own making: one from outside could forge lines of the log.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // Back ends ask at the address where browsers find the pages.
    routerOptions: { constraints: { [DIALECT_CONSTRAINT]: dialectConstraint } },
    ajv: { customOptions: { removeAdditional: false, allErrors: false } },
    frameworkErrors: (error, request, reply) => void answer(error, request, reply, log),
  }).withTypeProvider<TypeBoxTypeProvider>();
  // Only JSON comes in. A form of another site can send text/plain without asking first.
  api.removeContentTypeParser('text/plain');

  const routes = new RouteTable();
  routes.watch(api);
  securityHeaders(api);
  answerErrors(api, { log, routes });
  api.addHook('onResponse', async (request, reply) => {
    log.debug(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });

  const authentication = new Authentication(deps, new SignInLimiter());
  healthRoutes(api, deps);
  sessionRoutes(api, deps, authentication);
  mediaRoutes(api, deps, authentication);
  applicationRoutes(api, deps, authentication);
  callbackRoutes(api, deps, authentication);
  listRoutes(api, deps, authentication);
  taskRoutes(api, deps, authentication);
  usageRoutes(api, deps, authentication);
  keyRoutes(api, deps, authentication);
  const { limiter = new RateLimiter(), ...parts } = deps.dialect;
  const versions = trtcActions({ ...parts, applications: deps.applications });
  await dialectRoutes(api, new Dialect({ ...parts, log, keys: deps.restKeys, versions, limiter }));
  await pageRoutes(api, deps);
  await api.ready();
  return api;
}
