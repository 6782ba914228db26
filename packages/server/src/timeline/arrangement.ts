import type { StreamSource } from '@callreel/protocol';
import type { CustomRectangle, LargePicture, LayoutParameters, RenderMode } from '../recording/layout-parameters.ts';
import { floatingRectangles } from './floating.ts';
import { gridRectangles } from './grid.ts';
import { CANVAS_PICTURES_MAX, evenBelow, type Rectangle, type Size } from './rectangle.ts';
import type { RoomPicture } from './room-pictures.ts';
import { screenShareRectangles } from './screen-share.ts';

/** Where and how one picture is painted; null: the place of a user who is not in the room. */
export type Place<P> = {
  picture: P | null;
  rectangle: Rectangle;
  renderMode: RenderMode;
  /** 0 opaque to 255 invisible. */
  alpha: number;
  /** Whose place it is where that is said, though he is not there. */
  userId?: string;
  /** Picture of its own that is shown while its user shows nothing. */
  placeholderUrl?: string;
};

/** What a layout must know of a picture. */
export type Candidate = Pick<RoomPicture, 'userId' | 'source' | 'besideScreen'> & { picture: object | null };

/**
 * Gives the pictures of a room their places: in order of painting, so that later ones cover earlier ones.
 * `leftOut` are those for whom there is no place.
 */
export function arrange<P extends Candidate>(
  layout: LayoutParameters,
  canvas: Size,
  candidates: readonly P[],
): { places: Place<P>[]; leftOut: P[] } {
  if (layout.mode === 'custom') return arrangeCustom(layout, canvas, candidates);
  const { renderMode = 'crop', pureAudioDisableLayout = false } = layout;
  const wanted = candidates.filter((one) => (pureAudioDisableLayout ? one.picture !== null : !one.besideScreen));
  const places: Place<P>[] = [];
  const place = (pictures: readonly P[], rectangles: readonly Rectangle[]): void => {
    rectangles.forEach((rectangle, index) => {
      const picture = pictures[index];
      if (picture !== undefined) places.push({ picture, rectangle, renderMode, alpha: 0 });
    });
  };
  if (layout.mode === 'grid') {
    place(wanted, gridRectangles(wanted.length, canvas));
  } else if (layout.mode === 'floating') {
    const large = findLarge(wanted, layout.large, ['main', 'aux']) ?? wanted[0];
    const ordered = large === undefined ? [] : [large, ...wanted.filter((one) => one !== large)];
    place(ordered, floatingRectangles(ordered.length, canvas));
  } else {
    const large = findLarge(wanted, layout.large, ['aux', 'main']);
    const small = wanted.filter((one) => one !== large);
    const rectangles = screenShareRectangles(small.length, canvas, layout.largeSide);
    if (large !== undefined) place([large], [rectangles.large]);
    place(small.slice(0, CANVAS_PICTURES_MAX - 1), rectangles.small);
  }
  const seen = new Set(places.map(({ picture }) => picture));
  return { places, leftOut: wanted.filter((one) => !seen.has(one)) };
}

function findLarge<P extends Candidate>(
  pictures: readonly P[],
  large: LargePicture | undefined,
  preference: readonly StreamSource[],
): P | undefined {
  if (large === undefined) return undefined;
  const sources = large.source === undefined ? preference : [large.source];
  for (const source of sources) {
    const found = pictures.find((picture) => picture.userId === large.userId && picture.source === source);
    if (found !== undefined) return found;
  }
  return undefined;
}

function arrangeCustom<P extends Candidate>(
  { rectangles, showAbsent = false }: Extract<LayoutParameters, { mode: 'custom' }>,
  canvas: Size,
  candidates: readonly P[],
): { places: Place<P>[]; leftOut: P[] } {
  const named = rectangles.map(({ userId, source = 'main' }) =>
    userId === undefined ? undefined : candidates.find((one) => one.userId === userId && one.source === source),
  );
  const reserved = new Set(named);
  const free = candidates.filter((one) => !reserved.has(one) && !one.besideScreen);
  const places = rectangles.flatMap((rectangle, index) => {
    const picture = rectangle.userId === undefined ? takeNext(free, rectangle.source) : named[index];
    if (picture === undefined && !showAbsent) return [];
    const { layer = 0, alpha = 0, renderMode = 'crop', userId, placeholderUrl } = rectangle;
    const place: Place<P> = {
      picture: picture ?? null,
      rectangle: rectangleWithin(rectangle, canvas),
      renderMode,
      alpha,
      ...(userId === undefined ? {} : { userId }),
      ...(placeholderUrl === undefined ? {} : { placeholderUrl }),
    };
    return [{ layer, place }];
  });
  // Equal layers keep the order of the list: sorting is stable.
  places.sort((a, b) => a.layer - b.layer);
  return { places: places.map(({ place }) => place), leftOut: free };
}

function takeNext<P extends Candidate>(free: P[], source: StreamSource | undefined): P | undefined {
  const index = free.findIndex((one) => source === undefined || one.source === source);
  return index < 0 ? undefined : free.splice(index, 1)[0];
}

/** The rectangle in even numbers; what sticks out of the canvas is cut, since stored parameters are not checked again. */
export function rectangleWithin(
  { leftPx, topPx, widthPx, heightPx }: Pick<CustomRectangle, 'leftPx' | 'topPx' | 'widthPx' | 'heightPx'>,
  canvas: Size,
): Rectangle {
  const xPx = Math.min(evenBelow(leftPx), canvas.widthPx);
  const yPx = Math.min(evenBelow(topPx), canvas.heightPx);
  return {
    xPx,
    yPx,
    widthPx: Math.min(evenBelow(widthPx), canvas.widthPx - xPx),
    heightPx: Math.min(evenBelow(heightPx), canvas.heightPx - yPx),
  };
}
