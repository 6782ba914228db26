import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/trtc/v20190722/trtc_client.js';
import { Api as TlsSig } from 'tls-sig-api-v2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../packages/server/src/base/db/index.ts';
import { Receiver } from '../packages/server/src/callback/receiver-testkit.ts';
import { TEST_BUCKET, TEST_KEY, TestS3 } from '../packages/server/src/store/s3-testkit.ts';
import { talk } from './harness/held-call.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import { ServerProcess } from './harness/server-process.ts';

// Recordings into an S3 store that the order names, by the known system's own client.

type Told = { EventType: number; EventInfo: Record<string, unknown> & { Payload: Record<string, unknown> } };

let s3: TestS3;
let server: ServerProcess;
let receiver: Receiver;
let client: InstanceType<typeof Client>;
let sdkAppId = 0;
let userSigOf: (userId: string) => string;

beforeAll(async () => {
  s3 = await TestS3.start();
  receiver = await Receiver.open();
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
  const answer = await server.api(`/api/v1/applications/${sdkAppId}/callbacks`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recording: { url: receiver.origin, key: 'key' } }),
  });
  if (!answer.ok) throw new Error(`The callbacks were answered ${answer.status}: ${await answer.text()}`);
});
afterAll(async () => {
  await server.close();
  receiver.close();
  await s3.close();
});

async function record(roomId: number, RecordParams: { RecordMode: number } & Record<string, number>): Promise<string> {
  // `EndpointUrl` is not in the known system.
  const CloudStorage = {
    ...{ Vendor: 1, Region: 'us-east-1', Bucket: TEST_BUCKET, AccessKey: TEST_KEY, SecretKey: TEST_KEY },
    ...{ FileNamePrefix: ['audit', 'rest_s3-1'], EndpointUrl: s3.endpointUrl },
  };
  const { TaskId = '' } = await client.CreateCloudRecording({
    ...{ SdkAppId: sdkAppId, RoomId: String(roomId), UserId: 'recorder', UserSig: userSigOf('recorder') },
    RecordParams,
    StorageParams: { CloudStorage },
    MixTranscodeParams: { VideoParams: { Width: 640, Height: 360, Fps: 15, BitRate: 500_000, Gop: 2 } },
  });
  return TaskId;
}

function toldOf(taskId: string): Told[] {
  return receiver.posts
    .map(({ body }) => JSON.parse(body) as Told)
    .filter(({ EventInfo }) => EventInfo['TaskId'] === taskId);
}

async function untilTold(taskId: string, type: number): Promise<Told> {
  const find = (): Told | undefined => toldOf(taskId).find(({ EventType }) => EventType === type);
  await expect.poll(find, { timeout: 60_000 }).toBeDefined();
  return find() as Told;
}

const hashOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

test('MP4s of all and of each, killed in the middle of the upload: in the bucket, as rendered, told field by field', async () => {
  const roomId = 4713;
  const call = await PlannedCall.place(server, ['alice', 'bob'], PLANNED_SIGNALS, roomId);
  try {
    await call.begin();
    const taskId = await record(roomId, { RecordMode: 3, OutputFormat: 3, AvMerge: 1 });
    await talk(4);
    const { StorageFileList = [] } = await client.DescribeCloudRecording({ SdkAppId: sdkAppId, TaskId: taskId });
    let puts = 0;
    const isHeld = new Promise<void>((resolve) => {
      // One file arrives; the second is on its way when the server dies.
      s3.gate = ({ method }) => {
        if (method !== 'PUT') return 'pass';
        puts += 1;
        if (puts === 1) return 'pass';
        resolve();
        return 'hold';
      };
    });
    await call.caller(0).hangup();
    await isHeld;
    const folder = join(server.folder, 'renders', taskId, 'files');
    const rendered = new Map<string, string>();
    for (const name of await readdir(folder))
      if (name.endsWith('.mp4')) rendered.set(name, hashOf(await readFile(join(folder, name))));
    const base = `${sdkAppId}_${roomId}`;
    const names = [
      `${base}.mp4`,
      `${base}__UserId_s_YWxpY2U.__UserId_e_main.mp4`,
      `${base}__UserId_s_Ym9i__UserId_e_main.mp4`,
    ];
    expect([...rendered.keys()].sort()).toEqual(names);
    expect(StorageFileList.map(({ FileName }) => FileName).sort()).toEqual(names);
    const status = { SdkAppId: sdkAppId, TaskId: taskId };
    expect(await client.DescribeCloudRecording(status)).toMatchObject({ Status: 'Exited' });
    await server.kill('SIGKILL');
    const first = s3.requests.find((request) => request.startsWith('PUT ')) ?? '';
    s3.requests.length = 0;
    s3.gate = () => 'pass';
    await server.run();
    await untilTold(taskId, 305);

    const task = `audit/rest_s3-1/${taskId}`;
    expect(await s3.keys()).toEqual(names.map((name) => `${task}/${name}`));
    for (const name of names) expect(hashOf(await s3.read(`${task}/${name}`)), name).toBe(rendered.get(name));
    // What had arrived, and was written down, is not sent again.
    expect(s3.requests.filter((request) => request === first)).toEqual([]);

    const told = toldOf(taskId);
    expect(told.map(({ EventType }) => EventType)).toEqual([301, 302, 303, 310, 305]);
    for (const { EventInfo } of told)
      expect(EventInfo).toMatchObject({ RoomId: roomId, UserId: 'recorder', TaskId: taskId });
    const [, , started, files, ended] = told.map(({ EventInfo }) => EventInfo.Payload);
    expect(started).toEqual({ Status: 0 });
    expect(ended).toEqual({ LeaveCode: 0 });
    const { FileList, FileMessage, ...rest } = files as { FileList: string[]; FileMessage: Record<string, unknown>[] };
    expect(rest).toEqual({ Status: 0 });
    expect([...FileList].sort()).toEqual(names);
    expect(FileMessage.map(({ FileName }) => FileName)).toEqual(FileList);
    for (const { FileName, UserId, StartTimeStamp, EndTimeStamp, ...facts } of FileMessage) {
      const userId = ['', 'alice', 'bob'][names.indexOf(String(FileName))];
      expect(UserId).toBe(userId);
      expect(facts).toEqual({ TrackType: 'audio_video', MediaId: userId === '' ? 'mix' : 'main' });
      const seconds = (Number(EndTimeStamp) - Number(StartTimeStamp)) / 1000;
      expect(seconds).toBeGreaterThan(3);
      expect(seconds).toBeLessThan(15);
    }
    expect(await server.media(String(roomId))).toEqual([]);
    expect(await (await server.api(`/api/v1/recordings/${taskId}`)).text()).not.toContain(TEST_KEY);
    expect(JSON.stringify(server.lines)).not.toContain(TEST_KEY);
  } finally {
    s3.gate = () => 'pass';
    call.close();
  }
});

test('HLS: the playlist with all that it names, each name as the dialect has it; no keys in the database afterwards', async () => {
  const roomId = 4714;
  const call = await PlannedCall.place(server, ['carol', 'dave'], PLANNED_SIGNALS, roomId);
  let taskId = '';
  try {
    await call.begin();
    taskId = await record(roomId, { RecordMode: 2 });
    await talk(5);
    await call.caller(0).hangup();
    await untilTold(taskId, 305);
  } finally {
    call.close();
  }
  const task = `audit/rest_s3-1/${taskId}`;
  const base = `${sdkAppId}_${roomId}`;
  const names = (await s3.keys()).flatMap((key) => (key.startsWith(task) ? [key.slice(task.length + 1)] : []));
  const playlist = (await s3.read(`${task}/${base}.m3u8`)).toString();
  const segments = playlist.split('\n').filter((line) => line.endsWith('.ts'));
  expect(segments.length).toBeGreaterThan(1);
  expect(playlist).toContain('#EXT-X-ENDLIST');
  for (const segment of segments) expect(segment).toMatch(new RegExp(`^${base}_\\d{17}\\.ts$`));
  expect(names).toEqual([`${base}.m3u8`, ...segments].sort());
  const told = toldOf(taskId);
  expect(told.map(({ EventType }) => EventType)).toEqual([301, 302, 303, 307, 304, 305]);
  const startMs = /START-REC-TIME:(\d+)/.exec(playlist)?.[1];
  expect(told.slice(2).map(({ EventInfo }) => EventInfo.Payload)).toEqual([
    { Status: 0 },
    { FileName: `${base}.m3u8`, UserId: '', TrackType: 'audio_video', BeginTimeStamp: startMs },
    { FileList: `${base}.m3u8` },
    { LeaveCode: 0 },
  ]);

  await server.kill('SIGTERM');
  const database = await openDatabase({ dataFolder: server.folder, databaseUrl: null });
  try {
    const rows = await database.db.selectFrom('tasks').selectAll().execute();
    expect(rows.map(({ state, storage }) => [state, storage])).toEqual([
      ['rendered', null],
      ['rendered', null],
    ]);
    expect(JSON.stringify(rows)).not.toContain(TEST_KEY);
  } finally {
    await database.close();
  }
});
