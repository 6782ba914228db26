import type { StreamSource } from '@callreel/protocol';
import type { Subscription } from '../recording/subscription.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { isMuted, type RoomHistory, type StreamLife, spans } from './room-history.ts';
import { isSubscribed } from './subscribed.ts';

/** How long the last picture of a stream that has ended is shown after its last packet. */
export const ENDED_HOLD_US = 500_000;
/**
 * A camera that is switched off sends nothing, so a picture that is captured this long after the muting is
 * one of the time after it, though the news of switching on may come later.
 */
const MUTE_SETTLES_US = 500_000;

/** What the packets of a dump say; kept by the dump's name, which is never used twice in a bundle. */
export type StreamFacts = {
  /** Media time of its first packet; null while there is none. */
  firstPacketUs: number | null;
  /** Media time of the end of its last packet; null while it goes on or is not known. */
  lastPacketUs: number | null;
};

/** The picture of a place: those of the dump whose media time is at least `notBeforeUs`. */
export type ScenePicture = { dump: string; notBeforeUs: number };

/** One of whom a layout places: a user's camera, whether it is on or not, or his screen while it is shared. */
export type RoomPicture = {
  userId: string;
  source: StreamSource;
  /** Null: the camera shows nothing, or there is none. */
  picture: ScenePicture | null;
  /** Whether only the user himself, who may be heard, would be stood for: there is no camera, but his screen. */
  besideScreen: boolean;
};

/** What decides of the pictures beside the room itself. */
export type PictureWishes = {
  subscription?: Subscription | undefined;
  /** `last`: who shows nothing any more is shown as he was seen last. */
  fill?: TaskParameters['fill'];
};

/**
 * The pictures in the room at `tUs`: users in order of entry, each the camera first, then the screen. Users of whom
 * nothing is subscribed to are not there.
 */
export function roomPicturesAt(
  history: RoomHistory,
  facts: ReadonlyMap<string, StreamFacts>,
  tUs: number,
  { subscription, fill }: PictureWishes = {},
): RoomPicture[] {
  return history.stays
    .filter((stay) => spans(stay, tUs))
    .flatMap(({ userId, fromUs }) => {
      const isSeen = isSubscribed(subscription, 'video', userId);
      if (!isSeen && !isSubscribed(subscription, 'audio', userId)) return [];
      const videos = history.streams.filter(
        (stream) => isSeen && stream.userId === userId && stream.kind === 'video' && stream.fromUs <= tUs,
      );
      const screen = pictureOf(videos, 'aux', facts, tUs);
      const hasCamera = videos.some((stream) => stream.source === 'main' && isThere(stream, facts, tUs));
      const held = fill === 'last' ? videos.filter((stream) => stream.fromUs >= fromUs) : [];
      const pictures: RoomPicture[] = [
        {
          userId,
          source: 'main',
          picture: pictureOf(videos, 'main', facts, tUs) ?? lastPictureOf(held, 'main'),
          besideScreen: screen !== null && !hasCamera,
        },
      ];
      if (screen !== null) pictures.push({ userId, source: 'aux', picture: screen, besideScreen: false });
      return pictures;
    });
}

/** What is shown of one source: of several streams the one published last. */
export function pictureOf(
  videos: readonly StreamLife[],
  source: StreamSource,
  facts: ReadonlyMap<string, StreamFacts>,
  tUs: number,
): ScenePicture | null {
  const open = videos.filter((video) => video.source === source && isThere(video, facts, tUs) && !isMuted(video, tUs));
  // Who publishes anew is seen over the old stream until the new one sends.
  const stream = open.findLast((video) => hasBegun(video, facts, tUs)) ?? open.at(-1);
  if (stream === undefined || stream.dump === null) return null;
  return { dump: stream.dump, notBeforeUs: shownFromUs(stream, tUs) };
}

/** What was shown last of a source. */
export function lastPictureOf(videos: readonly StreamLife[], source: StreamSource): ScenePicture | null {
  const dump = videos.findLast((video) => video.source === source && video.dump !== null)?.dump ?? null;
  return dump === null ? null : { dump, notBeforeUs: Number.NEGATIVE_INFINITY };
}

/**
 * A stream that has ended is shown a little longer: who publishes anew over another connection, or hangs up, does
 * not go dark for some frames first. Whoever leaves the room loses the place at once, and the picture with it.
 */
function isThere(stream: StreamLife, facts: ReadonlyMap<string, StreamFacts>, tUs: number): boolean {
  if (stream.dump === null || tUs < stream.fromUs) return false;
  if (stream.untilUs === null) return true;
  if (stream.isCut === true) return tUs < stream.untilUs;
  const endUs = facts.get(stream.dump)?.lastPacketUs ?? stream.untilUs;
  return tUs < endUs + ENDED_HOLD_US;
}

function hasBegun({ dump }: StreamLife, facts: ReadonlyMap<string, StreamFacts>, tUs: number): boolean {
  const firstUs = dump === null ? null : (facts.get(dump)?.firstPacketUs ?? null);
  return firstUs !== null && firstUs <= tUs;
}

function shownFromUs(stream: StreamLife, tUs: number): number {
  const mute = stream.muted.findLast(({ untilUs }) => untilUs !== null && untilUs <= tUs);
  if (mute === undefined || mute.untilUs === null) return Number.NEGATIVE_INFINITY;
  return Math.min(mute.untilUs, mute.fromUs + MUTE_SETTLES_US);
}
