import type { Scene, ScenePicture } from '../timeline/index.ts';
import { Canvas, type YuvColor, yuvOf } from './canvas.ts';
import type { VideoTrack } from './video-track.ts';

/** How much brighter a place without a picture is than the background: seen, but not looked at. */
const PLACEHOLDER_STEP = 14;

/** Paints scenes; only what has changed since the last one. */
export class Painter implements Disposable {
  readonly canvas: Canvas;
  readonly #background: YuvColor;
  readonly #placeholder: YuvColor;
  #layout = '';
  #painted: string[] = [];

  constructor(canvas: { widthPx: number; heightPx: number }, backgroundColor: string) {
    this.canvas = new Canvas(canvas);
    this.#background = yuvOf(backgroundColor);
    const { y } = this.#background;
    this.#placeholder = { ...this.#background, y: y > 128 ? y - PLACEHOLDER_STEP : y + PLACEHOLDER_STEP };
  }

  /** @param trackOf Finds the stream of a dump. @throws {AvError}. */
  paint(scene: Scene, trackOf: (dump: string) => VideoTrack | undefined): void {
    const layout = JSON.stringify(scene.places.map(({ rectangle }) => rectangle));
    if (layout !== this.#layout) {
      const { widthPx, heightPx } = this.canvas;
      this.canvas.fill({ xPx: 0, yPx: 0, widthPx, heightPx }, this.#background);
      this.#layout = layout;
      this.#painted = [];
    }
    scene.places.forEach(({ rectangle, picture }, index) => {
      const track = picture === null ? undefined : trackOf(picture.dump);
      const shown = picture === null || track === undefined ? null : shownPicture(picture, track);
      const content = shown === null || picture === null ? 'placeholder' : `${picture.dump} ${shown.serial}`;
      if (this.#painted[index] === content) return;
      this.#painted[index] = content;
      if (shown === null || track === undefined) this.canvas.fill(rectangle, this.#placeholder);
      else this.canvas.paste(rectangle, track.scaler.scale(shown.frame, rectangle));
    });
  }

  [Symbol.dispose](): void {
    this.canvas[Symbol.dispose]();
  }
}

function shownPicture({ notBeforeUs }: ScenePicture, track: VideoTrack): VideoTrack['picture'] {
  const { picture } = track;
  return picture === null || picture.mediaUs < notBeforeUs ? null : picture;
}
