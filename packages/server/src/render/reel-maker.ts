import type { RenderedFile, StreamReport } from '../recording/render-protocol.ts';
import type { RoomHistory } from '../timeline/index.ts';

/** What a step came to: something was made, or the bundle does not allow it yet, or it is over and lasts so long. */
export type Step = 'made' | 'waiting' | { durationUs: number };

/** Makes the files of a reel whose beginning is known. */
export interface ReelMaker extends Disposable {
  /** Segments on the disk behind which a render that is started again goes on. */
  readonly segments: number;
  /** With which segment it was gone on. */
  readonly resumedAt: number;
  /** Media time up to which it is made. */
  readonly reachedUs: number;
  /** Goes on by one step. @throws {NotCopyable} | {AvError} | file errors. */
  step(history: RoomHistory, readUs: number): Step;
  /** Makes the files of what is over. @throws {AvError} | file errors. */
  finish(durationUs: number): Promise<RenderedFile[]>;
  /** What was seen of its streams. */
  reports(): StreamReport[];
}
