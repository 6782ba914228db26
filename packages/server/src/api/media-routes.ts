import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { MediaRecord } from '../library/index.ts';
import { byteRange } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { documented, listOf, nextCursorOf, refTo } from './openapi/index.ts';
import { publicPart } from './public-record.ts';
import { type Authentication, mustRead, sees } from './viewer.ts';

const LIMIT_MAX = 100;

/** The library: lists, records and the files themselves. */
export function mediaRoutes(
  api: ApiInstance,
  { library, store }: Pick<ApiDeps, 'library' | 'store'>,
  authentication: Authentication,
): void {
  const querystring = Type.Object(
    {
      namePrefix: Type.Optional(Type.String({ maxLength: 255 })),
      taskId: Type.Optional(Type.String({ maxLength: 100 })),
      roomId: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX })),
      cursor: Type.Optional(Type.String({ maxLength: 200 })),
    },
    { additionalProperties: false },
  );
  const params = Type.Object({ fileId: Type.String({ maxLength: 100 }) });

  /** A record of another application is as unknown as one that never was. */
  const recordOf = async (request: FastifyRequest<{ Params: { fileId: string } }>): Promise<MediaRecord> => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, 'read', 'library');
    const record = await library.get(request.params.fileId);
    if (!sees(viewer, record.sdkAppId)) throw new CallreelError('MediaUnknown');
    return record;
  };

  const listAnswer = listOf('media', 'Media', nextCursorOf(Type.String()));
  const listSchema = documented(
    {
      summary: 'Media records, the newest first',
      tag: 'Library',
      answers: { 200: { description: 'As many as were asked for, and where the list goes on.', json: listAnswer } },
      errors: ['NotAllowed'],
    },
    { querystring },
  );
  api.get('/api/v1/media', { schema: listSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, 'read', 'library');
    const { sdkAppId } = viewer;
    const { limit = 20, ...filters } = request.query;
    const { records, nextCursor } = await library.list({
      ...filters,
      limit,
      ...(sdkAppId === null ? {} : { sdkAppId }),
    });
    return { media: records.map(publicPart), nextCursor };
  });

  const recordSchema = documented(
    {
      summary: 'One media record',
      tag: 'Library',
      answers: { 200: { description: 'The record.', json: refTo('Media') } },
      errors: ['NotAllowed', 'MediaUnknown'],
    },
    { params },
  );
  api.get('/api/v1/media/:fileId', { schema: recordSchema }, async (request) => publicPart(await recordOf(request)));

  api.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/media/:fileId/file',
    schema: documented(
      {
        summary: 'The file itself, or the part that Range asks for; If-Range and If-None-Match are honoured',
        tag: 'Library',
        answers: {
          200: { description: 'The whole.', files: Object.values(CONTENT_TYPES) },
          206: { description: 'The part that was asked for.', files: Object.values(CONTENT_TYPES) },
          304: { description: 'It is the one that the asker has.' },
        },
        errors: ['NotAllowed', 'MediaUnknown', 'FileMissing', 'RangeNotSatisfiable'],
      },
      {
        params,
        querystring: Type.Object({ download: Type.Optional(Type.Literal('1')) }, { additionalProperties: false }),
      },
    ),
    handler: async (request, reply) =>
      sendFile(request, reply, store, await recordOf(request), request.query.download === '1'),
  });

  // By their own names, so that the index finds its sheet beside itself.
  api.route({
    method: ['GET', 'HEAD'],
    url: '/api/v1/media/:fileId/stills/:name',
    schema: documented(
      {
        summary: 'A poster, a sheet of thumbnails, or the WebVTT file whose cues name parts of it',
        tag: 'Library',
        answers: {
          200: { description: 'The file.', files: Object.values(STILL_TYPES) },
          304: { description: 'It is the one that the asker has.' },
        },
        errors: ['NotAllowed', 'MediaUnknown', 'FileMissing'],
      },
      { params: Type.Object({ fileId: Type.String({ maxLength: 100 }), name: Type.String({ maxLength: 255 }) }) },
    ),
    handler: async (request, reply) => sendStill(request, reply, store, await recordOf(request), request.params.name),
  });
}

const STILL_TYPES = Object.freeze({ jpg: 'image/jpeg', vtt: 'text/vtt; charset=utf-8' });

/** What browsers are told of a file. */
const CONTENT_TYPES = Object.freeze({
  mp4: 'video/mp4',
  aac: 'audio/aac',
  webm: 'video/webm',
  hls: 'application/vnd.apple.mpegurl',
} as const satisfies Record<MediaRecord['type'], string>);

/** A still of a file. It never changes, as the file does not. */
async function sendStill(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ApiDeps['store'],
  { stills, objectKey, sha256 }: MediaRecord,
  name: string,
): Promise<FastifyReply> {
  if (stills === null || !Object.values(stills).includes(name)) throw new CallreelError('MediaUnknown');
  const key = `${objectKey.slice(0, objectKey.lastIndexOf('/'))}/${name}`;
  const sizeBytes = await store.size(key);
  if (sizeBytes === null) throw new CallreelError('FileMissing');
  const etag = `"${sha256}-${Object.values(stills).indexOf(name)}"`;
  void reply.headers({ etag, 'cache-control': 'private, no-cache' });
  const { 'if-none-match': ifNoneMatch } = request.headers;
  if (ifNoneMatch !== undefined && matchesTag(ifNoneMatch, etag)) return reply.code(304).send();
  void reply.type(name.endsWith('.vtt') ? STILL_TYPES.vtt : STILL_TYPES.jpg).header('content-length', sizeBytes);
  if (request.method === 'HEAD' || sizeBytes === 0) return reply.send();
  return reply.send(await store.read(key, { start: 0, end: sizeBytes - 1 }));
}

/** A file, or the part that is asked for (RFC 9110, 13 and 14). The hash is the ETag: the same bytes, the same tag. */
async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  store: ApiDeps['store'],
  record: MediaRecord,
  download: boolean,
): Promise<FastifyReply> {
  const sizeBytes = await store.size(record.objectKey);
  if (sizeBytes === null) throw new CallreelError('FileMissing');
  const etag = `"${record.sha256}"`;
  const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers;
  void reply.headers({
    'accept-ranges': 'bytes',
    etag,
    // Kept by the browser, asked about every time: who signs out sees nothing any more.
    'cache-control': 'private, no-cache',
    'content-disposition': contentDisposition(download ? 'attachment' : 'inline', record.name),
  });
  if (ifNoneMatch !== undefined && matchesTag(ifNoneMatch, etag)) return reply.code(304).send();
  const asked = byteRange(ifRange === undefined || ifRange === etag ? range : undefined, sizeBytes);
  if (asked.kind === 'outside') {
    void reply.header('content-range', `bytes */${sizeBytes}`);
    throw new CallreelError('RangeNotSatisfiable', `The file has ${sizeBytes} bytes.`);
  }
  const { start, end } = asked.kind === 'part' ? asked : { start: 0, end: sizeBytes - 1 };
  if (asked.kind === 'part') void reply.code(206).header('content-range', `bytes ${start}-${end}/${sizeBytes}`);
  void reply.type(CONTENT_TYPES[record.type]).header('content-length', end - start + 1);
  if (request.method === 'HEAD' || sizeBytes === 0) return reply.send();
  return reply.send(await store.read(record.objectKey, { start, end }));
}

function matchesTag(header: string, etag: string): boolean {
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
