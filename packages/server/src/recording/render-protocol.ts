import type { TaskParameters } from './task-parameters.ts';

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
  /** Kind of the file, and its extension. */
  type: 'mp4' | 'aac' | 'hls';
  path: string;
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
  videoCodec: 'h264' | null;
  audioCodec: 'aac' | null;
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
};

/** What a render child tells its parent over IPC. */
export type RenderMessage =
  /** After each finished segment: how far the render is in media time. */
  | { type: 'progress'; segments: number; renderedUntilUs: number }
  | {
      type: 'finished';
      files: RenderedFile[];
      report: {
        streams: StreamReport[];
        /** Pictures of the task that could not be shown, by their addresses. */
        pictures: { url: string; detail: string }[];
        cpuMs: number;
        resumedAtSegment: number;
      };
    }
  | { type: 'failed'; code: 'NothingCaptured' | 'BundleUnreadable' | 'DiskFull' | 'RenderFailed'; detail: string };
