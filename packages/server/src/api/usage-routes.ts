import { USAGE_MODES } from '@callreel/protocol';
import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { documented, refTo } from './openapi/index.ts';
import { usageCsv } from './usage-csv.ts';
import { type Authentication, mustRead, mustSee, type Viewer } from './viewer.ts';

/** How long was recorded. */
export function usageRoutes(api: ApiInstance, { usage }: Pick<ApiDeps, 'usage'>, authentication: Authentication): void {
  const querystring = Type.Object(
    {
      sdkAppId: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
      from: Type.String({ maxLength: 40 }),
      to: Type.String({ maxLength: 40 }),
      mode: Type.Optional(Type.Union(USAGE_MODES.map((mode) => Type.Literal(mode)))),
      step: Type.Optional(Type.Union([Type.Literal('day'), Type.Literal('point')])),
      format: Type.Optional(Type.Union([Type.Literal('json'), Type.Literal('csv')])),
    },
    { additionalProperties: false },
  );

  const schema = documented(
    {
      summary: 'Recorded minutes by application, mode, class and day or five minutes',
      tag: 'Recordings',
      answers: {
        200: {
          description: 'What was asked for, as JSON or as CSV.',
          json: refTo('Usage'),
          files: ['text/csv'],
        },
      },
      errors: ['NotAllowed', 'ParameterInvalid', 'UsageRangeTooLong'],
    },
    { querystring },
  );
  api.get('/api/v1/usage', { schema }, async (request, reply) => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, 'read');
    const { from, to, mode, format = 'json', step = from === to ? 'point' : 'day' } = request.query;
    const sdkAppId = applicationOf(viewer, request.query.sdkAppId);
    const query = { from, to, ...(sdkAppId === null ? {} : { sdkAppId }), ...(mode === undefined ? {} : { mode }) };
    const entries = await (step === 'day' ? usage.days(query) : usage.points(query));
    if (format === 'json') return { from, to, step, usage: entries };
    return reply
      .type('text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="usage_${from}_${to}.csv"`)
      .send(usageCsv(entries));
  });
}

/** Whose usage is asked for; null: everybody's. */
function applicationOf(viewer: Viewer, asked: number | undefined): number | null {
  if (asked === undefined) return viewer.sdkAppId;
  mustSee(viewer, asked);
  return asked;
}
