import { expect, test } from 'vitest';
import { payloadOf } from './callback-event.ts';
import { type RecordedFile, type RecordingCallback, recordingCallback } from './recording-callbacks.ts';

const AT = 1_622_186_275_757_000;
const task = {
  sdkAppId: 1_400_000_001,
  taskId: 'task-1',
  robotId: 'robot',
  roomId: '20015',
  roomIdType: 'string',
} as const;
const mixed: RecordedFile = {
  name: 'a_1.mp4',
  userId: null,
  tracks: 'audio_video',
  source: 'mix',
  startUs: 1_622_186_279_145_999,
  endUs: 1_622_186_282_145_000,
};
const own: RecordedFile = { ...mixed, name: 'b_1.mp4', userId: 'ann', tracks: 'audio', source: 'main' };
const SEEN_MIXED = {
  UserId: '',
  TrackType: 'audio_video',
  MediaId: 'mix',
  StartTimeStamp: 1_622_186_279_145,
  EndTimeStamp: 1_622_186_282_145,
};
const SEEN_OWN = { ...SEEN_MIXED, UserId: 'ann', TrackType: 'audio', MediaId: 'main' };

const cases: [RecordingCallback, number, object][] = [
  [{ type: 'started', ok: true }, 301, { Status: 0 }],
  [{ type: 'started', ok: false }, 301, { Status: 1 }],
  [{ type: 'stopped', reason: 'order' }, 302, { LeaveCode: 0 }],
  [{ type: 'stopped', reason: 'robotRemoved' }, 302, { LeaveCode: 1 }],
  [{ type: 'stopped', reason: 'roomDismissed' }, 302, { LeaveCode: 2 }],
  [{ type: 'stopped', reason: 'robotRemovedByServer' }, 302, { LeaveCode: 3 }],
  [{ type: 'stopped', reason: 'roomDismissedByServer' }, 302, { LeaveCode: 4 }],
  [{ type: 'stopped', reason: 'idle' }, 302, { LeaveCode: 99 }],
  [{ type: 'stopped', reason: 'roomTimeout' }, 302, { LeaveCode: 100 }],
  [{ type: 'stopped', reason: 'replaced' }, 302, { LeaveCode: 101 }],
  [{ type: 'uploadStarted', ok: true }, 303, { Status: 0 }],
  [{ type: 'uploadStarted', ok: false }, 303, { Status: 1 }],
  [{ type: 'playlistUploaded', fileName: 'a.m3u8' }, 304, { FileList: 'a.m3u8' }],
  [{ type: 'uploadEnded', result: 'complete' }, 305, { LeaveCode: 0 }],
  [{ type: 'uploadEnded', result: 'incomplete' }, 305, { LeaveCode: 1 }],
  [{ type: 'uploadEnded', result: 'recovered' }, 305, { LeaveCode: 2 }],
  [{ type: 'moved' }, 306, { Status: 0 }],
  [
    { type: 'playlistCreated', file: own },
    307,
    { FileName: 'b_1.mp4', UserId: 'ann', TrackType: 'audio', BeginTimeStamp: '1622186279145' },
  ],
  [
    { type: 'playlistCreated', file: mixed },
    307,
    { FileName: 'a_1.mp4', UserId: '', TrackType: 'audio_video', BeginTimeStamp: '1622186279145' },
  ],
  [
    { type: 'storeFailed', code: 'NoSuchBucket', message: 'There is none.' },
    308,
    { Code: 'NoSuchBucket', Message: 'There is none.' },
  ],
  [{ type: 'pictureFailed', url: 'http://x/y.png' }, 309, { Url: 'http://x/y.png' }],
  [
    { type: 'mp4Uploaded', result: 'complete', files: [mixed, own] },
    310,
    {
      Status: 0,
      FileList: ['a_1.mp4', 'b_1.mp4'],
      FileMessage: [
        { FileName: 'a_1.mp4', ...SEEN_MIXED },
        { FileName: 'b_1.mp4', ...SEEN_OWN },
      ],
    },
  ],
  [{ type: 'mp4Uploaded', result: 'incomplete', files: [] }, 310, { Status: 1, FileList: [], FileMessage: [] }],
  [{ type: 'mp4Uploaded', result: 'failed', files: [] }, 310, { Status: 2, FileList: [], FileMessage: [] }],
  [
    { type: 'fileKept', result: 'complete', file: mixed, fileId: 'f', url: 'http://h/f' },
    311,
    {
      Status: 0,
      Errmsg: '',
      TencentVod: { ...SEEN_MIXED, FileId: 'f', VideoUrl: 'http://h/f', CacheFile: 'a_1.mp4' },
    },
  ],
  [
    { type: 'fileKept', result: 'incomplete', file: own, error: 'The disk is full.' },
    311,
    {
      Status: 1,
      Errmsg: 'The disk is full.',
      TencentVod: { ...SEEN_OWN, FileId: '', VideoUrl: '', CacheFile: 'b_1.mp4' },
    },
  ],
  [
    { type: 'fileKept', result: 'failed', file: own, error: 'x' },
    311,
    { Status: 2, Errmsg: 'x', TencentVod: { ...SEEN_OWN, FileId: '', VideoUrl: '', CacheFile: 'b_1.mp4' } },
  ],
  [{ type: 'filesEnded', ok: true }, 312, { Status: 0 }],
  [{ type: 'filesEnded', ok: false }, 312, { Status: 1 }],
];

test.each(cases)('%j', (what, type, payload) => {
  const event = recordingCallback(task, what, AT);
  expect(event).toMatchObject({ sdkAppId: 1_400_000_001, orderKey: 'task task-1', kind: 'recording' });
  expect(JSON.parse(payloadOf(event, AT + 156_000))).toEqual({
    EventGroupId: 3,
    EventType: type,
    CallbackTs: 1_622_186_275_913,
    EventInfo: {
      RoomId: '20015',
      EventTs: 1_622_186_275,
      EventMsTs: 1_622_186_275_757,
      UserId: 'robot',
      TaskId: 'task-1',
      Payload: payload,
    },
  });
});

test('every type of group 3 is there', () => {
  expect([...new Set(cases.map(([, type]) => type))]).toEqual([
    301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312,
  ]);
});

test('a room that has a number has a number', () => {
  const numbered = { ...task, roomIdType: 'number' } as const;
  expect(recordingCallback(numbered, { type: 'moved' }, AT)).toMatchObject({ info: { RoomId: 20_015 } });
});
