import type { RenderMode } from '../recording/layout-parameters.ts';
import { arrange } from './arrangement.ts';
import type { Rectangle, Size } from './rectangle.ts';
import type { Look, RoomHistory } from './room-history.ts';
import { type PictureWishes, roomPicturesAt, type ScenePicture, type StreamFacts } from './room-pictures.ts';

/** One place of the canvas and whose it is; without `picture` it shows the placeholder. */
export type ScenePlace = {
  /** Null: the place is kept for whoever comes next. */
  userId: string | null;
  rectangle: Rectangle;
  picture: ScenePicture | null;
  renderMode: RenderMode;
  /** 0 opaque to 255 invisible. */
  alpha: number;
  /** Address of the picture that is its placeholder. */
  placeholderUrl?: string;
};

/** What is to be seen at a moment. `places` in order of painting: later ones cover earlier ones. */
export type Scene = { places: ScenePlace[]; leftOut: string[] };

/**
 * The scene at `tUs`. Who has a place keeps it from entering to leaving, as the layout says; for whom there is none, the
 * 26th and later ones at the latest, is left out until one is free.
 */
export function sceneAt(
  history: RoomHistory,
  facts: ReadonlyMap<string, StreamFacts>,
  { canvas, layout, placeholder, ...wishes }: { canvas: Size } & Pick<Look, 'layout' | 'placeholder'> & PictureWishes,
  tUs: number,
): Scene {
  const { places, leftOut } = arrange(layout, canvas, roomPicturesAt(history, facts, tUs, wishes));
  return {
    places: places.map(({ picture, rectangle, renderMode, alpha, userId, placeholderUrl = placeholder?.url }) => ({
      userId: picture?.userId ?? userId ?? null,
      rectangle,
      picture: picture?.picture ?? null,
      renderMode,
      alpha,
      ...(placeholderUrl === undefined ? {} : { placeholderUrl }),
    })),
    leftOut: leftOut.map(({ userId }) => userId),
  };
}
