import type { Size } from './rectangle.ts';
import type { ReelSubject } from './reel.ts';
import type { RoomHistory } from './room-history.ts';
import { lastPictureOf, pictureOf, type StreamFacts } from './room-pictures.ts';
import type { Scene } from './scene.ts';

/**
 * What the reel of one user shows at `tUs`: his picture, whole and in shape; where none comes the last one, or nothing.
 * @param history As `reelHistory` gives it.
 */
export function singleSceneAt(
  history: RoomHistory,
  facts: ReadonlyMap<string, StreamFacts>,
  { reel, canvas, fill }: { reel: ReelSubject & { kind: 'single' }; canvas: Size; fill: 'last' | 'black' },
  tUs: number,
): Scene {
  const videos = history.streams.filter(({ kind, fromUs }) => kind === 'video' && fromUs <= tUs);
  const current = pictureOf(videos, reel.source, facts, tUs);
  const picture = current ?? (fill === 'last' ? lastPictureOf(videos, reel.source) : null);
  if (picture === null) return { places: [], leftOut: [] };
  const rectangle = { xPx: 0, yPx: 0, ...canvas };
  return {
    places: [{ userId: reel.userId, rectangle, picture, renderMode: 'bars', alpha: 0 }],
    leftOut: [],
  };
}
