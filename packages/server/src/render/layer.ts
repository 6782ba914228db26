import type { Rectangle } from '../timeline/index.ts';
import type { Planes, SeenThrough } from './canvas.ts';
import type { YuvColor } from './yuv-color.ts';

/** A part of a layer: a colour, or a picture of its size. With `through` the planes hold what is left of the picture. */
export type Patch = { rectangle: Rectangle } & ({ color: YuvColor } | { planes: Planes; through?: SeenThrough });

/** Something that is painted over what lies below it. */
export type Layer = {
  rectangle: Rectangle;
  /** 0 opaque to 255 invisible. */
  alpha: number;
  /** Whether it has transparency of its own, so that what lies below is seen though `alpha` is 0. */
  seeThrough: boolean;
  /** The same as long as the layer shows the same. */
  key: string;
  /** What it is made of; asked for only when some of it is painted. */
  patches: () => Patch[];
};
