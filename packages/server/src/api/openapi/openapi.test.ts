import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ERROR_CATALOGUE } from '@callreel/protocol';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { Applications, ConsoleUsers, createFirstCredentials, type RestKeyRecord, RestKeys } from '../../apps/index.ts';
import { type Database, openDatabase } from '../../base/db/index.ts';
import { createLog, nowUs } from '../../base/index.ts';
import type { CallRecord } from '../../call/index.ts';
import { CallbackLog, type CallbackRecord } from '../../callback/index.ts';
import { Catalogue } from '../../library/index.ts';
import type { TaskRecord } from '../../recording/index.ts';
import { LocalStore } from '../../store/index.ts';
import { MemoryRooms } from '../dialect/testing/memory-rooms.ts';
import { type ApiInstance, createApi } from '../index.ts';
import type { PublicRecord } from '../public-record.ts';
import { RouteTable } from '../route-table.ts';
import type { CallbackSchema, CallSchema, KeySchema, MediaSchema, RecordingSchema } from './answer-schemas.ts';

type Operation = {
  summary: string;
  tags: string[];
  security?: object[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: object };
};

/** Pages, the files that they load, and the REST dialect, which has no document. */
const NOT_DOCUMENTED = [
  ...['GET /', 'POST /', 'GET /api/docs', 'GET /api/docs/*', 'GET /call', 'GET /call/', 'GET /call/config.json'],
  ...['GET /library', 'GET /library/*'],
];

const folder = mkdtempSync(join(tmpdir(), 'callreel-openapi-'));
const routes = new RouteTable();
let database: Database;
let api: ApiInstance;
let document: Document;
let admin: string;
let app = 0;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  const { db } = database;
  const created = await createFirstCredentials(db, join(folder, 'credentials.json'));
  if (created === null) throw new Error('no credentials');
  app = created.app.sdkAppId;
  admin = `Basic ${Buffer.from(`${created.admin.user}:${created.admin.password}`).toString('base64')}`;
  const rooms = new MemoryRooms();
  api = await createApi(
    {
      ...{ log: createLog({ level: 'silent' }), demo: false, applications: new Applications(db) },
      ...{ consoleUsers: new ConsoleUsers(db), restKeys: new RestKeys(db) },
      ...{ library: new Catalogue(db), store: await LocalStore.open(join(folder, 'files')) },
      ...{ calls: { list: async () => [] }, recordings: { list: async () => [] } },
      dialect: { recording: null, rooms, history: rooms, usage: null },
      usage: { days: async () => [], points: async () => [] },
      callbacks: new CallbackLog({ db, nowUs, addressOf: async () => null, wake: () => undefined }),
      taskOrders: {
        owner: async () => null,
        start: async () => ({ taskId: '' }),
        modify: async () => undefined,
        pause: async () => undefined,
        resume: async () => undefined,
        stop: async () => undefined,
      },
      checks: { database: async () => undefined, mediaServer: async () => undefined },
      callPageFolder: join(folder, 'nowhere'),
    },
    routes,
  );
  const answer = await api.inject('/api/v1/openapi.json');
  expect(answer.statusCode).toBe(200);
  document = answer.json();
});
afterAll(async () => {
  await api.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

const operations = (): { name: string; operation: Operation }[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );

test('is an OpenAPI document, all of whose references lead somewhere', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, name]) => name);
  expect(references.length).toBeGreaterThan(10);
  const parts = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(references.filter((name) => name === undefined || !parts.includes(name))).toEqual([]);
  expect((await new Validator().validate({ ...structuredClone(document), paths: { 'no-slash': 1 } })).valid).toBe(
    false,
  );
});

test('names every route of the server and no other', () => {
  const named = operations().map(({ name }) => name.replaceAll(/\{(\w+)\}/g, ':$1'));
  expect(new Set(named).size).toBe(named.length);
  const all = routes.all();
  // Every GET is answered as HEAD too.
  const wanted = new Set(all.filter((name) => !name.startsWith('HEAD ') || named.includes(name)));
  expect([...named, ...NOT_DOCUMENTED].sort()).toEqual([...wanted]);
  expect(named.filter((name) => name.includes(' /api/v1/')).length).toBeGreaterThan(20);
});

test('says of every route what it is, who may ask and how it is answered', () => {
  for (const { name, operation } of operations()) {
    const statuses = Object.entries(operation.responses);
    expect(operation.summary, name).toMatch(/^[A-Z].{5,}[^.]$/);
    expect(operation.tags, name).toHaveLength(1);
    expect(
      statuses.some(([status]) => status.startsWith('2')),
      name,
    ).toBe(true);
    if (/^(PUT|PATCH)|^POST .*(recordings|keys|session|test)$/.test(name)) {
      expect(operation.requestBody, name).toBeDefined();
      expect(JSON.stringify(operation.requestBody), name).not.toContain('"schema":{}');
    }
    const open = ['POST /api/v1/session', 'GET /api/v1/openapi.json', 'GET /healthz', 'GET /readyz'].includes(name);
    expect(operation.security?.length === 0, name).toBe(open);
    expect(JSON.stringify(operation.responses['401'] ?? null).includes('NotSignedIn'), name).toBe(!open);
  }
  expect(Object.keys(document.components.securitySchemes)).toEqual(['basic', 'cookie']);
});

test('names only errors of the catalogue, each at its status', () => {
  const catalogue: Record<string, { status: number }> = ERROR_CATALOGUE;
  const seen = operations().flatMap(({ operation }) =>
    Object.entries(operation.responses).flatMap(([status, { content }]) => {
      const text = JSON.stringify(content?.['application/json']?.schema ?? {});
      const codes = /"code":\{"type":"string","enum":(\[[^\]]*\])/.exec(text)?.[1];
      return codes === undefined ? [] : (JSON.parse(codes) as string[]).map((code) => ({ status, code }));
    }),
  );
  expect(new Set(seen.map(({ code }) => code)).size).toBeGreaterThan(15);
  expect(seen.filter(({ status, code }) => String(catalogue[code]?.status) !== status)).toEqual([]);
});

test('answers are as the document says', async () => {
  const url = `/api/v1/applications/${app}`;
  const template = (await api.inject({ url: `${url}/recording`, headers: { authorization: admin } })).json();
  for (const [method, path, route, payload] of [
    ['GET', '/api/v1/session', '/api/v1/session'],
    ['GET', '/api/v1/media', '/api/v1/media'],
    ['GET', '/api/v1/callbacks', '/api/v1/callbacks'],
    ['GET', `${url}/recording`, '/api/v1/applications/{sdkAppId}/recording'],
    ['PUT', `${url}/recording`, '/api/v1/applications/{sdkAppId}/recording', template],
    ['PUT', `${url}/callbacks`, '/api/v1/applications/{sdkAppId}/callbacks', {}],
    ['POST', '/api/v1/keys', '/api/v1/keys', { sdkAppId: 'all', scopes: ['read'] }],
    ['GET', '/api/v1/keys', '/api/v1/keys'],
    ['GET', '/healthz', '/healthz'],
    ['GET', '/readyz', '/readyz'],
    ['PUT', `${url}/recording`, '/api/v1/applications/{sdkAppId}/recording', { mode: 'x' }],
    ['GET', '/api/v1/recordings/unknown', '/api/v1/recordings/{taskId}'],
    ['POST', '/api/v1/recordings/unknown/stop', '/api/v1/recordings/{taskId}/stop'],
    ['POST', '/api/v1/callbacks/unknown/resend', '/api/v1/callbacks/{deliveryId}/resend'],
    ['GET', '/api/v1/media/unknown', '/api/v1/media/{fileId}'],
    ['DELETE', '/api/v1/keys/unknown', '/api/v1/keys/{secretId}'],
  ] as const) {
    const answer = await api.inject({
      ...{ method, url: path, headers: { authorization: admin } },
      ...(payload === undefined ? {} : { payload }),
    });
    const operation = document.paths[route]?.[method.toLowerCase()];
    const schema = operation?.responses[answer.statusCode]?.content?.['application/json']?.schema;
    expect(schema, `${method} ${path} ${answer.statusCode}`).toBeDefined();
    const whole = { ...schema, components: document.components };
    expect([...Compile(whole).Errors(answer.json())], `${method} ${path}`).toEqual([]);
    expect(Compile(whole).Check({ keys: [{}], status: 1, error: {} }), `${method} ${path}`).toBe(false);
  }
});

test('what is answered has the types of the schemas', () => {
  expectTypeOf<PublicRecord>().toExtend<Static<typeof MediaSchema>>();
  expectTypeOf<TaskRecord>().toExtend<Static<typeof RecordingSchema>>();
  expectTypeOf<CallRecord>().toExtend<Static<typeof CallSchema>>();
  expectTypeOf<CallbackRecord>().toExtend<Static<typeof CallbackSchema>>();
  expectTypeOf<Omit<RestKeyRecord, 'scopes'>>().toExtend<Omit<Static<typeof KeySchema>, 'scopes'>>();
});
