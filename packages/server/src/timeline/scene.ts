import { GRID_PLACES_MAX, gridRectangles, type Rectangle } from './grid.ts';
import { isMuted, type RoomHistory, type StreamLife, spans } from './room-history.ts';

/** How long the last picture of a stream that has ended is shown after its last packet. */
export const ENDED_HOLD_US = 500_000;
/**
 * A camera that is switched off sends nothing, so a picture that is captured this long after the muting is
 * one of the time after it, though the news of switching on may come later.
 */
const MUTE_SETTLES_US = 500_000;

/** What the packets of a dump say; kept by the dump's name, which is never used twice in a bundle. */
export type StreamFacts = {
  /** Media time of the end of its last packet; null while it goes on or is not known. */
  lastPacketUs: number | null;
};

/** The picture of a place: those of the dump whose media time is at least `notBeforeUs`. */
export type ScenePicture = { dump: string; notBeforeUs: number };

/** One place of the canvas and whose it is; without `picture` it shows the placeholder. */
export type ScenePlace = { userId: string; rectangle: Rectangle; picture: ScenePicture | null };

/** What is to be seen at a moment. */
export type Scene = { places: ScenePlace[]; leftOut: string[] };

/**
 * The scene at `tUs`. Users have places in the order in which they entered, from entering to leaving; the 26th
 * and later ones are left out until a place is free.
 */
export function sceneAt(
  history: RoomHistory,
  facts: ReadonlyMap<string, StreamFacts>,
  canvas: { widthPx: number; heightPx: number },
  tUs: number,
): Scene {
  const present = history.stays.filter((stay) => spans(stay, tUs)).map(({ userId }) => userId);
  const seen = present.slice(0, GRID_PLACES_MAX);
  const rectangles = gridRectangles(seen.length, canvas);
  const places: ScenePlace[] = [];
  seen.forEach((userId, index) => {
    const rectangle = rectangles[index];
    if (rectangle !== undefined) places.push({ userId, rectangle, picture: pictureOf(history, facts, userId, tUs) });
  });
  return { places, leftOut: present.slice(GRID_PLACES_MAX) };
}

/** The picture of a user: that of the camera before that of the screen; of several the one published last. */
function pictureOf(
  history: RoomHistory,
  facts: ReadonlyMap<string, StreamFacts>,
  userId: string,
  tUs: number,
): ScenePicture | null {
  const shown = history.streams.filter(
    (stream) => stream.userId === userId && stream.kind === 'video' && isShown(stream, facts, tUs),
  );
  const stream = shown.findLast(({ source }) => source === 'main') ?? shown.at(-1);
  if (stream === undefined || stream.dump === null) return null;
  return { dump: stream.dump, notBeforeUs: shownFromUs(stream, tUs) };
}

/**
 * A stream that has ended is shown a little longer: who publishes anew over another connection, or hangs up, does
 * not go dark for some frames first. Whoever leaves the room loses the place at once, and the picture with it.
 */
function isShown(stream: StreamLife, facts: ReadonlyMap<string, StreamFacts>, tUs: number): boolean {
  if (stream.dump === null || tUs < stream.fromUs || isMuted(stream, tUs)) return false;
  if (stream.untilUs === null) return true;
  const endUs = facts.get(stream.dump)?.lastPacketUs ?? stream.untilUs;
  return tUs < endUs + ENDED_HOLD_US;
}

function shownFromUs(stream: StreamLife, tUs: number): number {
  const mute = stream.muted.findLast(({ untilUs }) => untilUs !== null && untilUs <= tUs);
  if (mute === undefined || mute.untilUs === null) return Number.NEGATIVE_INFINITY;
  return Math.min(mute.untilUs, mute.fromUs + MUTE_SETTLES_US);
}
