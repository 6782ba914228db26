import type { RenderOrder } from '../recording/render-protocol.ts';
import { mediaOf, type TaskParameters } from '../recording/task-parameters.ts';
import type { ReelSubject } from '../timeline/index.ts';
import { initSegment } from './finished-file.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { clearSegments, fits, type RenderPlan, readPlan, writePlan } from './render-plan.ts';
import { SoundEncoder } from './sound-encoder.ts';

/** What is decided of a reel before anything is made; `copied`: its pictures can be copied, as far as is known. */
export type Decided = Pick<RenderPlan, 'startUs' | 'parameters' | 'media' | 'video'> & { copied: boolean };

/** Decides what a reel is made of. @param size Of the stream's picture, where it is known. */
export function decide(
  subject: ReelSubject,
  parameters: TaskParameters,
  {
    startUs,
    size,
    codecs,
  }: { startUs: number; size: { widthPx: number; heightPx: number } | null; codecs: ReadonlySet<string> },
): Decided {
  const media = mediaOfReel(subject, parameters);
  const video = size === null ? parameters.video : videoOfSize(parameters.video, size);
  const copied = subject.kind === 'single' && media.picture && isCopyable(parameters, codecs);
  return { startUs, parameters, media, video, copied };
}

/**
 * The plan of a reel, kept in its work folder. Segments of an earlier plan that does not fit are removed.
 * @throws file errors.
 */
export function settlePlan(
  workFolder: string,
  { taskId }: RenderOrder,
  subject: ReelSubject,
  { copied, ...decided }: Decided,
): RenderPlan {
  const before = readPlan(workFolder);
  // What turned out once not to be copyable is encoded from then on.
  const isCopied = copied && (before === null || before.copied === true);
  const plan: RenderPlan = {
    version: 2,
    taskId,
    reel: subject,
    ...decided,
    ...(isCopied ? { copied: true } : {}),
    ...configurationsOf(decided),
  };
  if (before !== null && fits(before, plan)) return plan;
  // Other parameters or another version of the encoder: nothing of before can be gone on with.
  clearSegments(workFolder);
  writePlan(workFolder, plan, isCopied ? null : initSegment(plan));
  return plan;
}

/** Remembers that a reel's pictures cannot be copied, and removes what was made of them. @throws file errors. */
export function forgetCopying(workFolder: string): void {
  const before = readPlan(workFolder);
  clearSegments(workFolder);
  if (before === null) return;
  const { copied: _, ...plan } = before;
  writePlan(workFolder, plan, null);
}

/** What the files of a reel hold. */
export function mediaOfReel(reel: ReelSubject, { output }: TaskParameters): { picture: boolean; sound: boolean } {
  if (reel.kind === 'mixed' || reel.media === 'both') return mediaOf(output);
  return { picture: reel.media === 'video', sound: reel.media === 'audio' };
}

/**
 * Whether a stream's pictures can go into the files as they are. Segments of HLS have to begin with a key frame every
 * few seconds, which senders do not give, and black pictures would have to be encoded.
 */
function isCopyable({ output, fill }: TaskParameters, codecs: ReadonlySet<string>): boolean {
  return output.format === 'mp4' && fill !== 'black' && codecs.size === 1 && codecs.has('h264');
}

/** Bits for a picture of another size than the parameters say: as many a pixel, and not fewer than a small one needs. */
function videoOfSize(
  video: TaskParameters['video'],
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): TaskParameters['video'] {
  const share = (widthPx * heightPx) / (video.widthPx * video.heightPx);
  const bitrateBps = Math.round(Math.min(Math.max(video.bitrateBps * share, 200_000), 8_192_000));
  return { ...video, widthPx, heightPx, bitrateBps };
}

function configurationsOf({
  video,
  parameters: { audio },
}: Pick<RenderPlan, 'video' | 'parameters'>): Pick<RenderPlan, 'avcConfiguration' | 'aacConfiguration'> {
  using pictures = new PictureEncoder(video);
  using sounds = new SoundEncoder(audio, 0);
  return {
    avcConfiguration: pictures.configuration.toString('base64'),
    aacConfiguration: sounds.configuration.toString('base64'),
  };
}
