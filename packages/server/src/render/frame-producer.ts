import type { BundleReader } from '../capture/index.ts';
import type { StreamReport } from '../recording/render-protocol.ts';
import { mediaOf } from '../recording/task-parameters.ts';
import { fileEndUs, frameTimeUs, isJournalOpenAt, lookAt, type RoomHistory, sceneAt } from '../timeline/index.ts';
import { LiveStreams } from './live-streams.ts';
import { Painter } from './painter.ts';
import { PictureEncoder } from './picture-encoder.ts';
import { PictureFiles } from './picture-files.ts';
import type { RenderPlan } from './render-plan.ts';
import { SegmentBuilder, soundFramesBefore } from './segment-builder.ts';
import type { Segment } from './segment-file.ts';
import { AAC_FRAME_SAMPLES, SoundEncoder } from './sound-encoder.ts';
import { SoundMixer } from './sound-mixer.ts';
import { LONGEST_CONCEALED_US } from './sound-track.ts';

/** Blocks that a sound encoder in the middle of a file is given before its first kept frame, to find its level. */
const SOUND_RUN_UP_BLOCKS = 8;
/**
 * Sound is read this much further than it is mixed: the last, partial block must be whole, and a short hole can only
 * be filled when the packet behind it is known.
 */
const SOUND_MARGIN_US = LONGEST_CONCEALED_US + 60_000;

/** What a step came to. */
export type Step = 'made' | 'waiting' | { endUs: number };

/** Makes the file's pictures and sound one output frame after another, from a segment's beginning on. */
export class FrameProducer implements Disposable {
  readonly #plan: RenderPlan;
  readonly #media: { picture: boolean; sound: boolean };
  readonly #streams: LiveStreams;
  readonly #files: PictureFiles;
  readonly #painter: Painter;
  readonly #pictures: PictureEncoder;
  readonly #sounds: SoundEncoder;
  readonly #mixer: SoundMixer;
  readonly #builder: SegmentBuilder;
  #frame: number;
  #block: number;
  #fed = false;

  constructor(bundle: BundleReader, plan: RenderPlan, firstSegment: number) {
    const { video, audio } = plan.parameters;
    const pictures = video.fps * video.keyframeIntervalS;
    const segmentSamples = audio.sampleRateHz * video.keyframeIntervalS;
    this.#plan = plan;
    this.#media = mediaOf(plan.parameters.output);
    this.#frame = firstSegment * pictures;
    this.#block = Math.max(0, soundFramesBefore(firstSegment, segmentSamples) - SOUND_RUN_UP_BLOCKS);
    this.#streams = new LiveStreams(bundle, {
      fromUs: Math.min(this.#frameUs(this.#frame), this.#blockUs(this.#block)),
    });
    this.#files = new PictureFiles(bundle.folder, plan.pictures);
    this.#painter = new Painter(video, this.#files);
    this.#pictures = new PictureEncoder(video);
    this.#sounds = new SoundEncoder(audio, this.#block);
    this.#mixer = new SoundMixer({ startUs: plan.startUs, ...audio });
    this.#builder = new SegmentBuilder({ pictures, segmentSamples, firstIndex: firstSegment, media: this.#media });
  }

  /** Media time up to which pictures are made. */
  get reachedUs(): number {
    return this.#frameUs(this.#frame);
  }

  /** Makes the next output frame if the bundle allows. @param readUs When the history was read from the journal. */
  step(history: RoomHistory, readUs: number): Step {
    const atUs = this.#frameUs(this.#frame);
    const nextUs = this.#frameUs(this.#frame + 1);
    const needUs = nextUs + SOUND_MARGIN_US;
    this.#streams.follow(history);
    if (isJournalOpenAt(history, needUs, readUs) || !this.#streams.advance(needUs, readUs)) return 'waiting';
    const endUs = fileEndUs(history, this.#streams.facts, atUs);
    if (endUs !== null) return { endUs };
    // The picture nearest to the moment is shown, so the error of a 15th of a second is ± 33 ms, not 0 to 67.
    this.#streams.decode({ picturesUs: atUs + Math.round((nextUs - atUs) / 2), soundUs: needUs });
    if (this.#media.picture) this.#paint(history, atUs);
    this.#fed = true;
    while (this.#blockUs(this.#block + 1) <= nextUs) this.#mixBlock();
    this.#frame += 1;
    if (this.#frame % this.#plan.parameters.video.fps === 0) this.#streams.retire(atUs);
    return 'made';
  }

  /** The next finished segment, or null. */
  takeSegment(): Segment | null {
    return this.#builder.take();
  }

  /** Ends the encoding: gives the segments that are left. */
  finish(): Segment[] {
    const endUs = this.#frameUs(this.#frame);
    if (!this.#fed) {
      if (this.#frame === 0) return [];
      // Every picture was there already; the last sound, which the encoder gives when it is flushed, may not be.
      this.#streams.decode({ picturesUs: endUs, soundUs: endUs + SOUND_MARGIN_US });
    }
    while (this.#blockUs(this.#block) < endUs) this.#mixBlock();
    if (this.#fed && this.#media.picture) this.#builder.addVideo(this.#pictures.flush());
    if (this.#media.sound) this.#builder.addAudio(this.#sounds.flush());
    const segments: Segment[] = [];
    for (let segment = this.#builder.take(); segment !== null; segment = this.#builder.take()) segments.push(segment);
    const rest = this.#builder.takeRest();
    if (rest !== null) segments.push(rest);
    return segments;
  }

  reports(): StreamReport[] {
    return this.#streams.reports();
  }

  /** Pictures that were asked for and could not be shown. */
  get pictureProblems(): { url: string; detail: string }[] {
    return this.#files.problems;
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
    this.#painter[Symbol.dispose]();
    this.#pictures[Symbol.dispose]();
    this.#sounds[Symbol.dispose]();
  }

  #paint(history: RoomHistory, atUs: number): void {
    const { parameters, fixedLook = false } = this.#plan;
    const look = fixedLook || history.task === null ? parameters : lookAt(history.task, atUs);
    const scene = sceneAt(history, this.#streams.facts, { canvas: parameters.video, ...look }, atUs);
    const { pictures } = history;
    this.#painter.paint({ scene, look, atUs, pictures }, (dump) => this.#streams.video(dump));
    this.#builder.addVideo(this.#pictures.encode(this.#painter.canvas.frame, this.#frame));
  }

  #mixBlock(): void {
    if (this.#media.sound) this.#encodeBlock();
    this.#block += 1;
  }

  #encodeBlock(): void {
    const block = this.#mixer.mix(this.#streams.sounds(), this.#block * AAC_FRAME_SAMPLES, AAC_FRAME_SAMPLES);
    this.#builder.addAudio(this.#sounds.encode(block));
  }

  #frameUs(index: number): number {
    return frameTimeUs(this.#plan.startUs, index, this.#plan.parameters.video.fps);
  }

  #blockUs(block: number): number {
    return this.#plan.startUs + (block * AAC_FRAME_SAMPLES * 1_000_000) / this.#plan.parameters.audio.sampleRateHz;
  }
}
