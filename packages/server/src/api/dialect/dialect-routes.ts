import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import type { Dialect } from './dialect.ts';
import { errorAnswer } from './dialect.ts';
import { DialectError, INTERNAL_ERROR } from './dialect-error.ts';

/** The largest order, with 25 places and 25 watermarks in any script, has some 300 KB. */
const BODY_MAX_BYTES = 1024 * 1024;

/** Name of the constraint that tells requests of the dialect from those of browsers at the same address. */
export const DIALECT_CONSTRAINT = 'dialect';

/** What the constraint is for requests of the dialect. */
const SIGNED = 'TC3';

type RouterOptions = NonNullable<FastifyServerOptions['routerOptions']>;
type Constraint = NonNullable<RouterOptions['constraints']>[string];
type Handler = Parameters<ReturnType<Constraint['storage']>['set']>[1];

/** Routes with this constraint are for requests of the dialect only. */
export const dialectConstraint: Constraint = {
  name: DIALECT_CONSTRAINT,
  storage: () => {
    let handler: Handler | null = null;
    return {
      get: (value) => (value === SIGNED ? handler : null),
      set: (_, set) => {
        handler = set;
      },
    };
  },
  validate: () => undefined,
  deriveConstraint: ({ headers }) =>
    headers['x-tc-action'] !== undefined || headers.authorization?.startsWith('TC3-') === true ? SIGNED : '',
};

/** `POST /`, and `GET /` for whoever is no browser. Every answer has status 200, as in the known system. */
export async function dialectRoutes(api: FastifyInstance, dialect: Pick<Dialect, 'answer'>): Promise<void> {
  await api.register((scope, _, done) => {
    // What is signed are the bytes: they are read here, whatever they are called.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES }, (_, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler<FastifyError | Error>((error, request, reply) =>
      send(reply, errorAnswer(refusedByFastify(error), request.id)),
    );
    scope.post('/', (request, reply) => respond(request, reply, 'POST'));
    scope.get('/', { constraints: { [DIALECT_CONSTRAINT]: SIGNED }, exposeHeadRoute: false }, (request, reply) =>
      respond(request, reply, 'GET'),
    );
    done();
  });

  async function respond(request: FastifyRequest, reply: FastifyReply, method: 'GET' | 'POST'): Promise<FastifyReply> {
    const [path = '', ...query] = request.url.split('?');
    const answer = await dialect.answer({
      method,
      path,
      query: query.join('?'),
      header: (name) => headerOf(request, name),
      body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
      host: request.host,
      requestId: request.id,
    });
    return send(reply, answer);
  }
}

function send(reply: FastifyReply, answer: object): FastifyReply {
  return reply.code(200).type('application/json; charset=utf-8').send(JSON.stringify(answer));
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  return Array.isArray(value) ? value.join(', ') : value;
}

function refusedByFastify(error: FastifyError | Error): DialectError {
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new DialectError('RequestSizeLimitExceeded', `The body must have at most ${BODY_MAX_BYTES} bytes.`);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new DialectError('InvalidRequest', 'The request cannot be read: POST JSON, or GET.');
  return new DialectError(INTERNAL_ERROR, 'Something went wrong on the server.', { cause: error });
}
