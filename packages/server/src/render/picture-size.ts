import type { BundleReader } from '../capture/index.ts';
import { isJournalOpenAt, isWaitedFor, type RoomHistory } from '../timeline/index.ts';
import { StreamFeed } from './stream-feed.ts';
import { VideoTrack } from './video-track.ts';

/** How long a sender is given to reach its size: browsers begin small and are at full size within 2 or 3 s. */
const SETTLES_US = 5_000_000;
/** Step of the search. Its size does not change the result. */
const STEP_US = 200_000;
/** Largest canvas, in samples; larger pictures are made smaller in shape. */
const AREA_MAX_PX = 1920 * 1080;
const SIDE_MAX_PX = 1920;

/** Finds how large the picture of a reel is: the largest one of its first five seconds, upright. */
export class PictureSize {
  readonly #bundle: BundleReader;
  readonly #untilUs: number;
  readonly #tracks = new Map<string, VideoTrack>();
  readonly #codecs = new Set<string>();
  #atUs: number;
  #size: { widthPx: number; heightPx: number } | null = null;

  constructor(bundle: BundleReader, { fromUs }: { fromUs: number }) {
    this.#bundle = bundle;
    this.#untilUs = fromUs + SETTLES_US;
    this.#atUs = fromUs;
  }

  /**
   * Looks as far as the bundle allows.
   * @returns the size, even and of a canvas that can be encoded, or `waiting`: not known yet, or `nothing`: there is no picture.
   * @throws {AvError} | file errors.
   */
  search(history: RoomHistory, readUs: number): { widthPx: number; heightPx: number } | 'waiting' | 'nothing' {
    const untilUs = Math.min(this.#untilUs, history.task?.untilUs ?? this.#untilUs);
    for (; this.#atUs <= untilUs; this.#atUs += STEP_US) if (!this.#look(history, readUs)) return 'waiting';
    return this.#size ?? 'nothing';
  }

  /** The codecs of the streams seen. */
  get codecs(): ReadonlySet<string> {
    return this.#codecs;
  }

  /** Gives everything back. May be called twice. */
  close(): void {
    for (const track of this.#tracks.values()) track[Symbol.dispose]();
    this.#tracks.clear();
  }

  #look(history: RoomHistory, readUs: number): boolean {
    let isWhole = !isJournalOpenAt(history, this.#atUs, readUs);
    for (const life of history.streams) {
      if (life.dump === null || life.kind !== 'video' || life.fromUs > this.#atUs) continue;
      const track = this.#trackOf(life.dump);
      if (life.untilUs !== null && life.isCut !== true) track.feed.end();
      const isWaited = isWaitedFor(life, this.#atUs, readUs);
      if (!track.feed.advance(this.#atUs, { impatient: !isWaited }) && isWaited) isWhole = false;
      if (isWhole) this.#measure(track);
    }
    return isWhole;
  }

  #measure(track: VideoTrack): void {
    track.showUntil(this.#atUs);
    if (track.feed.codec !== null) this.#codecs.add(track.feed.codec);
    const frame = track.picture?.frame;
    if (frame === undefined) return;
    const size = canvasOf(frame.width, frame.height);
    if (this.#size === null || size.widthPx * size.heightPx > this.#size.widthPx * this.#size.heightPx)
      this.#size = size;
  }

  #trackOf(dump: string): VideoTrack {
    let track = this.#tracks.get(dump);
    if (track === undefined) {
      track = new VideoTrack(new StreamFeed(this.#bundle.openDump(dump)));
      this.#tracks.set(dump, track);
    }
    return track;
  }
}

function canvasOf(width: number, height: number): { widthPx: number; heightPx: number } {
  const scale = Math.min(1, SIDE_MAX_PX / Math.max(width, height), Math.sqrt(AREA_MAX_PX / (width * height)));
  const even = (side: number): number => Math.max(2, Math.floor((side * scale) / 2) * 2);
  return { widthPx: even(width), heightPx: even(height) };
}
