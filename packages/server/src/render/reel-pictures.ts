import type { RoomHistory, Size } from '../timeline/index.ts';
import type { LiveStreams } from './live-streams.ts';
import type { CodedSample } from './picture-encoder.ts';

/** What a reel's pictures are made of, one output frame after another. */
export interface ReelPictures extends Disposable {
  /** Size of what was made last: of the canvas of a mixed reel, of the stream's picture in one of one user; null: there is none. */
  readonly size: Size | null;
  /**
   * Makes what is seen from `atUs` to `untilUs`; the samples that are ready may be older.
   * @param reel The history as the reel has it.
   * @param frame Number of the output frame.
   */
  make(reel: RoomHistory, streams: LiveStreams, times: { atUs: number; untilUs: number; frame: number }): CodedSample[];
  /** Ends the making and gives the rest. */
  flush(): CodedSample[];
}
