import { newDeviceId, SignallingClient } from '@callreel/callkit/signalling';
import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/trtc/v20190722/trtc_client.js';
import { Api as TlsSig } from 'tls-sig-api-v2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ServerProcess } from './harness/server-process.ts';

// Rooms ordered about by the known system's own client, over a whole server: people are in calls, and are taken out.

let server: ServerProcess;
let client: InstanceType<typeof Client>;
let sdkAppId = 0;
const people = new Map<string, SignallingClient>();
/** What each was told of the end of a call. */
let endings: { userId: string; reason: string }[] = [];

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
  const { app, rest } = await server.credentials();
  sdkAppId = app.sdkAppId;
  client = new Client({
    credential: { secretId: rest.secretId, secretKey: rest.secretKey },
    region: '',
    profile: { httpProfile: { endpoint: `127.0.0.1:${server.port}`, protocol: 'http://' } },
  });
  for (const userId of ['alice', 'bob', 'carol']) {
    const deviceId = newDeviceId();
    const person = new SignallingClient({ server: server.address, signIn: () => ({ sdkAppId, userId, deviceId }) });
    person.on('call.ended', ({ reason }) => void endings.push({ userId, reason }));
    await person.connect();
    people.set(userId, person);
  }
});
afterAll(async () => {
  for (const person of people.values()) person.close();
  await server.close();
});
beforeEach(() => {
  endings = [];
});

function person(userId: string): SignallingClient {
  const found = people.get(userId);
  if (found === undefined) throw new Error(`There is no ${userId}.`);
  return found;
}

/** Lets alice call the others, who accept. */
async function held(callees: string[], room: { roomId: number } | { strRoomId: string }): Promise<void> {
  const { info } = await person('alice').request('call.start', { userIdList: callees, type: 'audio', ...room });
  for (const callee of callees) await person(callee).request('call.accept', { callId: info.callId });
}

async function result(roomId: string): Promise<{ state: string; result: string | null }> {
  const { calls } = (await (await server.api('/api/v1/calls?limit=1')).json()) as {
    calls: { roomId: string; state: string; result: string | null }[];
  };
  const call = calls.find((each) => each.roomId === roomId);
  if (call === undefined) throw new Error(`There was no call in ${roomId}.`);
  return { state: call.state, result: call.result };
}

const since = (): { StartTime: number; EndTime: number } => {
  const now = Math.floor(Date.now() / 1000);
  return { StartTime: now - 600, EndTime: now + 60 };
};

test('a dismissed room ends the call that is held in it', async () => {
  await held(['bob'], { roomId: 501 });
  await expect(client.DismissRoomByStrRoomId({ SdkAppId: sdkAppId, RoomId: '501' })).rejects.toMatchObject({
    code: 'FailedOperation.RoomNotExist',
  });
  expect(await client.DismissRoom({ SdkAppId: sdkAppId, RoomId: 501 })).toEqual({ RequestId: expect.any(String) });
  expect(await result('501')).toEqual({ state: 'ended', result: 'endByServer' });
  await expect
    .poll(() => endings)
    .toEqual(
      expect.arrayContaining([
        { userId: 'alice', reason: 'endByServer' },
        { userId: 'bob', reason: 'endByServer' },
      ]),
    );
  const { RoomList } = await client.DescribeRoomInfo({ SdkAppId: sdkAppId, ...since(), RoomId: '501' });
  expect(RoomList).toEqual([
    {
      CommId: expect.stringMatching(new RegExp(`^${sdkAppId}_501_\\d{10}$`)),
      RoomString: '501',
      CreateTime: expect.any(Number),
      DestroyTime: expect.any(Number),
      IsFinished: true,
      UserId: 'alice',
    },
  ]);
});

test('who is removed is out of room and call, the others go on; whoever is left alone is not', async () => {
  await held(['bob', 'carol'], { strRoomId: 'a_room' });
  const room = { SdkAppId: sdkAppId, RoomId: 'a_room' };
  await expect(client.RemoveUserByStrRoomId({ ...room, UserIds: ['dave'] })).rejects.toMatchObject({
    code: 'FailedOperation.UserNotExist',
  });
  await client.RemoveUserByStrRoomId({ ...room, UserIds: ['carol', 'dave'] });
  await expect.poll(() => endings).toEqual([{ userId: 'carol', reason: 'endByServer' }]);
  expect((await result('a_room')).state).toBe('active');

  const open = await client.DescribeRoomInfo({ SdkAppId: sdkAppId, ...since(), RoomId: 'a_room' });
  expect(open.RoomList).toMatchObject([{ IsFinished: false, DestroyTime: 0 }]);
  const CommId = open.RoomList?.[0]?.CommId ?? '';
  const { Total, UserList } = await client.DescribeUserInfo({ SdkAppId: sdkAppId, CommId, ...since() });
  expect(Total).toBe(3);
  expect(UserList?.map(({ UserId, Finished, RoomStr }) => [UserId, Finished, RoomStr])).toEqual([
    ['alice', false, 'a_room'],
    ['bob', false, 'a_room'],
    ['carol', true, 'a_room'],
  ]);

  await client.RemoveUserByStrRoomId({ ...room, UserIds: ['bob'] });
  expect(await result('a_room')).toEqual({ state: 'ended', result: 'endByServer' });
  const detail = await client.DescribeCallDetailInfo({
    ...{ SdkAppId: sdkAppId, CommId, ...since(), UserIds: ['bob', 'alice'], DataType: ['all'] },
    ...{ PageNumber: 1, PageSize: 1 },
  });
  expect(detail).toMatchObject({ Total: 2, Data: [], UserList: [{ UserId: 'bob', Finished: true }] });
});

test('who was where is known to the next process', async () => {
  await held(['bob'], { roomId: 502 });
  await server.kill('SIGKILL');
  await server.run();
  const { RoomList } = await client.DescribeRoomInfo({ SdkAppId: sdkAppId, ...since(), RoomId: '502' });
  expect(RoomList).toMatchObject([{ IsFinished: false, UserId: 'alice' }]);
  const CommId = RoomList?.[0]?.CommId ?? '';
  const { UserList } = await client.DescribeUserInfo({ SdkAppId: sdkAppId, CommId, ...since() });
  expect(UserList?.map(({ UserId, Finished }) => [UserId, Finished])).toEqual([
    ['alice', false],
    ['bob', false],
  ]);
  await client.DismissRoom({ SdkAppId: sdkAppId, RoomId: 502 });
  const over = await client.DescribeUserInfo({ SdkAppId: sdkAppId, CommId, ...since(), PageNumber: 0, PageSize: 2 });
  expect(over.UserList?.map(({ Finished }) => Finished)).toEqual([true, true]);
});

test('a recording is ordered, asked for, changed and ended; its orders survive the process', async () => {
  const { app } = await server.credentials();
  const UserSig = new TlsSig(sdkAppId, app.secretKey).genUserSig('robot', 600);
  const { TaskId = '' } = await client.CreateCloudRecording({
    ...{ SdkAppId: sdkAppId, RoomId: 'waiting', RoomIdType: 0, UserId: 'robot', UserSig },
    RecordParams: { RecordMode: 2, MaxIdleTime: 600 },
    StorageParams: { CloudVod: { TencentVod: { UserDefineRecordId: 'mine' } } },
  });
  const task = { SdkAppId: sdkAppId, TaskId };
  const idle = { TaskId, Status: 'Idle', StorageFileList: [] };
  expect(await client.DescribeCloudRecording(task)).toMatchObject(idle);
  await client.ModifyCloudRecording({ ...task, MixLayoutParams: { MixLayoutMode: 2 } });
  await server.kill('SIGKILL');
  await server.run();
  expect(await client.DescribeCloudRecording(task)).toMatchObject(idle);
  const row = (await (await server.api(`/api/v1/recordings/${TaskId}`)).json()) as { parameters: object };
  expect(row).toMatchObject({ origin: 'rest', state: 'running', parameters: { layout: { mode: 'screenShare' } } });
  const finished = server.next(({ msg, taskId }) => msg === 'task finished' && taskId === TaskId);
  expect((await client.DeleteCloudRecording(task)).TaskId).toBe(TaskId);
  await finished;
  await expect(client.DescribeCloudRecording(task)).rejects.toMatchObject({ code: 'ResourceNotFound' });
  await expect(client.ModifyCloudRecording(task)).rejects.toMatchObject({ code: 'ResourceNotFound' });
});
