import type { LayoutParameters } from './layout-parameters.ts';

/** What a recording task asks for. Later modes and outputs widen this type. */
export type TaskParameters = {
  /** `mixed`: one picture and one sound of all. */
  mode: 'mixed';
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
  /** May be changed while the task runs, as may `backgroundColor`; nothing else may. */
  layout: LayoutParameters;
  /** `#rrggbb`. */
  backgroundColor: string;
  output: {
    /** `aac`: sound alone, as a stream of ADTS frames. `hls`: a playlist that grows while the call runs; never split. */
    format: 'mp4' | 'aac' | 'hls';
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
