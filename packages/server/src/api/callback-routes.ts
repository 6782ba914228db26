import { Type } from 'typebox';
import { CALLBACK_KINDS } from '../apps/index.ts';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { knownHere } from './known-here.ts';
import { type Authentication, mustChange, mustRead, mustSee, sees, type Viewer } from './viewer.ts';

const strict = { additionalProperties: false };
const Kind = Type.Union(CALLBACK_KINDS.map((kind) => Type.Literal(kind)));
const SdkAppId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** Where applications are told of what happens, and the log of what they were told. */
export function callbackRoutes(
  api: ApiInstance,
  { applications, callbacks }: Pick<ApiDeps, 'applications' | 'callbacks'>,
  authentication: Authentication,
): void {
  const ofApplication = Type.Object({ sdkAppId: SdkAppId });
  const settingsUrl = '/api/v1/applications/:sdkAppId/callbacks';

  api.get(settingsUrl, { schema: { params: ofApplication } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustKnowKeys(viewer);
    return knownHere(applications.callbackSettings(request.params.sdkAppId));
  });

  api.put(settingsUrl, { schema: { params: ofApplication } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustChange(viewer, 'all');
    return knownHere(applications.setCallbackSettings(request.params.sdkAppId, request.body));
  });

  const testBody = Type.Object({ kind: Kind }, strict);
  api.post(`${settingsUrl}/test`, { schema: { params: ofApplication, body: testBody } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustChange(viewer, 'all');
    return knownHere(callbacks.test(request.params.sdkAppId, request.body.kind));
  });

  const querystring = Type.Object(
    {
      sdkAppId: Type.Optional(SdkAppId),
      kind: Type.Optional(Kind),
      state: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('delivered'), Type.Literal('givenUp')])),
      orderKey: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      cursor: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    },
    strict,
  );
  api.get('/api/v1/callbacks', { schema: { querystring } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustRead(viewer, 'read');
    const { sdkAppId = viewer.sdkAppId, cursor, limit = 20, ...narrow } = request.query;
    if (sdkAppId !== null) mustSee(viewer, sdkAppId);
    const { callbacks: found, next } = await callbacks.list({
      ...narrow,
      limit,
      ...(sdkAppId === null ? {} : { sdkAppId }),
      ...(cursor === undefined ? {} : { before: cursor }),
    });
    return { callbacks: found, nextCursor: next };
  });

  const ofDelivery = Type.Object({ deliveryId: Type.String({ minLength: 1, maxLength: 64 }) });
  const deliveryUrl = '/api/v1/callbacks/:deliveryId';
  api.get(deliveryUrl, { schema: { params: ofDelivery } }, async (request) =>
    seen(await authentication.viewer(request), request.params.deliveryId),
  );

  api.post(`${deliveryUrl}/resend`, { schema: { params: ofDelivery } }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustChange(viewer, 'all');
    const { deliveryId } = await seen(viewer, request.params.deliveryId);
    return callbacks.resend(deliveryId);
  });

  /** What another application was told is as unknown as what nobody was. */
  async function seen(viewer: Viewer, deliveryId: string) {
    mustRead(viewer, 'read');
    const record = await callbacks.get(deliveryId);
    if (!sees(viewer, record.sdkAppId)) throw new CallreelError('CallbackUnknown');
    return record;
  }
}

/** The settings hold the keys that sign. */
function mustKnowKeys(viewer: Viewer): void {
  mustRead(viewer, 'all');
  if (viewer.kind === 'consoleUser' && viewer.user.role === 'reviewer')
    throw new CallreelError('NotAllowed', 'Reviewers do not see keys.');
}
