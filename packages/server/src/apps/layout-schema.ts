import { UserId } from '@callreel/protocol';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { CallreelError } from '../base/callreel-error.ts';
import type { SchemaError } from '../base/schema-error.ts';
import type { CustomRectangle, LayoutParameters } from '../recording/layout-parameters.ts';
import { PictureUrlSchema } from './picture-url-schema.ts';

// Ranges of the known dialect's MixLayoutParams and MixLayout.
const strict = { additionalProperties: false };
/** Largest side of a canvas, and so of what lies on it. */
const SIDE_MAX_PX = 1920;
const RECTANGLES_MAX = 25;
/** The dialect gives no bound; this one is a whole number in every database and language. */
const LAYER_MAX = 2_147_483_647;

const Source = Type.Union([Type.Literal('main'), Type.Literal('aux')]);
/** How pictures fill their places, as `RenderMode` documents it. */
export const RenderModeSchema = Type.Union([
  Type.Literal('stretch'),
  Type.Literal('crop'),
  Type.Literal('bars'),
  Type.Literal('gentleCrop'),
]);
const Large = Type.Object({ userId: UserId, source: Type.Optional(Source) }, strict);
/** An offset or a side of what lies on a canvas, in pixels. */
export const SidePxSchema = Type.Integer({ minimum: 0, maximum: SIDE_MAX_PX });
const Rectangle = Type.Object(
  {
    leftPx: SidePxSchema,
    topPx: SidePxSchema,
    widthPx: SidePxSchema,
    heightPx: SidePxSchema,
    userId: Type.Optional(UserId),
    source: Type.Optional(Source),
    layer: Type.Optional(Type.Integer({ minimum: 0, maximum: LAYER_MAX })),
    alpha: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
    renderMode: Type.Optional(RenderModeSchema),
    placeholderUrl: Type.Optional(PictureUrlSchema),
  },
  strict,
);
const template = { renderMode: Type.Optional(RenderModeSchema), pureAudioDisableLayout: Type.Optional(Type.Boolean()) };

const Grid = Type.Object({ mode: Type.Literal('grid'), ...template }, strict);
const Floating = Type.Object({ mode: Type.Literal('floating'), large: Type.Optional(Large), ...template }, strict);
const ScreenShare = Type.Object(
  {
    mode: Type.Literal('screenShare'),
    large: Type.Optional(Large),
    largeSide: Type.Optional(Type.Union([Type.Literal('left'), Type.Literal('right')])),
    ...template,
  },
  strict,
);
const Custom = Type.Object(
  {
    mode: Type.Literal('custom'),
    rectangles: Type.Array(Rectangle, { minItems: 1, maxItems: RECTANGLES_MAX }),
    showAbsent: Type.Optional(Type.Boolean()),
  },
  strict,
);

/** A layout, as `LayoutParameters` documents it. */
export const LayoutSchema = Type.Union([Grid, Floating, ScreenShare, Custom]);

const variants = new Map<string, { Errors: (value: unknown) => SchemaError[] }>([
  ['grid', Compile(Grid)],
  ['floating', Compile(Floating)],
  ['screenShare', Compile(ScreenShare)],
  ['custom', Compile(Custom)],
]);

/**
 * Of the errors of something that holds a layout, those that help: a union tells what is wrong with each of its
 * kinds, of which only the one that is meant counts.
 * @param layoutPath JSON pointer of the layout within `value`.
 */
export function layoutErrors(value: unknown, errors: readonly SchemaError[], layoutPath: string): SchemaError[] {
  const isOfLayout = ({ instancePath }: SchemaError): boolean =>
    instancePath === layoutPath || instancePath.startsWith(`${layoutPath}/`);
  const others = errors.filter((error) => !isOfLayout(error));
  if (others.length > 0) return others;
  const layout = layoutPath.split('/').slice(1).reduce<unknown>(fieldOf, value);
  const mode = fieldOf(layout, 'mode');
  const variant = typeof mode === 'string' ? variants.get(mode) : undefined;
  if (variant === undefined) {
    const ofMode = errors.filter(({ instancePath }) => instancePath === `${layoutPath}/mode`);
    return ofMode.length > 0 ? ofMode : [...errors];
  }
  return variant.Errors(layout).map((error) => ({ ...error, instancePath: `${layoutPath}${error.instancePath}` }));
}

/**
 * Whether the rectangles of a custom layout lie on the canvas.
 * @param name What the layout is called in the sentence.
 * @throws {CallreelError} `ParameterInvalid`.
 */
export function checkLayoutFits(
  layout: LayoutParameters,
  canvas: { widthPx: number; heightPx: number },
  name: string,
): void {
  if (layout.mode !== 'custom') return;
  layout.rectangles.forEach((rectangle, index) => {
    checkLiesWithin(rectangle, canvas, `${name}.rectangles.${index}`);
  });
}

/** Whether a rectangle lies on the canvas. @param name What it is called in the sentence. @throws {CallreelError} `ParameterInvalid`. */
export function checkLiesWithin(
  { leftPx, topPx, widthPx, heightPx }: Pick<CustomRectangle, 'leftPx' | 'topPx' | 'widthPx' | 'heightPx'>,
  canvas: { widthPx: number; heightPx: number },
  name: string,
): void {
  if (leftPx + widthPx <= canvas.widthPx && topPx + heightPx <= canvas.heightPx) return;
  throw new CallreelError(
    'ParameterInvalid',
    `${name} is ${widthPx} × ${heightPx} at ${leftPx}, ${topPx}: must lie within ${canvas.widthPx} × ${canvas.heightPx}.`,
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
