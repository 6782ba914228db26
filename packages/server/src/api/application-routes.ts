import { Type } from 'typebox';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { type Authentication, mustChange, sees, type Viewer } from './viewer.ts';

/** Recording settings of an application. */
export function applicationRoutes(
  api: ApiInstance,
  { applications }: Pick<ApiDeps, 'applications'>,
  authentication: Authentication,
): void {
  const params = Type.Object({ sdkAppId: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
  const url = '/api/v1/applications/:sdkAppId/recording';

  api.get(url, { schema: { params } }, async (request) => {
    mustSee(await authentication.viewer(request), request.params.sdkAppId);
    return knownHere(applications.recordingSettings(request.params.sdkAppId));
  });

  api.put(url, { schema: { params } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustChange(viewer);
    return knownHere(applications.setRecordingSettings(request.params.sdkAppId, request.body));
  });
}

/** @throws {CallreelError} `NotAllowed` for who may see another application only. */
export function mustSee(viewer: Viewer, sdkAppId: number): void {
  if (!sees(viewer, sdkAppId))
    throw new CallreelError('NotAllowed', `These credentials belong to another application than ${sdkAppId}.`);
}

/** `ApplicationUnknown` is an answer to a sign-in; here the address is what is wrong. @throws {CallreelError} `NotFound`, and what was thrown otherwise. */
export async function knownHere<T>(found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof CallreelError && error.code === 'ApplicationUnknown')
      throw new CallreelError('NotFound', 'There is no application with this SdkAppId.', { cause: error });
    throw error;
  }
}
