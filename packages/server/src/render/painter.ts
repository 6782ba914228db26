import type { Frame } from 'node-av/lib';
import type { Rectangle, Scene, ScenePlace } from '../timeline/index.ts';
import { Canvas, type YuvColor, yuvOf } from './canvas.ts';
import { fitPicture } from './picture-fit.ts';
import { PictureScaler } from './picture-scaler.ts';
import { covers, frameAround, intersection, regionsOf } from './region.ts';
import type { VideoTrack } from './video-track.ts';

/** How much brighter a place without a picture is than the background: seen, but not looked at. */
const PLACEHOLDER_STEP = 14;
const INVISIBLE = 255;

/** A picture that a place shows now. */
type Shown = { dump: string; frame: Frame; serial: number };
/** What a place is to show: a picture, or the placeholder; `key` is the same as long as that is. */
type Content = { place: ScenePlace; shown: Shown | null; key: string };
/** A part of a place: a colour or a picture of its size. */
type Patch = { rectangle: Rectangle } & ({ color: YuvColor } | { frame: Frame });
type Colors = { background: YuvColor; placeholder: YuvColor };

/**
 * Paints scenes; only what has changed since the last one. Where a changed place overlaps others the region is put together
 * anew from the lowest that is seen, so that what shines through does so once.
 */
export class Painter implements Disposable {
  readonly canvas: Canvas;
  readonly #whole: Rectangle;
  readonly #scalers = new Map<string, PictureScaler>();
  #layout = '';
  #painted: string[] = [];

  constructor(canvas: { widthPx: number; heightPx: number }) {
    this.canvas = new Canvas(canvas);
    this.#whole = { xPx: 0, yPx: 0, widthPx: canvas.widthPx, heightPx: canvas.heightPx };
  }

  /**
   * @param backgroundColor `#rrggbb`.
   * @param trackOf Finds the stream of a dump.
   * @throws {AvError}.
   */
  paint(scene: Scene, backgroundColor: string, trackOf: (dump: string) => VideoTrack | undefined): void {
    const places = scene.places.filter(
      ({ rectangle, alpha }) => rectangle.widthPx > 0 && rectangle.heightPx > 0 && alpha < INVISIBLE,
    );
    const contents = places.map((place) => contentOf(place, trackOf));
    const regions = this.#changedRegions(contents, backgroundColor);
    if (regions.length === 0) return;
    const colors = colorsOf(backgroundColor);
    const patches = contents.map((content) => this.#patchesOf(content, colors));
    for (const region of regions) this.#compose(region, contents, patches, colors.background);
    this.#releaseScalers(contents);
  }

  [Symbol.dispose](): void {
    for (const scaler of this.#scalers.values()) scaler[Symbol.dispose]();
    this.#scalers.clear();
    this.canvas[Symbol.dispose]();
  }

  #changedRegions(contents: readonly Content[], backgroundColor: string): Rectangle[] {
    const layout = JSON.stringify([
      backgroundColor,
      contents.map(({ place: { rectangle, renderMode, alpha } }) => [rectangle, renderMode, alpha]),
    ]);
    const before = this.#painted;
    this.#painted = contents.map(({ key }) => key);
    if (layout !== this.#layout) {
      this.#layout = layout;
      return [this.#whole];
    }
    const changed = contents.filter(({ key }, index) => key !== before[index]);
    return regionsOf(
      changed.map(({ place }) => place.rectangle),
      this.#whole,
    );
  }

  #compose(
    region: Rectangle,
    contents: readonly Content[],
    patches: readonly (() => Patch[])[],
    background: YuvColor,
  ): void {
    const lowest = contents.findLastIndex(({ place }) => place.alpha === 0 && covers(place.rectangle, region));
    if (lowest < 0) this.canvas.fill(region, background);
    for (let index = Math.max(0, lowest); index < contents.length; index += 1) {
      const { place } = contents[index] ?? {};
      if (place === undefined || intersection(place.rectangle, region) === null) continue;
      for (const patch of patches[index]?.() ?? []) {
        const clip = intersection(patch.rectangle, region);
        if (clip === null) continue;
        if ('color' in patch) this.canvas.fill(clip, patch.color, place.alpha);
        else this.canvas.paste(patch.rectangle, patch.frame, { clip, alpha: place.alpha });
      }
    }
  }

  /** What a place is made of; pictures are scaled when it is first asked for, since most places do not change with a frame. */
  #patchesOf({ place: { rectangle, renderMode }, shown }: Content, colors: Colors): () => Patch[] {
    if (shown === null) return () => [{ rectangle, color: colors.placeholder }];
    const { dump, frame, serial } = shown;
    const { crop, inner } = fitPicture(renderMode, { widthPx: frame.width, heightPx: frame.height }, rectangle);
    const place = { ...inner, xPx: rectangle.xPx + inner.xPx, yPx: rectangle.yPx + inner.yPx };
    const key = scalerKey(dump, rectangle, renderMode);
    return () => [
      ...frameAround(rectangle, place).map((bar) => ({ rectangle: bar, color: colors.background })),
      { rectangle: place, frame: this.#scalerOf(key).scale(frame, serial, crop, inner) },
    ];
  }

  #scalerOf(key: string): PictureScaler {
    const scaler = this.#scalers.get(key) ?? new PictureScaler();
    this.#scalers.set(key, scaler);
    return scaler;
  }

  /** Lets go the scalers of pictures that are not shown any more. */
  #releaseScalers(contents: readonly Content[]): void {
    if (this.#scalers.size === 0) return;
    const used = new Set(
      contents.map(({ place, shown }) =>
        shown === null ? '' : scalerKey(shown.dump, place.rectangle, place.renderMode),
      ),
    );
    for (const [key, scaler] of this.#scalers) {
      if (used.has(key)) continue;
      scaler[Symbol.dispose]();
      this.#scalers.delete(key);
    }
  }
}

/** Places that show the same picture in the same way share what was scaled. */
function scalerKey(dump: string, { widthPx, heightPx }: Rectangle, renderMode: string): string {
  return `${widthPx}x${heightPx} ${renderMode} ${dump}`;
}

function contentOf(place: ScenePlace, trackOf: (dump: string) => VideoTrack | undefined): Content {
  const { picture } = place;
  const current = picture === null ? null : (trackOf(picture.dump)?.picture ?? null);
  if (picture === null || current === null || current.mediaUs < picture.notBeforeUs)
    return { place, shown: null, key: 'placeholder' };
  const { frame, serial } = current;
  return { place, shown: { dump: picture.dump, frame, serial }, key: `${picture.dump} ${serial}` };
}

function colorsOf(backgroundColor: string): Colors {
  const background = yuvOf(backgroundColor);
  const { y } = background;
  return { background, placeholder: { ...background, y: y > 128 ? y - PLACEHOLDER_STEP : y + PLACEHOLDER_STEP } };
}
