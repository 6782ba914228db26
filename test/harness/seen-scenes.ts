import { extentOf, farness, meanOf, type Picture, type Rectangle, rgbOf, visitPictures } from '../scorer/index.ts';
import type { JournalLine } from './recording-of.ts';
import { PLACEHOLDER } from './strangers.ts';

/** Who is in the room and who shares a screen, in order of entry. */
export type Present = { userId: string; sharing: boolean }[];

/** What has to be seen at a place. */
export type ExpectedPlace = {
  rectangle: Rectangle;
  /** `null`: nobody, so the background. */
  who: { userId: string; source: 'main' | 'aux' } | null;
  /** A point from which the four borders are seen, when another place lies over the middle. */
  seed?: { xPx: number; yPx: number };
};

/** A time in which nobody comes, goes or shares; µs since the epoch. */
export type ExpectedScene = { fromUs: number; untilUs: number; present: Present };

/** The scenes of a call as its journal tells them. */
export function scenesOf(journal: readonly JournalLine[], untilUs: number): ExpectedScene[] {
  const scenes: ExpectedScene[] = [];
  let present: Present = [];
  let fromUs = 0;
  const sharing = new Map<string, string>();
  for (const { type, atUs, ...event } of journal) {
    const before = present;
    const [userId, streamId] = [String(event['userId']), String(event['streamId'])];
    if (type === 'userEntered') present = [...present, { userId, sharing: false }];
    if (type === 'userLeft') present = present.filter((one) => one.userId !== userId);
    if (event['kind'] === 'video' && event['source'] === 'aux' && type === 'streamPublished') {
      sharing.set(streamId, userId);
      present = present.map((one) => (one.userId === userId ? { ...one, sharing: true } : one));
    }
    if (type === 'streamUnpublished' && sharing.delete(streamId))
      present = present.map((one) => (one.userId === userId ? { ...one, sharing: false } : one));
    if (present === before) continue;
    if (before.length > 0) scenes.push({ fromUs, untilUs: atUs, present: before });
    fromUs = atUs;
  }
  if (fromUs < untilUs && present.length > 0) scenes.push({ fromUs, untilUs, present });
  return scenes;
}

/** Looks only; see {@link expectScenes}. */
export type SceneFindings = {
  /** Sentences, one for each picture and place that is wrong. */
  wrong: string[];
  /** How many pictures of how many scenes were looked at. */
  pictures: number;
  scenes: number;
};

/** A border is found to this many pixels: chroma has half of the picture's resolution. */
const BORDER_PX = 2;
/** Pictures of a scene in which the borders are looked for before they count as misplaced: a mark moves through the pictures. */
const TRIES = 20;
/** A colour is someone's when it is nearer than this. */
const NEAR = 45;

/**
 * Looks at every picture of a file: is each of those present at his place, from the first picture not before the event that
 * brought him, and nobody anywhere else; and once a scene, whether the place is where it should be, to the pixel.
 *
 * @param colorOf colour of a camera or screen.
 * @param firstPictureUs when the first picture came over the wire of the stream that a user's camera or screen publishes at a time, or
 *   null when there is none: until then, and two pictures longer, the placeholder is right.
 */
export async function lookAtScenes(
  file: { path: string; startUs: number },
  scenes: readonly ExpectedScene[],
  {
    placesOf,
    colorOf,
    firstPictureUs,
    fps,
    screenHoldUs = 500_000,
  }: {
    placesOf: (present: Present) => ExpectedPlace[];
    colorOf: (userId: string, source: 'main' | 'aux') => string;
    firstPictureUs: (userId: string, source: 'main' | 'aux', atUs: number) => number | null;
    fps: number;
    screenHoldUs?: number;
  },
): Promise<SceneFindings> {
  const wrong: string[] = [];
  let pictures = 0;
  const frameUs = 1_000_000 / fps;
  /** Places whose borders were not where they should be, by scene: in the last of some tries, as something moves in the pictures. */
  const misplaced = new Map<ExpectedScene, string[]>();
  const tries = new Map<ExpectedScene, number>();
  await visitPictures(file.path, (picture) => {
    const atUs = file.startUs + picture.atUs;
    const scene = scenes.find(({ fromUs, untilUs }) => atUs >= fromUs && atUs < untilUs);
    if (scene === undefined) return;
    // A screen that ended is held for half a second after its last packet, as the design says: neither scene is asked for then.
    const before = scenes[scenes.indexOf(scene) - 1];
    const ended = before?.present.some(
      ({ userId, sharing }) => sharing && scene.present.some((one) => one.userId === userId && !one.sharing),
    );
    if (ended === true && atUs < scene.fromUs + screenHoldUs + 2 * frameUs) return;
    pictures += 1;
    const places = placesOf(scene.present);
    places.forEach((place, index) => {
      const color = seedColor(picture, place);
      const shown = place.who === null ? null : firstPictureUs(place.who.userId, place.who.source, atUs);
      const allowed =
        place.who === null
          ? ['#000000']
          : shown === null
            ? [PLACEHOLDER]
            : [
                colorOf(place.who.userId, place.who.source),
                '#ffffff',
                ...(atUs < shown + 2 * frameUs ? [PLACEHOLDER, '#000000'] : []),
              ];
      if (!allowed.some((one) => isNear(color, one)))
        wrong.push(
          `${((atUs - scene.fromUs) / 1e6).toFixed(3)} s in a scene of ${scene.present.length}, place ${index} of ${place.who?.userId ?? 'nobody'}: rgb(${Math.round(color.r)}, ${Math.round(color.g)}, ${Math.round(color.b)}), not ${allowed.join(' or ')}`,
        );
    });
    const isShown = places.every(({ who, ...place }) => {
      if (who === null || firstPictureUs(who.userId, who.source, atUs) === null) return true;
      return isNear(seedColor(picture, place), colorOf(who.userId, who.source));
    });
    const tried = tries.get(scene) ?? 0;
    if (!isShown || tried === TRIES || (tried > 0 && misplaced.get(scene)?.length === 0)) return;
    tries.set(scene, tried + 1);
    misplaced.set(
      scene,
      places.flatMap((place, index) => {
        if (place.who === null || firstPictureUs(place.who.userId, place.who.source, atUs) === null) return [];
        const found = extentOf(picture, place.seed ?? middleOf(place.rectangle));
        const off = bordersOf(found).map((border, side) => Math.abs(border - (bordersOf(place.rectangle)[side] ?? 0)));
        if (Math.max(...off) <= BORDER_PX) return [];
        return [
          `scene of ${scene.present.length}, place ${index} of ${place.who.userId}: ${JSON.stringify(found)}, not ${JSON.stringify(place.rectangle)}`,
        ];
      }),
    );
  });
  return { wrong: [...wrong, ...[...misplaced.values()].flat()], pictures, scenes: misplaced.size };
}

function seedColor(
  picture: Picture,
  { rectangle, seed }: Pick<ExpectedPlace, 'rectangle' | 'seed'>,
): ReturnType<typeof rgbOf> {
  const { xPx, yPx } = seed ?? middleOf(rectangle);
  return meanOf(picture, { xPx: xPx - 2, yPx: yPx - 2, widthPx: 5, heightPx: 5 });
}

function middleOf({ xPx, yPx, widthPx, heightPx }: Rectangle): { xPx: number; yPx: number } {
  return { xPx: xPx + widthPx / 2, yPx: yPx + heightPx / 2 };
}

function bordersOf({ xPx, yPx, widthPx, heightPx }: Rectangle): number[] {
  return [xPx, xPx + widthPx, yPx, yPx + heightPx];
}

function isNear(color: ReturnType<typeof rgbOf>, wanted: string): boolean {
  return farness(color, rgbOf(wanted)) < NEAR;
}
