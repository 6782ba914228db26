import type { Rectangle } from '../timeline/index.ts';
import type { Canvas } from './canvas.ts';
import type { Layer } from './layer.ts';
import { covers, intersection, regionsOf } from './region.ts';
import { yuvOf } from './yuv-color.ts';

/**
 * Paints layers onto a canvas that stays; only what has changed since the last time. Where a changed layer overlaps others
 * the region is put together anew from the lowest that is seen, so that what shines through does so once.
 */
export class Composition {
  readonly #canvas: Canvas;
  readonly #whole: Rectangle;
  #shape = '';
  #painted: string[] = [];

  constructor(canvas: Canvas) {
    this.#canvas = canvas;
    this.#whole = { xPx: 0, yPx: 0, widthPx: canvas.widthPx, heightPx: canvas.heightPx };
  }

  /**
   * @param layers From the lowest to the topmost; they lie within the canvas.
   * @param backgroundColor What is below all of them, `#rrggbb`.
   * @returns whether something was painted. @throws {AvError}.
   */
  paint(layers: readonly Layer[], backgroundColor: string): boolean {
    const regions = this.#changedRegions(layers, backgroundColor);
    for (const region of regions) this.#compose(region, layers, backgroundColor);
    return regions.length > 0;
  }

  #changedRegions(layers: readonly Layer[], backgroundColor: string): Rectangle[] {
    const shape = JSON.stringify([
      backgroundColor,
      layers.map(({ rectangle, alpha, seeThrough }) => [rectangle, alpha, seeThrough]),
    ]);
    const before = this.#painted;
    this.#painted = layers.map(({ key }) => key);
    if (shape !== this.#shape) {
      this.#shape = shape;
      return [this.#whole];
    }
    const changed = layers.filter(({ key }, index) => key !== before[index]);
    return regionsOf(
      changed.map(({ rectangle }) => rectangle),
      this.#whole,
    );
  }

  #compose(region: Rectangle, layers: readonly Layer[], backgroundColor: string): void {
    const lowest = layers.findLastIndex(
      ({ alpha, seeThrough, rectangle }) => alpha === 0 && !seeThrough && covers(rectangle, region),
    );
    if (lowest < 0) this.#canvas.fill(region, yuvOf(backgroundColor));
    for (const [index, layer] of layers.entries()) {
      if (index < lowest || intersection(layer.rectangle, region) === null) continue;
      for (const patch of layer.patches()) {
        const clip = intersection(patch.rectangle, region);
        if (clip === null) continue;
        if ('color' in patch) this.#canvas.fill(clip, patch.color, layer.alpha);
        else if (patch.through !== undefined) this.#canvas.overlay(patch.rectangle, patch.planes, patch.through, clip);
        else this.#canvas.paste(patch.rectangle, patch.planes, { clip, alpha: layer.alpha });
      }
    }
  }
}
