import { ERROR_CATALOGUE, type ErrorCode } from '@callreel/protocol';
import fastifySwagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import type { ApiInstance } from '../instance.ts';
import { REQUEST_HEADER, SESSION_COOKIE } from '../viewer.ts';
import { answerSchemas } from './answer-schemas.ts';
import { API_TAGS, documented, type RouteDocumentation } from './documented.ts';

// Grows with what clients can see of it, not with the program.
const DOCUMENT_VERSION = '1.0.0';

/**
 * Documents every route that is registered from now on and is `documented`, at `GET /api/v1/openapi.json`. Only the
 * document sees what the routes answer: Fastify writes answers as they are.
 */
export async function documentRoutes(api: ApiInstance): Promise<void> {
  await api.register(fastifySwagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Callreel',
        version: DOCUMENT_VERSION,
        description:
          'Calls and their recordings. Times are microseconds since the Unix epoch (…Us) unless the name says otherwise. ' +
          'HEAD is answered wherever GET is. The REST dialect of the known system has its own types, those of its SDKs, ' +
          'and is not in here.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: Object.entries(API_TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'SecretId and SecretKey of a REST key, or name and password of a console user.',
          },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: SESSION_COOKIE,
            description: `Set by POST /api/v1/session. What changes something needs the header ${REQUEST_HEADER}: 1 too.`,
          },
        },
      },
      security: [{ basic: [] }, { cookie: [] }],
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `part-${index}`) },
    transform: ({ schema, url }) => ({ schema: shownSchema(schema), url }),
  });
  for (const [$id, schema] of Object.entries(answerSchemas)) api.addSchema({ $id, ...schema });

  api.get(
    '/api/v1/openapi.json',
    {
      schema: documented(
        {
          summary: 'This document',
          tag: 'Server',
          open: true,
          answers: { 200: { description: 'OpenAPI 3.1.', json: { type: 'object' } } },
        },
        {},
      ),
    },
    async (_, reply) => reply.header('cache-control', 'no-cache').send(api.swagger()),
  );
}

/** What the document says of a route; what is not documented is hidden. */
function shownSchema(schema: FastifySchema | undefined): FastifySchema {
  if (schema?.documentation === undefined) return { hide: true };
  const { documentation, ...checked } = schema;
  const { summary, tag, body, open = false } = documentation;
  return {
    ...checked,
    ...(body === undefined ? {} : { body }),
    summary,
    tags: [tag],
    ...(open ? { security: [] } : {}),
    response: { ...goodAnswers(documentation), ...errorAnswers(errorsOf(schema, documentation)) },
  };
}

function goodAnswers({ answers }: RouteDocumentation): Record<string, object> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, json, files }]) => [
      status,
      files === undefined
        ? { description, ...(json ?? { type: 'null' }) }
        : { description, content: Object.fromEntries(files.map((type) => [type, { schema: { type: 'string' } }])) },
    ]),
  );
}

function errorsOf(schema: FastifySchema, documentation: RouteDocumentation): ErrorCode[] {
  const { open, errors = [] } = documentation;
  const body = documentation.body ?? schema.body;
  const isChecked = body !== undefined || schema.params !== undefined || schema.querystring !== undefined;
  return [
    ...new Set<ErrorCode>([
      ...errors,
      ...(open === true ? [] : (['NotSignedIn', 'PasswordWrong', 'RequestTooFrequent'] as const)),
      ...(isChecked ? (['ParameterInvalid'] as const) : []),
      ...(body === undefined ? [] : (['MessageMalformed', 'MessageTooLarge'] as const)),
      'InternalError',
    ]),
  ].sort();
}

/** One answer for each status, with the codes that it may have. */
function errorAnswers(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => ERROR_CATALOGUE[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].sentence}`).join(' '),
        type: 'object',
        required: ['error'],
        properties: {
          error: {
            type: 'object',
            required: ['code', 'message', 'retry', 'requestId'],
            properties: {
              code: { type: 'string', enum: those },
              message: { type: 'string' },
              retry: { type: 'boolean', description: 'Whether the same request may succeed later.' },
              requestId: { type: 'string', format: 'uuid' },
            },
          },
        },
      },
    ]),
  );
}
