import type { Scene, Size } from '../timeline/index.ts';
import { Canvas } from './canvas.ts';
import { Composition } from './composition.ts';
import { type DecorationMoment, Decorations } from './decorations.ts';
import type { PictureFiles } from './picture-files.ts';
import { PlaceLayers } from './place-layers.ts';
import type { VideoTrack } from './video-track.ts';

/** What is to be seen at a moment. */
export type PaintedMoment = DecorationMoment & { scene: Scene };

/**
 * Paints moments: the background picture, the places of the scene, the watermarks, in this order, and of them only what has changed
 * since the last one.
 */
export class Painter implements Disposable {
  readonly canvas: Canvas;
  readonly #composition: Composition;
  readonly #places = new PlaceLayers();
  readonly #decorations: Decorations;

  constructor(canvas: Size, files: PictureFiles) {
    this.canvas = new Canvas(canvas);
    this.#composition = new Composition(this.canvas);
    this.#decorations = new Decorations(canvas, files);
  }

  /** @param trackOf Finds the stream of a dump. @throws {AvError} | what drawing throws. */
  paint({ scene, ...moment }: PaintedMoment, trackOf: (dump: string) => VideoTrack | undefined): void {
    const { backgroundColor } = moment.look;
    const layers = [
      ...this.#decorations.background(moment),
      ...this.#places.layersOf(scene, {
        backgroundColor,
        trackOf,
        placeholder: ({ rectangle, renderMode, placeholderUrl }) =>
          this.#decorations.placeholder({ rectangle, renderMode, url: placeholderUrl }, moment),
      }),
      ...this.#decorations.watermarks(moment),
    ];
    this.#composition.paint(layers, backgroundColor);
    this.#places.release();
    this.#decorations.release();
  }

  [Symbol.dispose](): void {
    this.#places[Symbol.dispose]();
    this.canvas[Symbol.dispose]();
  }
}
