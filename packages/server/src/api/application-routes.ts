import { Type } from 'typebox';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { knownHere } from './known-here.ts';
import { documented, refTo } from './openapi/index.ts';
import { type Authentication, mustChange, mustRead, mustSee } from './viewer.ts';

/** Recording settings of an application. */
export function applicationRoutes(
  api: ApiInstance,
  { applications }: Pick<ApiDeps, 'applications'>,
  authentication: Authentication,
): void {
  const params = Type.Object({ sdkAppId: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
  const url = '/api/v1/applications/:sdkAppId/recording';

  const answers = { 200: { description: 'The settings, whole.', json: refTo('RecordingSettings') } };
  const errors = ['NotAllowed', 'NotFound'] as const;

  const getSchema = documented(
    { summary: 'How the calls of an application are recorded', tag: 'Settings', answers, errors },
    { params },
  );
  api.get(url, { schema: getSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, 'read');
    mustSee(viewer, request.params.sdkAppId);
    return knownHere(applications.recordingSettings(request.params.sdkAppId));
  });

  const putSchema = documented(
    {
      summary: 'Replaces the recording settings; rooms that open afterwards go by them',
      tag: 'Settings',
      body: refTo('RecordingSettings'),
      answers,
      errors,
    },
    { params },
  );
  api.put(url, { schema: putSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustChange(viewer, 'all');
    return knownHere(applications.setRecordingSettings(request.params.sdkAppId, request.body));
  });
}
