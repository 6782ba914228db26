import { Type } from 'typebox';
import { CALLBACK_KINDS } from '../apps/index.ts';
import { CallreelError } from '../base/index.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiInstance } from './instance.ts';
import { knownHere } from './known-here.ts';
import { documented, listOf, nextCursorOf, refTo } from './openapi/index.ts';
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

  const settings = { 200: { description: 'The settings, whole.', json: refTo('CallbackSettings') } };
  const getSchema = documented(
    {
      summary: 'Where an application is told of what happens',
      tag: 'Settings',
      answers: settings,
      errors: ['NotAllowed', 'NotFound'],
    },
    { params: ofApplication },
  );
  api.get(settingsUrl, { schema: getSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustKnowKeys(viewer);
    return knownHere(applications.callbackSettings(request.params.sdkAppId));
  });

  const putSchema = documented(
    {
      summary: 'Replaces the callback settings; a kind that is left out is not told of',
      tag: 'Settings',
      body: refTo('CallbackSettings'),
      answers: settings,
      errors: ['NotAllowed', 'NotFound'],
    },
    { params: ofApplication },
  );
  api.put(settingsUrl, { schema: putSchema }, async (request) => {
    const viewer = await authentication.viewer(request);
    mustSee(viewer, request.params.sdkAppId);
    mustChange(viewer, 'all');
    return knownHere(applications.setCallbackSettings(request.params.sdkAppId, request.body));
  });

  const testBody = Type.Object({ kind: Kind }, strict);
  const record = { 200: { description: 'What became of it.', json: refTo('CallbackWithLog') } };
  const testSchema = documented(
    {
      summary: 'Posts an event that tells of nothing, once',
      tag: 'Callbacks',
      answers: record,
      errors: ['NotAllowed', 'NotFound', 'CallbackNoAddress'],
    },
    { params: ofApplication, body: testBody },
  );
  api.post(`${settingsUrl}/test`, { schema: testSchema }, async (request) => {
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
  const listAnswer = listOf('callbacks', 'Callback', nextCursorOf(Type.Integer()));
  const listSchema = documented(
    {
      summary: 'What was told or will be, the newest first',
      tag: 'Callbacks',
      answers: { 200: { description: 'As many as were asked for, and where the list goes on.', json: listAnswer } },
      errors: ['NotAllowed'],
    },
    { querystring },
  );
  api.get('/api/v1/callbacks', { schema: listSchema }, async (request) => {
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
  const deliverySchema = documented(
    {
      summary: 'One callback with all of its tries',
      tag: 'Callbacks',
      answers: record,
      errors: ['NotAllowed', 'CallbackUnknown'],
    },
    { params: ofDelivery },
  );
  api.get(deliveryUrl, { schema: deliverySchema }, async (request) =>
    seen(await authentication.viewer(request), request.params.deliveryId),
  );

  const resendSchema = documented(
    {
      summary: 'Sends the same bytes again, with the next number of a try',
      tag: 'Callbacks',
      answers: record,
      errors: ['NotAllowed', 'CallbackUnknown', 'CallbackNoAddress'],
    },
    { params: ofDelivery },
  );
  api.post(`${deliveryUrl}/resend`, { schema: resendSchema }, async (request) => {
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
