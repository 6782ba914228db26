import type { AlarmParameters } from './alarm-parameters.ts';
import type { LayoutParameters, RenderMode } from './layout-parameters.ts';
import type { Subscription } from './subscription.ts';
import type { Watermark } from './watermark.ts';

/** What a recording task asks for. */
export type TaskParameters = {
  /** `mixed`: one picture and one sound of all. `single`: one set of files for each user's camera, and for his screen. `both`: both. */
  mode: 'mixed' | 'single' | 'both';
  /** Of mixed files. Single ones take their rate and key frames from it, and their size from the stream. */
  video: {
    /** Even, 2 to 1920. */
    widthPx: number;
    /** Even, 2 to 1920; width × height at most 1920 × 1080. */
    heightPx: number;
    /** Frames per second, 1 to 60. */
    fps: number;
    /** 64 000 to 8 192 000. */
    bitrateBps: number;
    /** Seconds between key frames, 1 to 10; also the length of a segment, the step of recovery. */
    keyframeIntervalS: number;
  };
  audio: {
    sampleRateHz: 48000 | 44100 | 16000;
    channels: 1 | 2;
    /** 32 000 to 128 000. */
    bitrateBps: number;
  };
  /**
   * May be changed while the task runs, as may `backgroundColor`, `background`, `placeholder`, `watermarks` and
   * `subscription`; nothing else may.
   */
  layout: LayoutParameters;
  /** `#rrggbb`. */
  backgroundColor: string;
  /** Picture behind all others; `url` of a png or jpg. `renderMode`: default `crop`. */
  background?: { url: string; renderMode?: RenderMode };
  /** What places show whose users show nothing, where they have no placeholder of their own; `url` of a png or jpg. */
  placeholder?: { url: string };
  /** Up to 25, painted over everything, later ones over earlier ones. */
  watermarks?: Watermark[];
  /** Whose streams are recorded; everybody's when it is not given. */
  subscription?: Subscription;
  /** Only cameras with the microphones (`main`), or only shared screens with their sound (`aux`); both when it is not given. */
  sources?: 'main' | 'aux';
  /**
   * What is shown where a picture was and none comes: the last one, or black. When it is not given, single
   * files hold the last one, and mixed ones show the placeholder.
   */
  fill?: 'last' | 'black';
  /** Of single files. */
  single?: {
    /** Sound and picture in one file; apart when it is not given. */
    merged?: boolean;
    /** The codecs of the call, copied: WebM for VP8, VP9 and AV1, MP4 for H.264. Default false: H.264 and AAC. */
    original?: boolean;
  };
  /** What is told of in the report; see there for what counts when it is not given. */
  alarms?: AlarmParameters;
  /** Whether nothing is captured while the task is paused, if no other task needs it. Default false: it is only not rendered. */
  pauseCapture?: boolean;
  output: {
    /**
     * `aac`: sound alone, as a stream of ADTS frames. `hls`: a playlist that grows while the call runs; never split.
     * `hls+mp4`, `hls+aac`: both.
     */
    format: 'mp4' | 'aac' | 'hls' | 'hls+mp4' | 'hls+aac';
    /** Kind of the segments of HLS; `ts` (MPEG-TS) when it is not given. */
    hlsSegments?: 'ts' | 'fmp4';
    /** What is in the file; picture and sound when it is not given. `aac` holds sound only. */
    media?: 'both' | 'audio' | 'video';
    /** Longest time of one file, 1 to 1440 minutes; a day when it is not given. Also 2 GB end a file. */
    maxFileDurationMinutes?: number;
  };
  /** Time without any broadcaster in the room after which the task ends, in ms: 5 000 to 86 400 000. */
  maxIdleMs: number;
};

/** What the files of an output hold. */
export function mediaOf({ format, media = 'both' }: TaskParameters['output']): { picture: boolean; sound: boolean } {
  if (format === 'aac') return { picture: false, sound: true };
  return { picture: media !== 'audio', sound: media !== 'video' };
}

/** The kinds of files of an output, in the order in which they are told of. */
export function fileFormatsOf({ format }: TaskParameters['output']): ('mp4' | 'aac' | 'hls')[] {
  switch (format) {
    case 'hls+mp4':
      return ['hls', 'mp4'];
    case 'hls+aac':
      return ['hls', 'aac'];
    default:
      return [format];
  }
}

/** The default template of automatic recording: one mixed MP4, 1280 × 720, 15 fps, grid. */
export const DEFAULT_TASK_PARAMETERS: TaskParameters = Object.freeze<TaskParameters>({
  mode: 'mixed',
  video: { widthPx: 1280, heightPx: 720, fps: 15, bitrateBps: 1_200_000, keyframeIntervalS: 2 },
  audio: { sampleRateHz: 48000, channels: 2, bitrateBps: 64_000 },
  layout: { mode: 'grid' },
  backgroundColor: '#000000',
  output: { format: 'mp4' },
  maxIdleMs: 5_000,
});
