import { basename } from 'node:path';
import type { RenderedFile } from '../recording/render-protocol.ts';
import { frameTimeUs } from '../timeline/index.ts';
import { AdtsFile } from './adts-file.ts';
import { FileClock } from './file-clock.ts';
import type { GrowingFile } from './growing-file.ts';
import { fileType, MOVIE_TIMESCALE, movieBox, NO_SAMPLES, type SampleTable, type Track } from './mp4-movie.ts';
import type { ReelParts } from './reel-parts.ts';
import { pictureHz, type RenderPlan } from './render-plan.ts';
import { AUDIO_TRACK_ID, VIDEO_TRACK_ID } from './segment-file.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';

/** The init segment that goes with a plan's segments. @param priming Sound samples in front that are not played; 1024 by default. */
export function initSegment(plan: RenderPlan, { priming = AAC_FRAME_SAMPLES } = {}): Buffer {
  return Buffer.concat([
    fileType(),
    movieBox(
      tracksOf(
        { plan, clock: new FileClock(plan.startUs) },
        { fromTicks: 0, endTicks: 0, priming },
        NO_SAMPLES,
        NO_SAMPLES,
      ),
      { fragmented: true },
    ),
  ]);
}

/** Pictures of a file that lasts `durationUs`: those whose time lies before its end; one at least. */
export function picturesUntil(plan: RenderPlan, durationUs: number): number {
  const { fps } = plan.video;
  let count = Math.max(1, Math.ceil((durationUs * fps) / 1_000_000));
  while (count > 1 && frameTimeUs(0, count - 1, fps) >= durationUs) count -= 1;
  while (frameTimeUs(0, count, fps) < durationUs) count += 1;
  return count;
}

/** What a part of a reel is: from one moment of the file to another, in units of {@link pictureHz}. */
export type PartSpan = {
  fromTicks: number;
  endTicks: number;
  firstFrame: number;
  videoSamples: number;
  isLast: boolean;
};

/**
 * Makes one part of a reel. Its sound begins with the frames that its decoder needs first, which its edit list
 * leaves out: from the two frames before it on, what is decoded is the same as in one whole file.
 * @throws file errors.
 */
export async function finishPart(
  file: GrowingFile | AdtsFile,
  path: string,
  reel: ReelParts,
  { fromTicks, endTicks, firstFrame, videoSamples, isLast }: PartSpan,
): Promise<RenderedFile> {
  const { plan, clock } = reel;
  const { audio } = plan.parameters;
  const { video, media } = plan;
  const toSamples = (ticks: number): number => Math.round((ticks * audio.sampleRateHz) / pictureHz(plan));
  const toUs = (ticks: number): number => Math.round((ticks * 1_000_000) / pictureHz(plan));
  const firstSample = toSamples(fromTicks);
  const endSample = toSamples(endTicks);
  // ADTS knows no edit list: it begins and ends at the frames that lie nearest, and its first frame has no priming.
  const nearest = (sample: number): number => Math.round(sample / AAC_FRAME_SAMPLES) + 1;
  const endFrame = Math.ceil(endSample / AAC_FRAME_SAMPLES) + 1;
  // Frame k carries what lies before k × 1024: see SoundEncoder.
  const span: Span = { fromTicks, endTicks, priming: firstSample - (firstFrame - 1) * AAC_FRAME_SAMPLES };
  const isAdts = file instanceof AdtsFile;
  const written = isAdts
    ? await file.finish(path, {
        skip: nearest(firstSample) - firstFrame,
        frames: (isLast ? endFrame : nearest(endSample)) - nearest(firstSample),
      })
    : await file.finish(path, {
        videoSamples,
        audioSamples: endFrame - firstFrame,
        keyInterval: video.fps * video.keyframeIntervalS,
        endTicks,
        tracks: (videoTable, audioTable) => tracksOf(reel, span, videoTable, audioTable),
      });
  const picture = media.picture && !isAdts;
  const { widthPx, heightPx } = reel.descriptions?.[0] ?? video;
  return {
    name: basename(path),
    type: isAdts ? 'aac' : 'mp4',
    path,
    ...subjectOf(plan, { picture, sound: media.sound }),
    ...written,
    durationUs: toUs(endTicks - fromTicks),
    startUs: clock.pastUs(toUs(fromTicks)),
    widthPx: picture ? widthPx : 0,
    heightPx: picture ? heightPx : 0,
    videoCodec: picture ? 'h264' : null,
    audioCodec: media.sound ? 'aac' : null,
  };
}

/** Of whom a file is, and what is in it. */
export function subjectOf(
  { reel }: RenderPlan,
  { picture, sound }: { picture: boolean; sound: boolean },
): Pick<RenderedFile, 'userId' | 'source' | 'media'> {
  const media = picture && sound ? 'both' : picture ? 'video' : 'audio';
  return reel.kind === 'mixed'
    ? { userId: null, source: null, media }
    : { userId: reel.userId, source: reel.source, media };
}

/** What is played of the samples: from one moment to another, and the sound behind so many samples that are not. */
type Span = { fromTicks: number; endTicks: number; priming: number };

function tracksOf(
  { plan, descriptions }: ReelParts,
  { fromTicks, endTicks, priming }: Span,
  video: SampleTable,
  audio: SampleTable,
): Track[] {
  const { audio: sound } = plan.parameters;
  const { media, video: picture } = plan;
  const hz = pictureHz(plan);
  const toMovie = (ticks: number): number => Math.round((ticks * MOVIE_TIMESCALE) / hz);
  const playedDuration = toMovie(endTicks - fromTicks);
  const tracks: Track[] = [
    {
      id: VIDEO_TRACK_ID,
      timescale: hz,
      sampleDuration: 1000,
      playedDuration,
      priming: 0,
      delay: toMovie(Math.max(0, (video.firstTicks ?? fromTicks) - fromTicks)),
      media: {
        kind: 'video',
        isTagged: plan.copied !== true,
        descriptions: descriptions ?? [
          {
            widthPx: picture.widthPx,
            heightPx: picture.heightPx,
            avcConfiguration: Buffer.from(plan.avcConfiguration, 'base64'),
          },
        ],
      },
      samples: video,
    },
    {
      id: AUDIO_TRACK_ID,
      timescale: sound.sampleRateHz,
      sampleDuration: AAC_FRAME_SAMPLES,
      playedDuration,
      priming,
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
  return tracks.filter(({ id }) => (id === VIDEO_TRACK_ID ? media.picture : media.sound));
}
