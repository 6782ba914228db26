import { runTool } from './run-tool.ts';

/** What ffprobe sees of a file. Durations in µs. */
export type FileFacts = {
  durationUs: number;
  video: { codec: string; widthPx: number; heightPx: number; frames: number; durationUs: number } | null;
  audio: { codec: string; sampleRateHz: number; channels: number; durationUs: number } | null;
};

/** Asks ffprobe for a file's facts. @throws {Error} when it cannot be read. */
export async function probeFile(file: string): Promise<FileFacts> {
  const json = await runTool('ffprobe', ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', file]);
  const facts = JSON.parse(json.toString()) as {
    format: { duration: string };
    streams: Record<string, string | number>[];
  };
  const video = facts.streams.find((stream) => stream['codec_type'] === 'video');
  const audio = facts.streams.find((stream) => stream['codec_type'] === 'audio');
  return {
    durationUs: toUs(facts.format.duration),
    video:
      video === undefined
        ? null
        : {
            codec: String(video['codec_name']),
            widthPx: Number(video['width']),
            heightPx: Number(video['height']),
            frames: Number(video['nb_frames']),
            durationUs: toUs(video['duration']),
          },
    audio:
      audio === undefined
        ? null
        : {
            codec: String(audio['codec_name']),
            sampleRateHz: Number(audio['sample_rate']),
            channels: Number(audio['channels']),
            durationUs: toUs(audio['duration']),
          },
  };
}

/** Decodes the whole file; what ffmpeg complains of, or an empty text. */
export async function complaintsOf(file: string): Promise<string> {
  try {
    await runTool('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-']);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function toUs(seconds: string | number | undefined): number {
  return Math.round(Number(seconds ?? Number.NaN) * 1_000_000);
}
