import type { RoomHistory, Size } from '../timeline/index.ts';
import { CopiedPictures, NotCopyable } from './copied-pictures.ts';
import type { FileClock } from './file-clock.ts';
import type { LiveStreams } from './live-streams.ts';
import type { AvcDescription } from './mp4-movie.ts';
import type { CodedSample } from './picture-encoder.ts';
import type { ReelPictures } from './reel-pictures.ts';

/** The pictures of a user's H.264 streams as they were captured, one stream behind the other. */
export class CopiedReel implements ReelPictures {
  readonly #clock: FileClock;
  readonly #pictures = new CopiedPictures();
  #dump = '';
  #fromUs = Number.NEGATIVE_INFINITY;

  constructor(clock: FileClock) {
    this.#clock = clock;
  }

  /** What the pictures are; grows with them. */
  get descriptions(): readonly AvcDescription[] {
    return this.#pictures.descriptions;
  }

  get size(): Size | null {
    return this.#pictures.size;
  }

  /** @throws {NotCopyable}. */
  make(reel: RoomHistory, streams: LiveStreams, { untilUs }: { untilUs: number }): CodedSample[] {
    if ((reel.task?.pauses.length ?? 0) > 0) throw new NotCopyable('what a pause leaves out may be needed behind it');
    if (reel.streams.some(({ isLate, isCut }) => isLate === true || isCut === true))
      throw new NotCopyable('the subscription begins or ends within a stream');
    const samples: CodedSample[] = [];
    for (const { dump, life, video } of streams.videos()) {
      // Who publishes anew is seen by the new stream from its first picture on.
      if (life.fromUs < this.#fromUs || life.fromUs > untilUs) continue;
      if (dump !== this.#dump) this.#pictures.restart();
      this.#dump = dump;
      this.#fromUs = life.fromUs;
      samples.push(...this.#pictures.take(video, untilUs, (mediaUs) => this.#clock.fileUs(mediaUs)));
    }
    return samples;
  }

  flush(): CodedSample[] {
    return [];
  }

  /** Nothing native is held. */
  [Symbol.dispose](): void {
    this.#dump = '';
  }
}
