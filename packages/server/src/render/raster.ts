import type { Size } from '../timeline/index.ts';
import type { Plane, Planes, SeenThrough } from './canvas.ts';

/** A picture as it is painted; `through` is there when something of it is transparent, and the planes hold the rest. */
export type Raster = { planes: Planes; through?: SeenThrough };

/**
 * Makes planes in BT.601, limited range, of red, green, blue and opacity.
 * @param size Even.
 */
export function rasterOf({ widthPx, heightPx }: Size, rgba: Uint8ClampedArray): Raster {
  const half = { widthPx: widthPx / 2, heightPx: heightPx / 2 };
  const [y, u, v, seen, seenColor] = [
    newPlane({ widthPx, heightPx }),
    newPlane(half),
    newPlane(half),
    newPlane({ widthPx, heightPx }),
    newPlane(half),
  ] as const;
  let isOpaque = true;
  for (let row = 0; row < heightPx; row += 2)
    for (let column = 0; column < widthPx; column += 2) {
      let [opacity, red, green, blue] = [0, 0, 0, 0];
      for (let corner = 0; corner < 4; corner += 1) {
        const at = (row + (corner >> 1)) * widthPx + column + (corner & 1);
        const a = rgba[at * 4 + 3] ?? 0;
        const r = ((rgba[at * 4] ?? 0) * a) / 255;
        const g = ((rgba[at * 4 + 1] ?? 0) * a) / 255;
        const b = ((rgba[at * 4 + 2] ?? 0) * a) / 255;
        y.bytes[at] = (16 * a + 65.481 * r + 128.553 * g + 24.966 * b) / 255 + 0.5;
        seen.bytes[at] = 255 - a;
        if (a !== 255) isOpaque = false;
        opacity += a;
        red += r;
        green += g;
        blue += b;
      }
      // The colour of four pixels is that of what they show of it.
      const at = (row / 2) * half.widthPx + column / 2;
      const seenHere = 255 - Math.round(opacity / 4);
      u.bytes[at] = (128 * opacity - 37.797 * red - 74.203 * green + 112 * blue) / 1020 + 0.5;
      v.bytes[at] = (128 * opacity + 112 * red - 93.786 * green - 18.214 * blue) / 1020 + 0.5;
      seenColor.bytes[at] = seenHere;
    }
  return isOpaque ? { planes: [y, u, v] } : { planes: [y, u, v], through: [seen, seenColor] };
}

function newPlane({ widthPx, heightPx }: Size): Plane {
  return { bytes: Buffer.alloc(widthPx * heightPx), strideBytes: widthPx };
}
