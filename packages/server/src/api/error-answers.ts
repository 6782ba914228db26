import { ERROR_CATALOGUE, type ErrorBody } from '@callreel/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CallreelError, type Log } from '../base/index.ts';
import type { RouteTable } from './route-table.ts';

/** Makes every error of the API one of the catalogue: `{error: {code, message, retry, requestId}}`. */
export function answerErrors(api: FastifyInstance, { log, routes }: { log: Log; routes: RouteTable }): void {
  api.setErrorHandler<FastifyError | Error>((error, request, reply) => answer(error, request, reply, log));
  api.setNotFoundHandler((request, reply) => {
    const allowed = routes.methodsAt(request.url);
    // A folder of files knows the method and still has no such file.
    if (allowed.length === 0 || allowed.includes(request.method))
      return answer(new CallreelError('NotFound'), request, reply, log);
    void reply.header('allow', allowed.join(', '));
    return answer(new CallreelError('MethodNotAllowed', `Allowed: ${allowed.join(', ')}.`), request, reply, log);
  });
}

/** Sends one error. What is not of the catalogue becomes one fixed sentence; the log has the rest. */
export function answer(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const known = error instanceof CallreelError ? error : fromFastify(error);
  if (known === undefined || known.code === 'InternalError')
    log.error({ err: error, requestId: request.id, method: request.method }, 'request failed');
  const shown = known ?? new CallreelError('InternalError');
  const { status } = ERROR_CATALOGUE[shown.code];
  const body: ErrorBody = { code: shown.code, message: shown.message, retry: shown.retry, requestId: request.id };
  // A browser asks its user for a password when it sees this; pages of ours have a form of their own.
  if (status === 401 && request.headers['sec-fetch-site'] === undefined)
    void reply.header('www-authenticate', 'Basic realm="Callreel", charset="UTF-8"');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify({ error: body }));
}

/** What Fastify itself refuses. Undefined for everything else: that is ours. */
function fromFastify(error: unknown): CallreelError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { validation, validationContext, statusCode, code } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const [first] = validation;
    const place = `${validationContext ?? ''}${first?.instancePath.replaceAll('/', '.') ?? ''}`;
    const name = first?.keyword === 'additionalProperties' ? ` (${String(first.params.additionalProperty)})` : '';
    return new CallreelError('ParameterInvalid', `${place} ${first?.message ?? 'does not fit'}${name}.`);
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new CallreelError('MessageTooLarge');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new CallreelError('MessageMalformed', 'The body must be application/json.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return statusCode === 404 ? new CallreelError('NotFound') : new CallreelError('MessageMalformed');
  return undefined;
}
