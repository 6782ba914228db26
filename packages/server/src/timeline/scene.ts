import type { LayoutParameters, RenderMode } from '../recording/layout-parameters.ts';
import { arrange } from './arrangement.ts';
import type { Rectangle, Size } from './rectangle.ts';
import type { RoomHistory } from './room-history.ts';
import { type PictureWishes, roomPicturesAt, type ScenePicture, type StreamFacts } from './room-pictures.ts';

/** One place of the canvas and whose it is; without `picture` it shows the placeholder. */
export type ScenePlace = {
  userId: string;
  rectangle: Rectangle;
  picture: ScenePicture | null;
  renderMode: RenderMode;
  /** 0 opaque to 255 invisible. */
  alpha: number;
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
  { canvas, layout, ...wishes }: { canvas: Size; layout: LayoutParameters } & PictureWishes,
  tUs: number,
): Scene {
  const { places, leftOut } = arrange(layout, canvas, roomPicturesAt(history, facts, tUs, wishes));
  return {
    places: places.map(({ picture: { userId, picture }, rectangle, renderMode, alpha }) => ({
      userId,
      rectangle,
      picture,
      renderMode,
      alpha,
    })),
    leftOut: leftOut.map(({ userId }) => userId),
  };
}
