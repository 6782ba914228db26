import { type CallbackEvent, eventTimes, msOf, roomIdOf } from './callback-event.ts';

/** The task that an event of group 3 tells of. */
export type RecordingSubject = {
  sdkAppId: number;
  taskId: string;
  /** User id of the recording robot; empty where a task has none. */
  robotId: string;
  roomId: string;
  roomIdType: 'number' | 'string';
};

/** A file of a recording. */
export type RecordedFile = {
  name: string;
  /** Whose file it is; null in a mixed recording. */
  userId: string | null;
  /** What it holds. */
  tracks: 'audio' | 'video' | 'audio_video';
  /** Camera and microphone, shared screen, or all mixed. */
  source: 'main' | 'aux' | 'mix';
  startUs: number;
  endUs: number;
};

/** Why the recording of a task ended, in the words of the dialect's `LeaveCode`. */
export type RecordingStopReason = keyof typeof STOP_CODE;

/** What happened to a recording. Each stands for one `EventType`. */
export type RecordingCallback =
  /** 301 */
  | { type: 'started'; ok: boolean }
  /** 302 */
  | { type: 'stopped'; reason: RecordingStopReason }
  /** 303, S3 only: the first upload begins. */
  | { type: 'uploadStarted'; ok: boolean }
  /** 304, S3 only: the first playlist has been uploaded. */
  | { type: 'playlistUploaded'; fileName: string }
  /** 305, S3 only: HLS is uploaded. */
  | { type: 'uploadEnded'; result: 'complete' | 'incomplete' | 'recovered' }
  /** 306: the recording goes on in another process or on another machine. */
  | { type: 'moved' }
  /** 307, S3 only: a playlist has its first segment. */
  | { type: 'playlistCreated'; file: Pick<RecordedFile, 'name' | 'userId' | 'tracks' | 'startUs'> }
  /** 308, S3 only. */
  | { type: 'storeFailed'; code: string; message: string }
  /** 309 */
  | { type: 'pictureFailed'; url: string }
  /** 310, S3 only: MP4 files have been uploaded. */
  | { type: 'mp4Uploaded'; result: 'complete' | 'incomplete' | 'failed'; files: readonly RecordedFile[] }
  /** 311, library only: a file is in the library. */
  | { type: 'fileKept'; result: 'complete'; file: RecordedFile; fileId: string; url: string }
  /** 311, library only: a file could not be put there. */
  | { type: 'fileKept'; result: 'incomplete' | 'failed'; file: RecordedFile; error: string }
  /** 312, library only: no further file will come. */
  | { type: 'filesEnded'; ok: boolean };

/** `LeaveCode` of 302. */
const STOP_CODE = Object.freeze({
  order: 0,
  robotRemoved: 1,
  roomDismissed: 2,
  robotRemovedByServer: 3,
  roomDismissedByServer: 4,
  idle: 99,
  roomTimeout: 100,
  replaced: 101,
} as const);

/** `LeaveCode` of 305, `Status` of 310 and 311. */
const RESULT_CODE = Object.freeze({ complete: 0, incomplete: 1, recovered: 2, failed: 2 } as const);

/** An event of group 3. Events of one task are delivered in order. */
export function recordingCallback(
  task: RecordingSubject,
  what: RecordingCallback,
  atUs: number,
): Exclude<CallbackEvent, { kind: 'call' }> {
  const [type, payload] = typeAndPayload(what);
  return {
    sdkAppId: task.sdkAppId,
    orderKey: `task ${task.taskId}`,
    kind: 'recording',
    type,
    info: {
      RoomId: roomIdOf(task),
      ...eventTimes(atUs),
      UserId: task.robotId,
      TaskId: task.taskId,
      Payload: payload,
    },
  };
}

function typeAndPayload(what: RecordingCallback): [type: number, payload: object] {
  switch (what.type) {
    case 'started':
      return [301, { Status: statusOf(what.ok) }];
    case 'stopped':
      return [302, { LeaveCode: STOP_CODE[what.reason] }];
    case 'uploadStarted':
      return [303, { Status: statusOf(what.ok) }];
    case 'playlistUploaded':
      return [304, { FileList: what.fileName }];
    case 'uploadEnded':
      return [305, { LeaveCode: RESULT_CODE[what.result] }];
    case 'moved':
      return [306, { Status: 0 }];
    case 'playlistCreated':
      return [
        307,
        {
          FileName: what.file.name,
          UserId: what.file.userId ?? '',
          TrackType: what.file.tracks,
          // A text here, a number everywhere else: so the dialect has it.
          BeginTimeStamp: String(msOf(what.file.startUs)),
        },
      ];
    case 'storeFailed':
      return [308, { Code: what.code, Message: what.message }];
    case 'pictureFailed':
      return [309, { Url: what.url }];
    case 'mp4Uploaded':
      return [
        310,
        {
          Status: RESULT_CODE[what.result],
          FileList: what.files.map(({ name }) => name),
          FileMessage: what.files.map((file) => ({ FileName: file.name, ...factsOf(file) })),
        },
      ];
    case 'fileKept':
      return [311, keptPayload(what)];
    case 'filesEnded':
      return [312, { Status: statusOf(what.ok) }];
  }
}

function keptPayload(what: Extract<RecordingCallback, { type: 'fileKept' }>): object {
  const { UserId, TrackType, MediaId, StartTimeStamp, EndTimeStamp } = factsOf(what.file);
  const kept = what.result === 'complete';
  return {
    Status: RESULT_CODE[what.result],
    Errmsg: kept ? '' : what.error,
    TencentVod: {
      UserId,
      TrackType,
      MediaId,
      FileId: kept ? what.fileId : '',
      VideoUrl: kept ? what.url : '',
      CacheFile: what.file.name,
      StartTimeStamp,
      EndTimeStamp,
    },
  };
}

function factsOf({ userId, tracks, source, startUs, endUs }: RecordedFile) {
  return {
    UserId: userId ?? '',
    TrackType: tracks,
    MediaId: source,
    StartTimeStamp: msOf(startUs),
    EndTimeStamp: msOf(endUs),
  };
}

function statusOf(ok: boolean): 0 | 1 {
  return ok ? 0 : 1;
}
