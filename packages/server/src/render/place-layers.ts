import type { Frame } from 'node-av/lib';
import type { Rectangle, Scene, ScenePlace } from '../timeline/index.ts';
import { planesOf } from './canvas.ts';
import type { Layer } from './layer.ts';
import { fitPicture } from './picture-fit.ts';
import { PictureScaler } from './picture-scaler.ts';
import { frameAround } from './region.ts';
import type { VideoTrack } from './video-track.ts';
import { type YuvColor, yuvOf } from './yuv-color.ts';

const INVISIBLE = 255;

/** A picture that a place shows now. */
type Shown = { dump: string; frame: Frame; serial: number };

/** What the places of a scene take their pictures from. */
export type PlaceSources = {
  /** `#rrggbb`. */
  backgroundColor: string;
  /** Finds the stream of a dump. */
  trackOf: (dump: string) => VideoTrack | undefined;
  /** What is shown where there is no picture. */
  placeholder: (place: ScenePlace) => Pick<Layer, 'key' | 'patches'>;
};

/** Makes layers of a scene's places, and holds the pictures that were scaled for them. */
export class PlaceLayers implements Disposable {
  readonly #scalers = new Map<string, PictureScaler>();
  readonly #used = new Set<string>();

  /** The places' layers in the order of the scene. Their pictures are scaled when they are first painted. */
  layersOf(scene: Scene, { backgroundColor, trackOf, placeholder }: PlaceSources): Layer[] {
    this.#used.clear();
    return scene.places
      .filter(({ rectangle, alpha }) => rectangle.widthPx > 0 && rectangle.heightPx > 0 && alpha < INVISIBLE)
      .map((place) => {
        const { rectangle, alpha, renderMode } = place;
        const shown = shownIn(place, trackOf);
        if (shown === null) return { rectangle, alpha, seeThrough: false, ...placeholder(place) };
        const key = `${shown.dump} ${shown.serial} ${renderMode}`;
        const patches = this.#patchesOf(place, shown, backgroundColor);
        return { rectangle, alpha, seeThrough: false, key, patches };
      });
  }

  /** Lets go what was scaled for pictures that the last layers do not show any more. */
  release(): void {
    for (const [key, scaler] of this.#scalers) {
      if (this.#used.has(key)) continue;
      scaler[Symbol.dispose]();
      this.#scalers.delete(key);
    }
  }

  [Symbol.dispose](): void {
    for (const scaler of this.#scalers.values()) scaler[Symbol.dispose]();
    this.#scalers.clear();
  }

  #patchesOf({ rectangle, renderMode }: ScenePlace, { dump, frame, serial }: Shown, ground: string): Layer['patches'] {
    const { crop, inner } = fitPicture(renderMode, { widthPx: frame.width, heightPx: frame.height }, rectangle);
    const place = { ...inner, xPx: rectangle.xPx + inner.xPx, yPx: rectangle.yPx + inner.yPx };
    const key = scalerKey(dump, rectangle, renderMode);
    this.#used.add(key);
    return () => [
      ...barsOf(rectangle, place, ground),
      { rectangle: place, planes: planesOf(this.#scalerOf(key).scale(frame, serial, crop, inner)) },
    ];
  }

  #scalerOf(key: string): PictureScaler {
    const scaler = this.#scalers.get(key) ?? new PictureScaler();
    this.#scalers.set(key, scaler);
    return scaler;
  }
}

function barsOf(outer: Rectangle, inner: Rectangle, ground: string): { rectangle: Rectangle; color: YuvColor }[] {
  const bars = frameAround(outer, inner);
  return bars.length === 0 ? [] : bars.map((rectangle) => ({ rectangle, color: yuvOf(ground) }));
}

/** Places that show the same picture in the same way share what was scaled. */
function scalerKey(dump: string, { widthPx, heightPx }: Rectangle, renderMode: string): string {
  return `${widthPx}x${heightPx} ${renderMode} ${dump}`;
}

function shownIn({ picture }: ScenePlace, trackOf: PlaceSources['trackOf']): Shown | null {
  const current = picture === null ? null : (trackOf(picture.dump)?.picture ?? null);
  if (picture === null || current === null || current.mediaUs < picture.notBeforeUs) return null;
  const { frame, serial } = current;
  return { dump: picture.dump, frame, serial };
}
