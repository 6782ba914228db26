import type { BundleReader } from '../capture/index.ts';
import type { StreamReport } from '../recording/render-protocol.ts';
import {
  fileEndUs,
  frameTimeUs,
  isAnyOpenFrom,
  isJournalOpenAt,
  isSubscribed,
  lookAt,
  type RoomHistory,
  reelHistory,
  reelStreams,
  type StreamLife,
  spans,
} from '../timeline/index.ts';
import { CopiedSegments } from './copied-segments.ts';
import type { FileClock } from './file-clock.ts';
import { LiveStreams } from './live-streams.ts';
import type { Step } from './reel-maker.ts';
import type { WatchedReel } from './reel-parts.ts';
import type { ReelPictures } from './reel-pictures.ts';
import type { RenderPlan } from './render-plan.ts';
import { SegmentBuilder, type Segments } from './segment-builder.ts';
import { COPIED_HZ, type Segment } from './segment-file.ts';
import { AAC_FRAME_SAMPLES, SoundEncoder } from './sound-encoder.ts';
import { SoundMixer, type SoundPiece } from './sound-mixer.ts';
import { LONGEST_CONCEALED_US, type SoundTrack } from './sound-track.ts';

/** Blocks that a sound encoder in the middle of a file is given before its first kept frame, to find its level. */
const SOUND_RUN_UP_BLOCKS = 8;
/**
 * Sound is read this much further than it is mixed: the last, partial block must be whole, and a short hole can only
 * be filled when the packet behind it is known.
 */
const SOUND_MARGIN_US = LONGEST_CONCEALED_US + 60_000;
/** A pause is passed over in such steps, so that little of it is held at a time. */
const PAUSE_STEP_US = 500_000;

/** Makes a reel's pictures and sound one output frame after another, from a segment's beginning on. */
export class FrameProducer implements Disposable {
  readonly #plan: RenderPlan;
  readonly #clock: FileClock;
  readonly #streams: LiveStreams;
  readonly #pictures: ReelPictures;
  readonly #sounds: SoundEncoder;
  readonly #mixer: SoundMixer;
  readonly #segments: Segments;
  #history: RoomHistory | null = null;
  #frame: number;
  #block: number;
  #reachedUs: number;
  #fed = false;

  constructor(bundle: BundleReader, { plan, clock, watch }: WatchedReel, resume: Resume, pictures: ReelPictures) {
    const { audio } = plan.parameters;
    const copied = plan.copied === true;
    this.#plan = plan;
    this.#clock = clock;
    this.#pictures = pictures;
    // Copied pictures are all read again, which costs next to nothing: what they are is known from the first ones.
    this.#frame = copied ? 0 : resume.segment * plan.video.fps * plan.video.keyframeIntervalS;
    this.#block = Math.max(0, resume.soundFrame - SOUND_RUN_UP_BLOCKS);
    const [frameUs, blockUs] = [this.#frameUs(this.#frame), this.#blockUs(this.#block)];
    this.#reachedUs = clock.pastUs(copied ? frameUs : Math.min(frameUs, blockUs));
    this.#streams = new LiveStreams(bundle, {
      fromUs: clock.pastUs(copied ? blockUs : Math.min(frameUs, blockUs)),
      watch,
      copied,
    });
    this.#sounds = new SoundEncoder(audio, this.#block);
    this.#mixer = new SoundMixer(audio);
    this.#segments = segmentsOf(plan, resume);
  }

  /** Media time up to which pictures are made. */
  get reachedUs(): number {
    return this.#clock.pastUs(this.#frameUs(this.#frame));
  }

  /** Where the frame that was made last begins, in the file's own time. */
  get madeUs(): number {
    return this.#frameUs(Math.max(0, this.#frame - 1));
  }

  /** Makes the next output frame if the bundle allows. @param readUs When the history was read from the journal. */
  step(history: RoomHistory, readUs: number): Step {
    this.#history = history;
    const reel = reelHistory(history, this.#plan.reel);
    const atUs = this.#clock.mediaUs(this.#frameUs(this.#frame));
    const laterUs = this.#clock.mediaUs(this.#frameUs(this.#frame + 1));
    // Nothing is known of a pause but its beginning while it lasts.
    if (laterUs === null && history.task?.untilUs === null) return 'waiting';
    if (atUs === null) return { durationUs: this.#clock.fileUs(history.task?.untilUs ?? readUs) };
    const nextUs = laterUs ?? atUs + this.#frameUs(1);
    const needUs = nextUs + SOUND_MARGIN_US;
    this.#streams.follow(reelStreams(history, this.#plan.reel));
    if (isJournalOpenAt(history, needUs, readUs)) return 'waiting';
    if (!this.#passOver(atUs, readUs) || !this.#streams.advance(needUs, readUs)) return 'waiting';
    const endUs = fileEndUs(reel, this.#streams.facts, atUs);
    if (endUs !== null) return { durationUs: this.#clock.fileUs(endUs) };
    if (this.#isAway(reel, atUs)) return 'waiting';
    this.#streams.decode({ picturesUs: atUs + this.#aheadUs(), soundUs: needUs });
    if (this.#plan.media.picture) {
      const times = { atUs, untilUs: nextUs, frame: this.#frame };
      this.#segments.addVideo(this.#pictures.make(reel, this.#streams, times));
    }
    this.#fed = true;
    while (this.#blockUs(this.#block + 1) <= this.#frameUs(this.#frame + 1)) this.#mixBlock();
    this.#frame += 1;
    if (this.#segments instanceof CopiedSegments)
      this.#segments.reach(Math.round((this.#frameUs(this.#frame) * COPIED_HZ) / 1_000_000));
    if (this.#frame % this.#plan.video.fps === 0) this.#streams.retire(atUs, (life) => this.#isHeld(reel, life, atUs));
    return 'made';
  }

  /** The next finished segment, or null. */
  takeSegment(): Segment | null {
    return this.#segments.take();
  }

  /** Ends the encoding: gives the segments that are left. */
  finish(): Segment[] {
    const end = this.#frameUs(this.#frame);
    if (!this.#fed) {
      if (this.#frame === 0) return [];
      // Every picture was there already; the last sound, which the encoder gives when it is flushed, may not be.
      const endUs = this.#clock.pastUs(end);
      this.#streams.decode({ picturesUs: endUs, soundUs: endUs + SOUND_MARGIN_US });
    }
    while (this.#blockUs(this.#block) < end) this.#mixBlock();
    if (this.#plan.media.picture) this.#segments.addVideo(this.#pictures.flush());
    if (this.#plan.media.sound) this.#segments.addAudio(this.#sounds.flush());
    const segments: Segment[] = [];
    for (let segment = this.#segments.take(); segment !== null; segment = this.#segments.take()) segments.push(segment);
    const rest = this.#segments.takeRest();
    if (rest !== null) segments.push(rest);
    return segments;
  }

  reports(): StreamReport[] {
    return this.#streams.reports();
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
    this.#pictures[Symbol.dispose]();
    this.#sounds[Symbol.dispose]();
  }

  /** Whether the user of the reel is away and may come back: then nobody knows yet how long he will have been. */
  #isAway(reel: RoomHistory, atUs: number): boolean {
    return (
      this.#plan.reel.kind === 'single' && reel.task?.untilUs === null && !reel.closed && !isAnyOpenFrom(reel, atUs)
    );
  }

  /**
   * How far beyond a frame's moment its pictures may lie. The picture nearest to the moment is shown, so the error of a 15th of a
   * second is ± 33 ms, not 0 to 67; of a pause that begins before the next frame nothing is shown.
   */
  #aheadUs(): number {
    const [fromUs, untilUs] = [this.#frameUs(this.#frame), this.#frameUs(this.#frame + 1)];
    const halfUs = Math.round((untilUs - fromUs) / 2);
    const cut = this.#clock.cutBetween(fromUs, untilUs);
    return cut === null ? halfUs : Math.min(halfUs, cut.fileUs - fromUs - 1);
  }

  /** Reads and decodes what lies before a frame and is in no file: pauses. */
  #passOver(atUs: number, readUs: number): boolean {
    while (this.#reachedUs + PAUSE_STEP_US < atUs) {
      const untilUs = this.#reachedUs + PAUSE_STEP_US;
      if (!this.#streams.advance(untilUs, readUs)) return false;
      this.#streams.decode({ picturesUs: untilUs, soundUs: untilUs });
      this.#reachedUs = untilUs;
    }
    this.#reachedUs = Math.max(this.#reachedUs, atUs);
    return true;
  }

  /** Whether a stream's last picture is shown when it is over. */
  #isHeld({ stays }: RoomHistory, { userId }: StreamLife, atUs: number): boolean {
    const { reel, parameters } = this.#plan;
    if (reel.kind === 'single') return parameters.fill !== 'black';
    return parameters.fill === 'last' && stays.some((stay) => stay.userId === userId && spans(stay, atUs));
  }

  #mixBlock(): void {
    if (this.#plan.media.sound) this.#encodeBlock();
    this.#block += 1;
  }

  #encodeBlock(): void {
    const pieces = [...this.#piecesOf(this.#block * AAC_FRAME_SAMPLES)];
    this.#segments.addAudio(this.#sounds.encode(this.#mixer.mix(pieces, AAC_FRAME_SAMPLES)));
  }

  /** The block from sample `first` of the file on, in pieces within which time goes on and the same are heard. */
  *#piecesOf(first: number): Generator<SoundPiece> {
    const { sampleRateHz } = this.#plan.parameters.audio;
    const toUs = (sample: number): number => (sample * 1_000_000) / sampleRateHz;
    const end = first + AAC_FRAME_SAMPLES;
    const cuts = this.#cutsOf().map((fileUs) => Math.ceil((fileUs * sampleRateHz) / 1_000_000));
    const inside = cuts.filter((sample) => sample > first && sample < end);
    const borders = [first, ...new Set(inside.toSorted((a, b) => a - b)), end];
    for (const [index, until] of borders.slice(1).entries()) {
      const from = borders[index] ?? first;
      const fromUs = this.#clock.mediaUs(toUs(from));
      const tracks = fromUs === null ? [] : [...this.#heardAt(fromUs)];
      yield { offset: from - first, length: until - from, fromUs: fromUs ?? 0, tracks };
    }
  }

  /** Where pauses are cut out of the file, and where other parameters begin. */
  #cutsOf(): number[] {
    const task = this.#history?.task ?? null;
    if (task === null) return [];
    return [...task.pauses, ...task.modified].map(({ fromUs }) => this.#clock.fileUs(fromUs));
  }

  *#heardAt(atUs: number): Generator<SoundTrack> {
    const task = this.#history?.task ?? null;
    const subscription = task === null ? undefined : lookAt(task, atUs).subscription;
    for (const { userId, sound } of this.#streams.sounds())
      if (isSubscribed(subscription, 'audio', userId)) yield sound;
  }

  #frameUs(index: number): number {
    return frameTimeUs(0, index, this.#plan.video.fps);
  }

  #blockUs(block: number): number {
    return (block * AAC_FRAME_SAMPLES * 1_000_000) / this.#plan.parameters.audio.sampleRateHz;
  }
}

/** Where a render goes on: behind so many segments, with a sound frame. */
export type Resume = { segment: number; soundFrame: number };

function segmentsOf({ copied, media, video, parameters: { audio } }: RenderPlan, resume: Resume): Segments {
  const { sampleRateHz } = audio;
  const firstIndex = resume.segment;
  if (copied === true) {
    const segmentS = video.keyframeIntervalS;
    return new CopiedSegments({ segmentS, sampleRateHz, firstIndex, firstFrame: resume.soundFrame, media });
  }
  const segmentSamples = sampleRateHz * video.keyframeIntervalS;
  return new SegmentBuilder({ pictures: video.fps * video.keyframeIntervalS, segmentSamples, firstIndex, media });
}
