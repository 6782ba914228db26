import { Api as TlsSig } from 'tls-sig-api-v2';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LayoutRequest } from './recording-schemas.ts';
import { DialectServer, OTHER_APP } from './testing/dialect-server.ts';

// The known system's own client against the API, over HTTP.
let server: DialectServer;
beforeAll(async () => {
  server = await DialectServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.recording.tasks.clear();
  server.recording.off.clear();
  server.recording.limit = Number.POSITIVE_INFINITY;
});

/** Orders differ, as the same one within a second would be one that is sent again. */
let orders = 0;
type Create = Parameters<ReturnType<DialectServer['sdk']>['CreateCloudRecording']>[0];
const create = (changes: Partial<Create> = {}): Create => ({
  SdkAppId: server.sdkAppId,
  RoomId: '1001',
  UserId: 'robot',
  UserSig: server.userSig('robot'),
  RecordParams: { RecordMode: 2 },
  StorageParams: { CloudVod: { TencentVod: {} } },
  ResourceExpiredHour: 6 + (orders++ % 700),
  ...changes,
});

describe.each(['POST', 'GET'] as const)('by %s', (method) => {
  test('a recording is started, asked for, changed and ended', async () => {
    const client = server.sdk(server.key, method);
    const { SdkAppId } = create();
    const { TaskId = '', RequestId } = await client.CreateCloudRecording(
      create({ ResourceExpiredHour: 6, StorageParams: { CloudVod: { TencentVod: { MediaType: 0 } } } }),
    );
    expect(RequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.recording.task(TaskId).order).toEqual({
      sdkAppId: SdkAppId,
      roomId: '1001',
      roomIdType: 'number',
      robotId: 'robot',
      expiresHours: 6,
      userDefineRecordId: null,
      parameters: {
        mode: 'mixed',
        video: { widthPx: 360, heightPx: 640, fps: 15, bitrateBps: 550_000, keyframeIntervalS: 10 },
        audio: { sampleRateHz: 48000, channels: 2, bitrateBps: 64_000 },
        layout: { mode: 'grid' },
        backgroundColor: '#000000',
        output: { format: 'mp4' },
        maxIdleMs: 30_000,
      },
    });

    expect(await client.DescribeCloudRecording({ SdkAppId, TaskId })).toMatchObject({
      TaskId,
      Status: 'Idle',
      StorageFileList: [],
    });
    server.recording.publishes(TaskId, [
      { userId: '', name: 'a.mp4', trackType: 'audio_video', startMs: 1_700_000_000_123 },
    ]);
    expect(await client.DescribeCloudRecording({ SdkAppId, TaskId })).toMatchObject({
      TaskId,
      Status: 'InProgress',
      StorageFileList: [{ UserId: '', FileName: 'a.mp4', TrackType: 'audio_video', BeginTimeStamp: 1_700_000_000_123 }],
    });

    const changed = await client.ModifyCloudRecording({
      SdkAppId,
      TaskId,
      MixLayoutParams: {
        MixLayoutMode: 4,
        MixLayoutList: [{ Top: 0, Left: 0, Width: 360, Height: 320, UserId: 'alice' }],
      },
      SubscribeStreamUserIds: { SubscribeAudioUserIds: ['1.*$', 'bob'] },
    });
    expect(changed.TaskId).toBe(TaskId);
    expect(server.recording.task(TaskId).parameters).toMatchObject({
      layout: { mode: 'custom', rectangles: [{ userId: 'alice', widthPx: 360, heightPx: 320 }] },
      subscription: { audio: ['1.*$', 'bob'] },
      maxIdleMs: 30_000,
    });

    expect((await client.DeleteCloudRecording({ SdkAppId, TaskId })).TaskId).toBe(TaskId);
    expect(server.recording.task(TaskId).ended).toBe(true);
    await expect(client.DescribeCloudRecording({ SdkAppId, TaskId })).rejects.toMatchObject({
      code: 'ResourceNotFound',
      requestId: expect.any(String),
    });
    await expect(
      client.ModifyCloudRecording({ SdkAppId, TaskId, MixLayoutParams: { MixLayoutMode: 3 } }),
    ).rejects.toMatchObject({ code: 'ResourceNotFound' });
  });
});

describe('what a back end gets to hear', () => {
  const codeOf = async (answer: Promise<unknown>): Promise<unknown> => {
    try {
      await answer;
    } catch (error) {
      return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : error;
    }
    return 'none';
  };

  test('of a robot that cannot sign in', async () => {
    const client = server.sdk();
    const other = new TlsSig(server.sdkAppId, 'another key').genUserSig('robot', 600);
    const refused = 'InvalidParameter.OutOfRange';
    expect(await codeOf(client.CreateCloudRecording(create({ UserSig: other })))).toBe(refused);
    expect(await codeOf(client.CreateCloudRecording(create({ UserSig: server.userSig('somebody') })))).toBe(refused);
    expect(await codeOf(client.CreateCloudRecording(create({ UserSig: 'no UserSig' })))).toBe(refused);
    expect(server.recording.tasks.size).toBe(0);
  });

  test('of a PrivateMapKey: that of the room and of the robot is taken, no other', async () => {
    const client = server.sdk();
    const sig = new TlsSig(server.sdkAppId, server.credentials.app.secretKey);
    const refused = 'InvalidParameter.OutOfRange';
    const start = (PrivateMapKey: string, changes: Partial<Create> = {}): Promise<unknown> =>
      codeOf(client.CreateCloudRecording(create({ PrivateMapKey, ...changes })));
    expect(await start(sig.genPrivateMapKey('robot', 600, 1001, 255))).toBe('none');
    expect(await start(sig.genPrivateMapKey('robot', 600, 1002, 255))).toBe(refused);
    expect(await start(sig.genPrivateMapKey('robot', 600, 1001, 1))).toBe(refused);
    expect(await start(sig.genPrivateMapKey('other', 600, 1001, 255))).toBe(refused);
    expect(await start(server.userSig('robot'))).toBe(refused);
    const text = { RoomId: 'a room', RoomIdType: 0 };
    expect(await start(sig.genPrivateMapKeyWithStringRoomID('robot', 600, 'a room', 255), text)).toBe('none');
    expect(await start(sig.genPrivateMapKeyWithStringRoomID('robot', 600, 'b room', 255), text)).toBe(refused);
    expect(await start(sig.genPrivateMapKey('robot', 600, 1001, 255), text)).toBe(refused);
  });

  test('of recording that is off, of too many tasks, of a room that cannot be had', async () => {
    const client = server.sdk();
    server.recording.off.add(server.sdkAppId);
    expect(await codeOf(client.CreateCloudRecording(create()))).toBe('FailedOperation.CRUnsupportMethod');
    server.recording.off.clear();
    server.recording.limit = 0;
    expect(await codeOf(client.CreateCloudRecording(create({ RoomId: '7' })))).toBe(
      'FailedOperation.RestrictedConcurrency',
    );
    expect(await codeOf(client.CreateCloudRecording(create({ RoomId: '404' })))).toBe(
      'FailedOperation.CRUnsupportMethod',
    );
  });

  test('of a second task of the same robot in a room: the first is over', async () => {
    const client = server.sdk();
    const { TaskId: first } = await client.CreateCloudRecording(create());
    const { TaskId: second } = await client.CreateCloudRecording(create({ ResourceExpiredHour: 7 }));
    expect([first, second].map((taskId) => server.recording.task(taskId).ended)).toEqual([true, false]);
  });

  test('of other applications and their tasks', async () => {
    const { TaskId = '' } = await server.sdk().CreateCloudRecording(create());
    const foreign = server.sdk(await server.newKey({ sdkAppId: OTHER_APP, scopes: ['all'], name: '' }));
    const all = server.sdk(await server.newKey({ sdkAppId: null, scopes: ['all'], name: '' }));
    expect(await codeOf(foreign.CreateCloudRecording(create()))).toBe('InvalidParameter.SdkAppId');
    for (const order of ['DescribeCloudRecording', 'ModifyCloudRecording', 'DeleteCloudRecording'] as const) {
      expect(await codeOf(foreign[order]({ SdkAppId: OTHER_APP, TaskId }))).toBe('ResourceNotFound');
      expect(await codeOf(foreign[order]({ SdkAppId: OTHER_APP, TaskId: 'never-was' }))).toBe('ResourceNotFound');
      expect(await codeOf(foreign[order]({ SdkAppId: server.sdkAppId, TaskId }))).toBe(
        'AuthFailure.UnauthorizedOperation',
      );
      expect(await codeOf(all[order]({ SdkAppId: OTHER_APP, TaskId }))).toBe('ResourceNotFound');
    }
    expect(await codeOf(all.CreateCloudRecording(create({ SdkAppId: 5 })))).toBe('InvalidParameter.SdkAppId');
    expect(server.recording.task(TaskId)).toMatchObject({ ended: false, parameters: { layout: { mode: 'grid' } } });
    expect((await all.DescribeCloudRecording({ SdkAppId: server.sdkAppId, TaskId })).TaskId).toBe(TaskId);
  });

  test('of a task whose id is too old', async () => {
    const client = server.sdk();
    const { TaskId = '' } = await client.CreateCloudRecording(create());
    server.recording.task(TaskId).expired = true;
    const SdkAppId = server.sdkAppId;
    expect(await codeOf(client.DescribeCloudRecording({ SdkAppId, TaskId }))).toBe('ResourceNotFound');
    expect(await codeOf(client.DeleteCloudRecording({ SdkAppId, TaskId }))).toBe('ResourceNotFound');
    expect(server.recording.task(TaskId).ended).toBe(false);
  });

  test('of scopes: each key may do what it is for', async () => {
    const refused = 'AuthFailure.UnauthorizedOperation';
    const { TaskId = '' } = await server.sdk().CreateCloudRecording(create());
    const { sdkAppId } = server;
    const codes: unknown[] = [];
    for (const scope of ['read', 'record', 'library'] as const) {
      const client = server.sdk(await server.newKey({ sdkAppId, scopes: [scope], name: scope }));
      codes.push([
        await codeOf(client.DescribeCloudRecording({ SdkAppId: sdkAppId, TaskId })),
        await codeOf(client.ModifyCloudRecording({ SdkAppId: sdkAppId, TaskId })),
        await codeOf(client.DescribeRoomInfo({ SdkAppId: sdkAppId, StartTime: 0, EndTime: 0 })),
      ]);
    }
    const old = 'InvalidParameter.StartTsOversize';
    expect(codes).toEqual([
      ['none', refused, old],
      ['none', 'none', refused],
      [refused, refused, refused],
    ]);
  });

  test('of a key that was revoked a moment ago', async () => {
    const key = await server.newKey({ sdkAppId: server.sdkAppId, scopes: ['all'], name: '' });
    const client = server.sdk(key);
    expect(await codeOf(client.DescribeCloudRecording({ SdkAppId: server.sdkAppId, TaskId: 'x' }))).toBe(
      'ResourceNotFound',
    );
    await server.restKeys.revoke(key.secretId);
    expect(await codeOf(client.DescribeCloudRecording({ SdkAppId: server.sdkAppId, TaskId: 'x' }))).toBe(
      'AuthFailure.SecretIdNotFound',
    );
  });

  test('of an S3 store: what is wrong in it; a right one is handed on, and its secret is in no answer', async () => {
    const client = server.sdk();
    const CloudStorage = {
      ...{ Vendor: 1, Region: 'eu-central-1', Bucket: 'bucket', AccessKey: 'a', SecretKey: 's' },
      FileNamePrefix: ['a', 'b-1_'],
    };
    const start = (changes: object): Promise<unknown> =>
      codeOf(client.CreateCloudRecording(create({ StorageParams: { CloudStorage: { ...CloudStorage, ...changes } } })));
    expect(await start({ FileNamePrefix: Array.from({ length: 6 }, () => 'x'.repeat(128)) })).toBe(
      'InvalidParameter.OutOfRange',
    );
    expect(await start({ FileNamePrefix: ['../a'] })).toBe('InvalidParameter.OutOfRange');
    expect(await start({ Vendor: 2 })).toBe('InvalidParameter.OutOfRange');
    for (const name of ['Vendor', 'Region', 'Bucket', 'AccessKey', 'SecretKey'])
      expect(await start({ [name]: undefined })).toBe(`MissingParameter.${name}`);
    expect(server.recording.tasks.size).toBe(0);
    const secret = `secret-${'x'.repeat(300)}`;
    const refused = client.CreateCloudRecording(
      create({ StorageParams: { CloudStorage: { ...CloudStorage, SecretKey: secret } } }),
    );
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('secret-') });
    const { TaskId } = await client.CreateCloudRecording(create({ StorageParams: { CloudStorage } }));
    expect(server.recording.task(TaskId).order).toMatchObject({
      storage: {
        ...{ vendor: 'aws', region: 'eu-central-1', bucket: 'bucket', accessKey: 'a', secretKey: 's' },
        ...{ endpointUrl: null, prefix: ['a', 'b-1_'] },
      },
      userDefineRecordId: null,
      parameters: { output: { format: 'hls' } },
    });
  });

  test('of what the server does wrong: nothing but that it did', async () => {
    const { before } = server.recording;
    server.recording.before = async () => {
      throw new Error('secret words');
    };
    try {
      await expect(server.sdk().CreateCloudRecording(create())).rejects.toMatchObject({
        code: 'InternalError.CRInternalError',
        message: 'Something went wrong on the server.',
      });
    } finally {
      server.recording.before = before;
    }
    expect(server.logged.join('')).toContain('secret words');
  });
});

test('a changed list is the whole list, and a layout that is not given is the first one again', async () => {
  const client = server.sdk();
  const { SdkAppId } = create();
  const MixLayoutParams: LayoutRequest = { MixLayoutMode: 1, MaxResolutionUserId: 'alice', BackGroundColor: '#ff0000' };
  const { TaskId = '' } = await client.CreateCloudRecording(
    create({
      MixLayoutParams,
      RecordParams: { RecordMode: 2, SubscribeStreamUserIds: { UnSubscribeVideoUserIds: ['eve'] }, MaxIdleTime: 5 },
    }),
  );
  const task = server.recording.task(TaskId);
  expect(task.parameters).toMatchObject({
    layout: { mode: 'floating', large: { userId: 'alice', source: 'main' } },
    backgroundColor: '#ff0000',
    subscription: { notVideo: ['eve'] },
    maxIdleMs: 5_000,
  });
  await client.ModifyCloudRecording({ SdkAppId, TaskId, SubscribeStreamUserIds: { SubscribeAudioUserIds: ['bob'] } });
  expect(task.parameters).toMatchObject({
    layout: { mode: 'grid' },
    backgroundColor: '#000000',
    subscription: { audio: ['bob'] },
    maxIdleMs: 5_000,
  });
  expect(task.parameters.subscription).toEqual({ audio: ['bob'] });
  await client.ModifyCloudRecording({ SdkAppId, TaskId, MixLayoutParams });
  expect(task.parameters).toMatchObject({ layout: { mode: 'floating' }, backgroundColor: '#ff0000' });
  expect(task.parameters).not.toHaveProperty('subscription');
});
