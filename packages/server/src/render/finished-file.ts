import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RenderedFile, RenderOrder } from '../recording/render-protocol.ts';
import { frameTimeUs } from '../timeline/index.ts';
import { GrowingFile } from './growing-file.ts';
import { fileType, MOVIE_TIMESCALE, movieBox, NO_SAMPLES, type SampleTable, type Track } from './mp4-movie.ts';
import type { RenderPlan } from './render-plan.ts';
import { AUDIO_TRACK_ID, readSegmentIndex, VIDEO_TRACK_ID } from './segment-file.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';

/** The init segment that goes with a plan's segments. */
export function initSegment(plan: RenderPlan): Buffer {
  return Buffer.concat([fileType(), movieBox(tracksOf(plan, 0, NO_SAMPLES, NO_SAMPLES), { fragmented: true })]);
}

/** Pictures of a file that ends at `endUs`: those whose time lies before it; one at least. */
export function picturesUntil(plan: RenderPlan, endUs: number): number {
  const { fps } = plan.parameters.video;
  let count = Math.max(1, Math.ceil(((endUs - plan.startUs) * fps) / 1_000_000));
  while (count > 1 && frameTimeUs(plan.startUs, count - 1, fps) >= endUs) count -= 1;
  while (frameTimeUs(plan.startUs, count, fps) < endUs) count += 1;
  return count;
}

/** The MP4 of a render, to which all segments that are there already are added. @throws file errors. */
export function openFile(order: RenderOrder, options?: { growsFromBytes?: number }): GrowingFile {
  mkdirSync(order.outFolder, { recursive: true });
  const file = new GrowingFile(pathOf(order), options);
  let index = 0;
  for (
    let segment = readSegmentIndex(order.workFolder, index);
    segment !== null;
    segment = readSegmentIndex(order.workFolder, index)
  ) {
    file.add(segment);
    index += 1;
  }
  return file;
}

/** Finishes the MP4 of a render. @throws file errors. */
export async function finishFile(
  file: GrowingFile,
  order: RenderOrder,
  plan: RenderPlan,
  endUs: number,
): Promise<RenderedFile> {
  const { video, audio } = plan.parameters;
  const pictures = picturesUntil(plan, endUs);
  const samples = Math.round((pictures * audio.sampleRateHz) / video.fps);
  const path = pathOf(order);
  const written = await file.finish({
    videoSamples: pictures,
    // One frame more than the sound is long: the first one is the priming.
    audioSamples: Math.ceil(samples / AAC_FRAME_SAMPLES) + 1,
    keyInterval: video.fps * video.keyframeIntervalS,
    tracks: (videoTable, audioTable) => tracksOf(plan, pictures, videoTable, audioTable),
  });
  return {
    name: basename(path),
    path,
    ...written,
    durationUs: frameTimeUs(0, pictures, video.fps),
    startUs: plan.startUs,
    widthPx: video.widthPx,
    heightPx: video.heightPx,
    videoCodec: 'h264',
    audioCodec: 'aac',
  };
}

function pathOf({ outFolder, baseName, indexAlways }: RenderOrder): string {
  return join(outFolder, `${baseName}${indexAlways ? '_1' : ''}.mp4`);
}

function tracksOf(plan: RenderPlan, pictures: number, video: SampleTable, audio: SampleTable): Track[] {
  const { video: picture, audio: sound } = plan.parameters;
  const playedDuration = Math.round((pictures * MOVIE_TIMESCALE) / picture.fps);
  return [
    {
      id: VIDEO_TRACK_ID,
      timescale: picture.fps * 1000,
      sampleDuration: 1000,
      playedDuration,
      priming: 0,
      media: {
        kind: 'video',
        widthPx: picture.widthPx,
        heightPx: picture.heightPx,
        avcConfiguration: Buffer.from(plan.avcConfiguration, 'base64'),
      },
      samples: video,
    },
    {
      id: AUDIO_TRACK_ID,
      timescale: sound.sampleRateHz,
      sampleDuration: AAC_FRAME_SAMPLES,
      playedDuration,
      priming: AAC_FRAME_SAMPLES,
      media: {
        kind: 'audio',
        channels: sound.channels,
        sampleRateHz: sound.sampleRateHz,
        bitrateBps: sound.bitrateBps,
        aacConfiguration: Buffer.from(plan.aacConfiguration, 'base64'),
      },
      samples: audio,
    },
  ];
}
