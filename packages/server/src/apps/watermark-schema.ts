import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SchemaError } from '../base/schema-error.ts';
import type { Watermark } from '../recording/watermark.ts';
import { checkLiesWithin, SidePxSchema } from './layout-schema.ts';
import { PictureUrlSchema } from './picture-url-schema.ts';

// Ranges of the known dialect's WaterMarkParams.
const strict = { additionalProperties: false };
const WATERMARKS_MAX = 25;
const TEXT_MAX_LENGTH = 1024;

/** A colour as `#rrggbb`. */
export const ColorSchema = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' });

const rectangle = { leftPx: SidePxSchema, topPx: SidePxSchema, widthPx: SidePxSchema, heightPx: SidePxSchema };
const Picture = Type.Object({ kind: Type.Literal('picture'), url: PictureUrlSchema, ...rectangle }, strict);
const Text = Type.Object(
  {
    kind: Type.Literal('text'),
    text: Type.String({ minLength: 1, maxLength: TEXT_MAX_LENGTH }),
    ...rectangle,
    fontSizePx: Type.Optional(Type.Integer({ minimum: 8, maximum: 256 })),
    color: Type.Optional(ColorSchema),
    backgroundColor: Type.Optional(ColorSchema),
  },
  strict,
);
const Time = Type.Object(
  {
    kind: Type.Literal('time'),
    position: Type.Union([
      Type.Literal('topLeft'),
      Type.Literal('topRight'),
      Type.Literal('bottomLeft'),
      Type.Literal('bottomRight'),
      Type.Literal('topCenter'),
      Type.Literal('bottomCenter'),
      Type.Literal('center'),
    ]),
    utcOffsetMinutes: Type.Optional(Type.Integer({ minimum: -720, maximum: 840 })),
  },
  strict,
);

/** Watermarks, as `Watermark` documents them. */
export const WatermarksSchema = Type.Array(Type.Union([Picture, Text, Time]), { maxItems: WATERMARKS_MAX });

const variants = new Map<string, { Errors: (value: unknown) => SchemaError[] }>([
  ['picture', Compile(Picture)],
  ['text', Compile(Text)],
  ['time', Compile(Time)],
]);

/**
 * Of the errors of something that holds watermarks, those that help: of the kinds of a watermark only the one that is meant counts.
 * @param path JSON pointer of the list within `value`.
 */
export function watermarkErrors(value: unknown, errors: readonly SchemaError[], path: string): SchemaError[] {
  const isOfOne = ({ instancePath }: SchemaError): boolean => instancePath.startsWith(`${path}/`);
  const others = errors.filter((error) => !isOfOne(error));
  const list = path.split('/').slice(1).reduce<unknown>(fieldOf, value);
  if (!errors.some(isOfOne) || !Array.isArray(list)) return [...errors];
  if (others.length > 0) return others;
  // The list of errors is cut after some: what is wrong is asked for anew.
  for (const [index, one] of list.entries()) {
    const wrong = errorsOf(one).map((error) => ({ ...error, instancePath: `${path}/${index}${error.instancePath}` }));
    if (wrong.length > 0) return wrong;
  }
  return others;
}

/** Whether pictures and texts lie on the canvas. @param name What the list is called in the sentence. @throws {CallreelError} `ParameterInvalid`. */
export function checkWatermarksFit(
  watermarks: readonly Watermark[],
  canvas: { widthPx: number; heightPx: number },
  name: string,
): void {
  watermarks.forEach((watermark, index) => {
    if (watermark.kind !== 'time') checkLiesWithin(watermark, canvas, `${name}.${index}`);
  });
}

function errorsOf(watermark: unknown): SchemaError[] {
  const kind = fieldOf(watermark, 'kind');
  const variant = typeof kind === 'string' ? variants.get(kind) : undefined;
  if (variant !== undefined) return variant.Errors(watermark);
  if (typeof watermark !== 'object' || watermark === null)
    return [{ keyword: 'type', instancePath: '', params: {}, message: 'must be object' }];
  if (kind === undefined)
    return [{ keyword: 'required', instancePath: '', params: { requiredProperties: ['kind'] }, message: '' }];
  const allowed = [...variants.keys()].map((name) => JSON.stringify(name)).join(' or ');
  return [{ keyword: 'const', instancePath: '/kind', params: {}, message: `must be ${allowed}` }];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
