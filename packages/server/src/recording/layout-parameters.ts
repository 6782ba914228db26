import type { StreamSource } from '@callreel/protocol';

/**
 * How a picture fills a place of another shape. `stretch`: whole, out of shape. `crop`: cut evenly on two sides.
 * `bars`: whole and in shape, the rest in the background colour. `gentleCrop`: like `crop`, but never more than
 * 20 % of a side is cut; what is still out of shape is stretched. In the dialect 0, 1, 2 and 3.
 */
export type RenderMode = 'stretch' | 'crop' | 'bars' | 'gentleCrop';

/** What all layouts but the custom one have in common. */
export type TemplateOptions = {
  /** Default `crop`. */
  renderMode?: RenderMode;
  /** Whether users who show no picture have no place. Default false: they have one, with a placeholder. */
  pureAudioDisableLayout?: boolean;
};

/** Whose picture is the large one (`MaxResolutionUserId` and its `MediaId`). */
export type LargePicture = {
  userId: string;
  /** Only this one. By default the camera before the screen; in the screen share layout the screen before the camera. */
  source?: StreamSource;
};

/** One place of the custom layout. It lies within the canvas; numbers are rounded down to even ones. */
export type CustomRectangle = {
  leftPx: number;
  topPx: number;
  widthPx: number;
  heightPx: number;
  /** Whose place it is; empty while the user is not there. Default: the next in order of entry whom no place names. */
  userId?: string;
  /** With `userId` by default `main`. Without it only pictures of this source are taken; default: of both. */
  source?: StreamSource;
  /** Higher ones cover lower ones; equal ones in the order of the list. Default 0. */
  layer?: number;
  /** 0 opaque to 255 invisible. Default 0. */
  alpha?: number;
  /** Default `crop`. */
  renderMode?: RenderMode;
  /** Url of a png or jpg that is shown while its user shows nothing. Default: that of the task. */
  placeholderUrl?: string;
};

/** Where pictures are on the canvas: see `docs/design/layouts.md`. */
export type LayoutParameters =
  | ({ mode: 'grid' } & TemplateOptions)
  /** One picture covers the canvas: `large`, or of who entered first while that one is not there. */
  | ({ mode: 'floating'; large?: LargePicture } & TemplateOptions)
  /** The large place shows the background while `large` is not there or not given. `largeSide`: default `left`. */
  | ({ mode: 'screenShare'; large?: LargePicture; largeSide?: 'left' | 'right' } & TemplateOptions)
  /** 1 to 25 rectangles. `showAbsent`: whether a place whose user is not in the room shows its placeholder; default false. */
  | { mode: 'custom'; rectangles: CustomRectangle[]; showAbsent?: boolean };
