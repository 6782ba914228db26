import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Posted, Receiver } from '../packages/server/src/callback/receiver-testkit.ts';
import { signatureOf } from '../packages/server/src/callback/signature.ts';
import { talk } from './harness/held-call.ts';
import { PlannedCall } from './harness/planned-call.ts';
import { ServerProcess } from './harness/server-process.ts';

const KEY = 'callreel1';
let server: ServerProcess;
let receiver: Receiver;
let isDown = false;
/** What was accepted, in order. */
let accepted: Posted[] = [];

beforeAll(async () => {
  receiver = await Receiver.open((post, response) => {
    if (!isDown) accepted.push(post);
    response.writeHead(isDown ? 503 : 200).end('{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}');
  });
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true', CALLREEL_OUTBOUND_ALLOW_PRIVATE: 'true' });
  const address = (kind: string) => ({ url: `${receiver.origin}/${kind}`, key: KEY });
  const { app } = await server.credentials();
  const answer = await server.api(`/api/v1/applications/${app.sdkAppId}/callbacks`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room: address('room'), media: address('media'), call: address('call') }),
  });
  expect(answer.status).toBe(200);
});
afterAll(async () => {
  await server.close();
  receiver.close();
});

/** What was told of the room: `<type> <user>`, each once. */
function ofRoom(posts: readonly Posted[]): string[] {
  return posts
    .filter(({ path }) => !path.startsWith('/call'))
    .map(({ body }) => JSON.parse(body))
    .map(({ EventType, EventInfo }) => `${EventType} ${EventInfo.UserId ?? ''}`.trim());
}

/** What of the call is told; its recording's words are those of `recording-callbacks.test.ts`. */
function ofCall(posts: readonly Posted[]): string[] {
  return posts
    .filter(({ path }) => path.startsWith('/call') && !path.includes('Call.CallbackAfterRecordChanged'))
    .map(({ path, body }) => {
      const told = JSON.parse(body);
      expect(new URL(path, 'http://x').searchParams.get('CallbackCommand')).toBe(told.CallbackCommand);
      const changed = (told.ChangedUserList ?? []).map(
        (user: { User_Account: string; ActionType: string }) => ` ${user.User_Account} ${user.ActionType}`,
      );
      return `${told.CallbackCommand.slice('Call.CallbackAfter'.length)}${changed.join()}`;
    });
}

/** Resolves when the end of the call and of its room have been accepted. */
async function over(): Promise<void> {
  for (;;) {
    const ends = [...ofRoom(accepted), ...ofCall(accepted)].filter((told) => told === '102' || told === 'EndCall');
    if (ends.length === 2) return;
    await receiver.until(receiver.posts.length + 1);
  }
}

test('a call: what happens in it and in its room is told, in order, signed', async () => {
  accepted = [];
  const call = await PlannedCall.place(server, ['ann', 'bob']);
  await call.begin();
  await call.caller(0).mute('video', true);
  await call.caller(0).mute('video', false);
  await call.caller(1).hangup();
  await over();
  call.close();
  expect(ofCall(accepted)).toEqual(['StartCall', 'MemberChanged bob Accept', 'MemberChanged bob Hang Up', 'EndCall']);
  const room = ofRoom(accepted);
  expect(room.slice(0, 3)).toEqual(['101 ann', '103 ann', '103 bob']);
  expect(room.slice(3, 7).sort()).toEqual(['201 ann', '201 bob', '203 ann', '203 bob']);
  expect(room.slice(7)).toEqual(['202 ann', '201 ann', '104 ann', '104 bob', '102']);
  const { app } = await server.credentials();
  for (const { headers, body, attempt } of accepted)
    expect([headers.sign, headers.sdkappid, attempt]).toEqual([signatureOf(KEY, body), String(app.sdkAppId), 1]);
});

test('kill -9 of the server while the receiver is away: everything is told afterwards, in order, once', async () => {
  accepted = [];
  isDown = true;
  const before = receiver.posts.length;
  const call = await PlannedCall.place(server, ['cid', 'dora']);
  await call.begin();
  await receiver.until(before + 2);
  await server.kill('SIGKILL');
  const back = Promise.all(call.callers.map((caller) => caller.back()));
  await server.run();
  await back;
  await talk(1);
  isDown = false;
  await call.caller(0).hangup();
  await over();
  call.close();
  expect(ofCall(accepted)).toEqual(['StartCall', 'MemberChanged dora Accept', 'MemberChanged cid Hang Up', 'EndCall']);
  const room = ofRoom(accepted);
  expect(room.slice(0, 3)).toEqual(['101 cid', '103 cid', '103 dora']);
  expect(room.slice(3, 7).sort()).toEqual(['201 cid', '201 dora', '203 cid', '203 dora']);
  expect(room.slice(7)).toEqual(['104 cid', '104 dora', '102']);
  // Each attempt has a number of its own, also over the death of the server.
  const tries = receiver.posts.map(({ deliveryId, attempt }) => `${deliveryId} ${attempt}`);
  expect(new Set(tries).size).toBe(tries.length);
  // What follows the call is its recording.
  await expect
    .poll(async () => (await server.api('/api/v1/callbacks?state=pending')).json(), { timeout: 40_000 })
    .toEqual({ callbacks: [], nextCursor: null });
});
