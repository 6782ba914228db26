import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BundleReader, type EncodedFrame, opusPacketSamples } from '../capture/index.ts';
import type { RenderedFile, StreamReport } from '../recording/render-protocol.ts';
import {
  fileEndUs,
  isAnyOpenFrom,
  isJournalOpenAt,
  type RoomHistory,
  reelHistory,
  reelStreams,
  type Size,
} from '../timeline/index.ts';
import { sequenceHeaderOf } from './av1-bytes.ts';
import { subjectOf } from './finished-file.ts';
import { parameterSetsOf } from './h264-bytes.ts';
import { keyFrameSize } from './key-frame-size.ts';
import { LiveStreams } from './live-streams.ts';
import {
  extensionOf,
  type OriginalCodec,
  OriginalFile,
  type OriginalSample,
  type OriginalTracks,
} from './original-file.ts';
import type { ReelMaker, Step } from './reel-maker.ts';
import type { ReelOrder } from './reel-order.ts';
import type { WatchedReel } from './reel-parts.ts';
import type { VideoTrack } from './video-track.ts';

/** Media time that is copied in a step. */
const STEP_US = 100_000;
/** What a file may have at most: see `FileParts`. */
const PART_BYTES = 2_000_000_000;
const PART_MINUTES = 1440;
/** How long the sound of a file may come later than its picture and still be in it from the beginning. */
const TRACKS_KNOWN_US = 5_000_000;

type Part = { file: OriginalFile; number: number; fromUs: number; untilUs: number };
type Sample = OriginalSample & { codec: OriginalCodec | null; extradata: Buffer | null; track: VideoTrack | null };

/**
 * The streams of one user as they were captured: no frame is decoded but one of each size. A file has the tracks that
 * are there when it begins; other codecs and further tracks begin another file. After a loss pictures are left out
 * until the next key frame. Pauses and what is not subscribed to are left out; pictures go on with the next key frame.
 */
export class OriginalReel implements ReelMaker {
  readonly #parts: WatchedReel;
  readonly #order: ReelOrder;
  readonly #streams: LiveStreams;
  readonly #held: Sample[] = [];
  readonly #finished: Promise<RenderedFile>[] = [];
  #open: Part | null = null;
  #atUs: number;
  #dump = '';
  #waitsForKey = true;
  #fileUs = 0;
  /** The key frame of the picture that was written last: it tells its size. */
  #key: { codec: OriginalCodec; data: Buffer; size?: Size | null } | null = null;

  constructor(bundle: BundleReader, parts: WatchedReel, order: ReelOrder) {
    this.#parts = parts;
    this.#order = order;
    this.#atUs = parts.clock.startUs;
    this.#streams = new LiveStreams(bundle, { fromUs: this.#atUs, watch: parts.watch, copied: true });
    mkdirSync(order.outFolder, { recursive: true });
  }

  /** Nothing is kept beside the files. */
  readonly segments = 0;
  readonly resumedAt = 0;

  /** Media time up to which it is copied. */
  get reachedUs(): number {
    return this.#atUs;
  }

  /** Copies the next tenth of a second if the bundle allows. @throws {AvError} | file errors. */
  step(history: RoomHistory, readUs: number): Step {
    const { plan, clock } = this.#parts;
    const { reel } = plan;
    clock.follow(history);
    const own = reelHistory(history, reel);
    const untilUs = this.#atUs + STEP_US;
    this.#streams.follow(reelStreams(history, reel));
    if (isJournalOpenAt(history, untilUs, readUs) || !this.#streams.advance(untilUs, readUs)) return 'waiting';
    const endUs = fileEndUs(own, this.#streams.facts, this.#atUs);
    if (endUs !== null) return { durationUs: clock.fileUs(endUs) };
    if (own.task?.untilUs === null && !own.closed && !isAnyOpenFrom(own, this.#atUs)) return 'waiting';
    this.#take(own, untilUs);
    this.#atUs = untilUs;
    this.#streams.retire(untilUs);
    return 'made';
  }

  /** Ends the last file. @param durationUs Of the reel. */
  async finish(durationUs: number): Promise<RenderedFile[]> {
    this.#flush(Number.POSITIVE_INFINITY);
    if (this.#open !== null) {
      this.#open.untilUs = Math.max(this.#open.fromUs, Math.min(durationUs, this.#open.untilUs));
      this.#count(this.#open.untilUs);
      this.#close(this.#open, this.#open.number > 1);
    }
    return Promise.all(this.#finished);
  }

  /** What was seen of the streams. */
  reports(): StreamReport[] {
    return this.#streams.reports();
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
    this.#open?.file[Symbol.dispose]();
    this.#open = null;
  }

  #take(own: RoomHistory, untilUs: number): void {
    const pauses = own.task?.pauses ?? [];
    const { startUs } = this.#parts.clock;
    const isIn = (dump: string, atUs: number): boolean =>
      atUs >= startUs &&
      !pauses.some((pause) => atUs >= pause.fromUs && atUs < (pause.untilUs ?? Number.POSITIVE_INFINITY)) &&
      own.streams.some((life) => life.dump === dump && atUs >= partFromUs(life) && atUs < partUntilUs(life));
    for (const { dump, sound } of this.#streams.sounds())
      for (let frame = sound.feed.shift(untilUs); frame !== null; frame = sound.feed.shift(untilUs))
        if (isIn(dump, frame.mediaUs))
          this.#hold({
            ...this.#sampleOf(frame, 'audio'),
            durationUs: Math.round(opusPacketSamples(frame.data) / 0.048),
          });
    for (const { dump, video } of this.#streams.videos())
      for (let frame = video.feed.shift(untilUs); frame !== null; frame = video.feed.shift(untilUs)) {
        if (isIn(dump, frame.mediaUs)) this.#takePicture(frame, dump, video);
        else this.#waitsForKey = true;
      }
    this.#held.sort((a, b) => a.atUs - b.atUs);
    this.#flush(this.#parts.clock.fileUs(untilUs));
  }

  #takePicture(frame: EncodedFrame, dump: string, track: VideoTrack): void {
    const { codec } = track.feed;
    if (codec !== 'vp8' && codec !== 'vp9' && codec !== 'av1' && codec !== 'h264') return;
    if (frame.afterLoss || dump !== this.#dump) this.#waitsForKey = true;
    if (this.#waitsForKey && !frame.key) {
      track.history.passedOver(frame.mediaUs);
      return;
    }
    this.#waitsForKey = false;
    this.#dump = dump;
    const extradata = frame.key ? extradataOf(codec, frame.data) : null;
    track.history.decoded(frame.mediaUs);
    this.#hold({ ...this.#sampleOf(frame, 'video'), codec, extradata, track });
  }

  #sampleOf(frame: EncodedFrame, kind: 'video' | 'audio'): Sample {
    const atUs = Math.max(0, this.#parts.clock.fileUs(frame.mediaUs));
    return { kind, atUs, durationUs: 0, key: frame.key, data: frame.data, codec: null, extradata: null, track: null };
  }

  #hold(sample: Sample): void {
    this.#held.push(sample);
  }

  /** Writes what is known to be complete. The first frames wait until it is known which tracks there are. */
  #flush(untilUs: number): void {
    this.#fileUs = untilUs;
    const first = this.#held[0];
    if (first === undefined) {
      this.#silence(untilUs);
      return;
    }
    if (this.#open === null && !this.#areTracksKnown(first.atUs)) return;
    for (const [index, sample] of this.#held.entries()) {
      this.#count(sample.atUs);
      const part = this.#partFor(sample, index);
      this.#parts.usage.begin(part.fromUs);
      if (sample.codec !== null && sample.key) this.#key = { codec: sample.codec, data: sample.data };
      part.file.write({ ...sample, atUs: sample.atUs - part.fromUs });
      part.untilUs = Math.max(part.untilUs, sample.atUs + (sample.durationUs || 33_333));
    }
    this.#held.length = 0;
    this.#silence(untilUs);
  }

  #count(fileUs: number): void {
    if (this.#open === null) return;
    this.#parts.usage.reach(fileUs, this.#open.file.tracks.video === null ? null : () => this.#shownSize());
  }

  /** Decoded when somebody looks: most key frames nobody asks for. */
  #shownSize(): Size | null {
    const key = this.#key;
    if (key === null) return null;
    if (key.size === undefined) key.size = keyFrameSize(key.codec, key.data);
    return key.size;
  }

  #silence(untilUs: number): void {
    if (this.#open !== null && Number.isFinite(untilUs))
      this.#open.file.silenceUntil(untilUs - this.#open.fromUs - STEP_US);
  }

  #areTracksKnown(fromUs: number): boolean {
    const { picture, sound } = this.#parts.plan.media;
    const has = (kind: string): boolean => this.#held.some((sample) => sample.kind === kind);
    return this.#fileUs - fromUs > TRACKS_KNOWN_US || ((!picture || has('video')) && (!sound || has('audio')));
  }

  #partFor(sample: Sample, index: number): Part {
    const part = this.#open;
    if (part !== null && !this.#needsAnother(part, sample)) return part;
    if (part !== null) {
      part.untilUs = sample.atUs;
      this.#close(part, true);
    }
    const tracks = this.#tracksFrom(index, part?.file.tracks ?? null);
    const number = this.#finished.length + 1;
    // Sound that is copied apart has the same name but for the extension.
    const kind = this.#parts.plan.media.picture ? 'video' : 'audio';
    const temporary = join(this.#order.outFolder, `${this.#order.baseName}_${kind}_${number}.${process.pid}.tmp`);
    const fresh = { file: new OriginalFile(temporary, tracks), number, fromUs: sample.atUs, untilUs: sample.atUs };
    this.#open = fresh;
    return fresh;
  }

  #needsAnother({ file, fromUs }: Part, sample: Sample): boolean {
    const { video, sound } = file.tracks;
    if (sample.kind === 'audio') return !sound;
    if (video === null || video.codec !== sample.codec) return true;
    if (!sample.key) return false;
    const { maxFileDurationMinutes = PART_MINUTES } = this.#parts.plan.parameters.output;
    const { durationMs = maxFileDurationMinutes * 60_000, sizeBytes = PART_BYTES } = this.#order.splitAt ?? {};
    return (sample.atUs - fromUs) / 1000 >= durationMs || file.sizeBytes + sample.data.length > sizeBytes;
  }

  /** What is there from a frame on; what was there before goes on. */
  #tracksFrom(index: number, before: OriginalTracks | null): OriginalTracks {
    const rest = this.#held.slice(index);
    const picture = rest.find((sample) => sample.kind === 'video' && sample.key);
    const sound = rest.some((sample) => sample.kind === 'audio') || before?.sound === true;
    if (picture?.codec == null) return { video: before?.video ?? null, sound };
    const size = keyFrameSize(picture.codec, picture.data) ?? { widthPx: 0, heightPx: 0 };
    return { video: { codec: picture.codec, ...size, extradata: picture.extradata }, sound };
  }

  #close({ file, number, fromUs, untilUs }: Part, isSplit: boolean): void {
    const { plan, clock } = this.#parts;
    const { outFolder, baseName, indexAlways } = this.#order;
    const index = isSplit || indexAlways ? `_${number}` : '';
    const path = join(outFolder, `${baseName}${index}.${extensionOf(file.tracks)}`);
    const { video, sound } = file.tracks;
    const facts = {
      name: basename(path),
      type: extensionOf(file.tracks) === 'mp4' ? ('mp4' as const) : ('webm' as const),
      path,
      ...subjectOf(plan, { picture: video !== null, sound }),
      durationUs: untilUs - fromUs,
      startUs: clock.pastUs(fromUs),
      widthPx: video?.widthPx ?? 0,
      heightPx: video?.heightPx ?? 0,
      videoCodec: video?.codec ?? null,
      audioCodec: sound ? ('opus' as const) : null,
    };
    const written = file.finish(path).then((result) => ({ ...facts, ...result }));
    // Whether it worked is asked at the end.
    written.catch(() => undefined);
    this.#finished.push(written);
    this.#open = null;
  }
}

function partFromUs({ fromUs, isLate }: { fromUs: number; isLate?: true }): number {
  return isLate === true ? fromUs : Number.NEGATIVE_INFINITY;
}

function partUntilUs({ untilUs, isCut }: { untilUs: number | null; isCut?: true }): number {
  return isCut === true ? (untilUs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

function extradataOf(codec: OriginalCodec, data: Buffer): Buffer | null {
  if (codec === 'h264') return parameterSetsOf(data);
  return codec === 'av1' ? sequenceHeaderOf(data) : null;
}
