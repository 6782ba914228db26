import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/trtc/v20190722/trtc_client.js';
import { Api as TlsSig } from 'tls-sig-api-v2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talk } from './harness/held-call.ts';
import { LEFT, RIGHT } from './harness/places.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import type { PlannedSignal } from './harness/planned-caller.ts';
import { journalOf } from './harness/recording-of.ts';
import { ServerProcess } from './harness/server-process.ts';
import { strangers } from './harness/strangers.ts';
import { expectTrue, judge } from './harness/verdict.ts';
import { streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, measureColors, measureTones } from './scorer/index.ts';

// The recipe of the known system's documents, with its own client: a back end is told that a call has begun, starts a
// recording, changes it, and ends it when it is told that the room is dismissed.

const FPS = 15;
const ROOM = 4712;
const [ALICE, BOB] = PLANNED_SIGNALS.slice(0, 2) as [PlannedSignal, PlannedSignal];

type Envelope = { EventGroupId: number; EventType: number; EventInfo: Record<string, unknown> };

let server: ServerProcess;
let receiver: Server;
let client: InstanceType<typeof Client>;
let sdkAppId = 0;
let userSigOf: (userId: string) => string;
const told: Envelope[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      told.push(JSON.parse(Buffer.concat(chunks).toString()) as Envelope);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (typeof address !== 'object' || address === null) throw new Error('The receiver does not listen.');
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true', CALLREEL_OUTBOUND_ALLOW_PRIVATE: 'true' });
  await server.setTemplate({}, 'rest');
  const { app, rest } = await server.credentials();
  sdkAppId = app.sdkAppId;
  const signer = new TlsSig(app.sdkAppId, app.secretKey);
  userSigOf = (userId) => signer.genUserSig(userId, 3600);
  client = new Client({
    credential: { secretId: rest.secretId, secretKey: rest.secretKey },
    region: '',
    profile: { httpProfile: { endpoint: `127.0.0.1:${server.port}`, protocol: 'http://' } },
  });
  const to = { url: `http://127.0.0.1:${address.port}`, key: 'key' };
  const answer = await server.api(`/api/v1/applications/${sdkAppId}/callbacks`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room: to, recording: to }),
  });
  if (!answer.ok) throw new Error(`The callbacks were answered ${answer.status}: ${await answer.text()}`);
});
afterAll(async () => {
  await server.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function untilTold(group: number, type: number): Promise<Envelope> {
  const find = (): Envelope | undefined =>
    told.find(
      (event) => event.EventGroupId === group && event.EventType === type && event.EventInfo['RoomId'] === ROOM,
    );
  await expect.poll(find, { timeout: 30_000 }).toBeDefined();
  return find() as Envelope;
}

/** Half a second after a flash, at least so much later. */
async function betweenFlashes(leastS: number): Promise<void> {
  const untilMs = Math.ceil((Date.now() + leastS * 1000 - 500) / 1000) * 1000 + 500;
  await talk((untilMs - Date.now()) / 1000);
}

test('started when the call begins, another layout and another list in mid-call, described, ended when the room is dismissed', async () => {
  const call = await PlannedCall.place(server, ['alice', 'bob'], PLANNED_SIGNALS, ROOM);
  try {
    await call.begin();
    await untilTold(1, 103);
    const { TaskId = '' } = await client.CreateCloudRecording({
      ...{ SdkAppId: sdkAppId, RoomId: String(ROOM), UserId: 'recorder', UserSig: userSigOf('recorder') },
      RecordParams: { RecordMode: 2, MaxIdleTime: 30 },
      StorageParams: { CloudVod: { TencentVod: { UserDefineRecordId: 'audit' } } },
      MixTranscodeParams: { VideoParams: { Width: 1280, Height: 720, Fps: FPS, BitRate: 1_200_000, Gop: 2 } },
      MixLayoutParams: { MixLayoutMode: 3 },
    });
    await betweenFlashes(3);
    const name = `audit__UserDefine_u_${sdkAppId}_${ROOM}.mp4`;
    expect(await client.DescribeCloudRecording({ SdkAppId: sdkAppId, TaskId })).toMatchObject({
      TaskId,
      Status: 'InProgress',
      StorageFileList: [{ UserId: '', FileName: name, TrackType: 'audio_video', BeginTimeStamp: expect.any(Number) }],
    });
    await client.ModifyCloudRecording({
      ...{ SdkAppId: sdkAppId, TaskId, MixLayoutParams: { MixLayoutMode: 1, MaxResolutionUserId: 'bob' } },
    });
    await betweenFlashes(3);
    await client.ModifyCloudRecording({
      ...{ SdkAppId: sdkAppId, TaskId, MixLayoutParams: { MixLayoutMode: 1, MaxResolutionUserId: 'bob' } },
      SubscribeStreamUserIds: { UnSubscribeAudioUserIds: ['ali.*$'], UnSubscribeVideoUserIds: ['ali.*$'] },
    });
    await betweenFlashes(3);
    await call.caller(0).hangup();
    await untilTold(1, 102);
    // The end of the room has ended the recording already; the recipe's order comes too late to do anything.
    await expect(client.DeleteCloudRecording({ SdkAppId: sdkAppId, TaskId })).rejects.toMatchObject({
      code: 'ResourceNotFound',
    });
    await untilTold(3, 312);
    const [row, ...more] = (await server.media(String(ROOM))).filter((each) => each.taskId === TaskId);
    expect([row?.name, more]).toEqual([name, []]);
    if (row === undefined) throw new Error('There is no file.');
    const path = await server.filePath(row);
    expect(await complaintsOf(path)).toBe('');

    const started = server.lines.find((line) => line.msg === 'task started' && line['taskId'] === TaskId);
    const folder = join(server.folder, 'captures', String(started?.['roomSessionId']));
    const [floating = 0, without = 0] = (await journalOf(folder))
      .filter(({ type }) => type === 'taskModified')
      .map(({ atUs }) => atUs - row.startUs);
    const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
    const edges = [1_200_000, floating, without, row.durationUs];
    const wanted = [
      [ALICE.color, BOB.color],
      [BOB.color, BOB.color],
      [BOB.color, BOB.color],
    ];
    wanted.forEach((colors, scene) => {
      const between = { fromUs: edges[scene] ?? 0, untilUs: (edges[scene + 1] ?? 0) - 1 };
      const seen = left.filter(({ atUs }) => atUs >= between.fromUs && atUs <= between.untilUs);
      expect(seen.length, `pictures of scene ${scene}`).toBeGreaterThan(FPS);
      for (const [place, samples] of [left, right].entries())
        expect(strangers(samples, [colors[place] ?? ''], between), `scene ${scene}, place ${place}`).toEqual([]);
    });
    const heard = await measureTones(path, ALICE.pitchHz);
    expect(heard.filter((atUs) => atUs > without)).toEqual([]);
    expect(heard.filter((atUs) => atUs < without).length).toBeGreaterThanOrEqual(4);
    const verdicts = await judge(
      { path, startUs: row.startUs },
      folder,
      await streamsOf(folder),
      [{ userId: 'bob', pitchHz: BOB.pitchHz, rectangle: RIGHT }],
      { fromUs: row.startUs + 1_200_000, untilUs: row.startUs + row.durationUs - 200_000 },
    );
    expectTrue(verdicts, { title: 'by the known client', leastOnsets: 6, fps: FPS });
  } finally {
    call.close();
  }
});

test('two tasks in one room by their robots; the one that is ended by order says so', async () => {
  const call = await PlannedCall.place(server, ['carol', 'dave'], PLANNED_SIGNALS, ROOM + 1);
  try {
    await call.begin();
    const order = (UserId: string) => ({
      ...{ SdkAppId: sdkAppId, RoomId: String(ROOM + 1), UserId, UserSig: userSigOf(UserId) },
      RecordParams: { RecordMode: 2 },
      StorageParams: { CloudVod: {} },
    });
    const { TaskId: first = '' } = await client.CreateCloudRecording(order('one'));
    const { TaskId: other = '' } = await client.CreateCloudRecording(order('two'));
    const { TaskId: again = '' } = await client.CreateCloudRecording({ ...order('one'), ResourceExpiredHour: 6 });
    await talk(2);
    await client.DeleteCloudRecording({ SdkAppId: sdkAppId, TaskId: other });
    await call.caller(0).hangup();
    const codeOf = (taskId: string): unknown =>
      told.find(({ EventType, EventInfo }) => EventType === 302 && EventInfo['TaskId'] === taskId)?.EventInfo[
        'Payload'
      ];
    await expect
      .poll(() => [codeOf(first), codeOf(other), codeOf(again)], { timeout: 30_000 })
      .toEqual([{ LeaveCode: 101 }, { LeaveCode: 0 }, { LeaveCode: 2 }]);
  } finally {
    call.close();
  }
});
