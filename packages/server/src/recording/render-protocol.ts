import type { StreamSource } from '@callreel/protocol';
import type { Alarm } from './alarm-parameters.ts';
import type { TaskParameters } from './task-parameters.ts';
import type { UsageCount } from './usage-count.ts';

/**
 * The order for one render child, given as the one JSON argument of `render/main.ts`.
 *
 * The child follows the bundle until the task's window is over (`taskStopped` in the journal), writes
 * finished segments into `workFolder`, puts the finished files into `outFolder` under a temporary name,
 * renames them, tells of them and exits with 0. Started again after any crash, it goes on behind the last
 * finished segment. An HLS playlist and its segments appear in `outFolder` while the call runs: whatever the
 * playlist names is there, whole, and can be served from that folder after each `progress`. It exits at once when its IPC channel closes: whoever started it is gone.
 */
export type RenderOrder = {
  taskId: string;
  bundleFolder: string;
  workFolder: string;
  outFolder: string;
  /** File name without index and extension: `<SdkAppId>_<RoomId>`. */
  baseName: string;
  /** Whether `_<Index>` is written though the file was not split. */
  indexAlways: boolean;
  /** How many stand on both sides of a user in names of single files; see `singleBaseName`. One by default. */
  userUnderscores?: 1 | 2;
  /**
   * Whether nothing will be added to the bundle, so that what its journal leaves open ends with its data instead of
   * being waited for. False by default.
   */
  complete?: boolean;
  /** Given: files are split after less than the parameters say, so that tests need no day and no 2 GB. */
  splitAt?: { durationMs?: number; sizeBytes?: number };
  /** Given: renders with these instead of the journal's own, for rendering again. */
  parameters?: TaskParameters;
  /** Given: pictures by their address, for rendering again with others than the bundle holds; shown from the beginning on. */
  pictures?: Record<string, string>;
};

/** A finished file and its facts. */
export type RenderedFile = {
  name: string;
  /** Kind of the file, and its extension, but for `hls` (`.m3u8`) and sound alone as `webm` (`.weba`). */
  type: 'mp4' | 'aac' | 'hls' | 'webm';
  path: string;
  /** Whose it is; null: of all. */
  userId: string | null;
  /** His camera and microphone, or his screen; null: of all. */
  source: StreamSource | null;
  /** What is in it. */
  media: 'both' | 'audio' | 'video';
  /** What a playlist names, beside it: to be kept under the same folder, and before it. `sizeBytes` and `sha256` are the playlist's. */
  parts?: { name: string; path: string; sizeBytes: number }[];
  sizeBytes: number;
  /** SHA-256 of the whole file, lower-case hex. */
  sha256: string;
  durationUs: number;
  /** Media time of its first picture or sound. */
  startUs: number;
  /** 0 where there is no picture. */
  widthPx: number;
  /** 0 where there is no picture. */
  heightPx: number;
  videoCodec: 'h264' | 'vp8' | 'vp9' | 'av1' | null;
  audioCodec: 'aac' | 'opus' | null;
  /** Beside it; missing where there is no picture, or when they could not be made. */
  stills?: Stills;
};

/** A still picture of a file, or the index of some. */
export type StillFile = { name: string; path: string; sizeBytes: number };

/** What stands for a file where it is not played. */
export type Stills = {
  /** `<base>.poster.jpg`, or `<name>.m3u8.poster.jpg` of a playlist: the first picture of the thumbnails that is more than one colour, at most 640 px wide. */
  poster: StillFile;
  /**
   * `picture`: `<base>.thumbnails.jpg`, up to 100 pictures of 160 px width, evenly spaced in time, in rows of ten. `index`:
   * `<base>.thumbnails.vtt`, which of them is for which time, in WebVTT with `#xywh=`.
   */
  thumbnails: { picture: StillFile; index: StillFile };
};

/** What was seen of one captured stream while rendering. */
export type StreamReport = {
  streamId: string;
  userId: string;
  kind: 'audio' | 'video';
  codec: string;
  packets: number;
  /** Packets that the sequence numbers say were sent and that the capture does not hold. */
  lostPackets: number;
  duplicatePackets: number;
  firstPacketUs: number;
  lastPacketUs: number;
  /** Pictures or sound blocks that could not be decoded. */
  undecodable: number;
  /** Sound that was lost and filled by concealment. Longer holes are silent. 0 for pictures. */
  concealedMs: number;
  /** Times of more than 500 ms without a new picture while the camera was on. 0 for sound. */
  freezes: number;
  freezeMs: number;
  /** How often, and how long in all, pictures were passed over until a key frame came. 0 for sound. */
  keyFrameWaits: number;
  keyFrameWaitMs: number;
  /** How often the pictures' size changed. 0 for sound. */
  resolutionChanges: number;
  /** How much faster the sender's clock ran than ours, in parts of a million; null when less than 20 s are known. */
  clockDriftPpm: number | null;
  /**
   * How far the stream's content in the file is from the wire's own timing: 95 of 100 pictures or blocks of sound are
   * at most so far off, in ms. Of a picture: from its media time to the frame of the file that first shows it. Of a block:
   * how far what it holds is moved by its being stretched to the next one. Null when nothing of it is in the file.
   */
  syncP95Ms: number | null;
};

/** A time in which a user was in the room and had no place in the layout. */
export type LeftOut = { userId: string; fromUs: number; untilUs: number };

/** An order that a running task was given. `modified`: with what it asks for from then on. */
export type TaskChange = { atUs: number } & (
  | { type: 'modified'; parameters: TaskParameters }
  | { type: 'paused' | 'resumed' }
);

/** What a render saw; kept with its task. See `docs/design/report.md`. */
export type RenderReport = {
  streams: StreamReport[];
  /** What was wrong, in the order in which it began; see `AlarmParameters` for what counts. */
  alarms: Alarm[];
  /** In the order in which it began. */
  leftOut: LeftOut[];
  /** Pictures of the task that could not be shown, by their addresses. */
  pictures: { url: string; detail: string }[];
  /** What was ordered of the task while it ran, in order. */
  changes: TaskChange[];
  /** Size of the dumps that were read, all together. */
  captureBytes: number;
  /** CPU time of the process that finished the render. */
  cpuMs: number;
  /** With which segment that process began: above 0 when others before it had ended early. */
  resumedAtSegment: number;
};

/** Why a render made no file, as it is kept with its task. */
export type RenderRefusal = Pick<Extract<RenderMessage, { type: 'failed' }>, 'code' | 'detail'>;

/** What a render child tells its parent over IPC. */
export type RenderMessage =
  /** After each finished segment: how far the render is in media time. */
  | { type: 'progress'; segments: number; renderedUntilUs: number }
  /** Every 10 s in which something was recorded: the usage so far, all of it. Behind a crash it may be less for a while. */
  | { type: 'usage'; usage: UsageCount[] }
  | {
      type: 'finished';
      files: RenderedFile[];
      report: RenderReport;
      /** The whole usage: that of the files. */
      usage: UsageCount[];
    }
  | { type: 'failed'; code: 'NothingCaptured' | 'BundleUnreadable' | 'DiskFull' | 'RenderFailed'; detail: string };
