import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { CallreelError } from '../base/callreel-error.ts';
import { describeSchemaError, type SchemaError } from '../base/schema-error.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { checkLayoutFits, LayoutSchema, layoutErrors, RenderModeSchema } from './layout-schema.ts';
import { checkPictureUrls, PictureUrlSchema } from './picture-url-schema.ts';
import type { RecordingSettings } from './recording-settings.ts';
import { ColorSchema, checkWatermarksFit, WatermarksSchema, watermarkErrors } from './watermark-schema.ts';

// Ranges of the known dialect for mixed recordings; see the docblocks of TaskParameters.
const strict = { additionalProperties: false };
const SidePx = Type.Integer({ minimum: 2, maximum: 1920, multipleOf: 2 });
const AREA_MAX_PX = 1920 * 1080;

/** A task's parameters, as `TaskParameters` documents them. */
export const TaskParametersSchema = Type.Object(
  {
    mode: Type.Literal('mixed'),
    video: Type.Object(
      {
        widthPx: SidePx,
        heightPx: SidePx,
        fps: Type.Integer({ minimum: 1, maximum: 60 }),
        bitrateBps: Type.Integer({ minimum: 64_000, maximum: 8_192_000 }),
        keyframeIntervalS: Type.Integer({ minimum: 1, maximum: 10 }),
      },
      strict,
    ),
    audio: Type.Object(
      {
        sampleRateHz: Type.Union([Type.Literal(48000), Type.Literal(44100), Type.Literal(16000)]),
        channels: Type.Union([Type.Literal(1), Type.Literal(2)]),
        bitrateBps: Type.Integer({ minimum: 32_000, maximum: 128_000 }),
      },
      strict,
    ),
    layout: LayoutSchema,
    backgroundColor: ColorSchema,
    background: Type.Optional(
      Type.Object({ url: PictureUrlSchema, renderMode: Type.Optional(RenderModeSchema) }, strict),
    ),
    placeholder: Type.Optional(Type.Object({ url: PictureUrlSchema }, strict)),
    watermarks: Type.Optional(WatermarksSchema),
    output: Type.Object(
      {
        format: Type.Union([Type.Literal('mp4'), Type.Literal('aac'), Type.Literal('hls')]),
        hlsSegments: Type.Optional(Type.Union([Type.Literal('ts'), Type.Literal('fmp4')])),
        media: Type.Optional(Type.Union([Type.Literal('both'), Type.Literal('audio'), Type.Literal('video')])),
        maxFileDurationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
      },
      strict,
    ),
    maxIdleMs: Type.Integer({ minimum: 5_000, maximum: 86_400_000 }),
  },
  strict,
);

/** The recording settings of an application, as `RecordingSettings` documents them. */
export const RecordingSettingsSchema = Type.Object(
  {
    mode: Type.Union([Type.Literal('off'), Type.Literal('rest'), Type.Literal('automatic')]),
    template: TaskParametersSchema,
    indexAlways: Type.Boolean(),
  },
  strict,
);

const compiledSettings = Compile(RecordingSettingsSchema);
const compiledParameters = Compile(TaskParametersSchema);

/**
 * Checks recording settings as a whole: what is set is complete, nothing is filled in.
 *
 * @throws {CallreelError} `ParameterInvalid`, naming the field, what came and what is allowed.
 */
export function checkRecordingSettings(value: unknown): RecordingSettings {
  if (!compiledSettings.Check(value)) refuse(value, compiledSettings.Errors(value), '/template');
  checkSizes(value.template, 'template.');
  checkPictureUrls(value.template, 'template.');
  checkOutput(value.template, 'template.output');
  checkPlayable(value.template, 'template.output');
  return value;
}

/**
 * Checks a task's parameters in the same way.
 * @param localPictures Whether pictures may be files of this machine, for who may run commands on it. Default false.
 * @throws {CallreelError} `ParameterInvalid`.
 */
export function checkTaskParameters(value: unknown, { localPictures = false } = {}): TaskParameters {
  if (!compiledParameters.Check(value)) refuse(value, compiledParameters.Errors(value), '');
  if (!localPictures) checkPictureUrls(value, '');
  checkSizes(value, '');
  checkOutput(value, 'output');
  return value;
}

/** @param path JSON pointer of the task's parameters within `value`. */
function refuse(value: unknown, errors: readonly SchemaError[], path: string): never {
  const ofLayout = layoutErrors(value, errors, `${path}/layout`);
  const helpful = watermarkErrors(value, ofLayout, `${path}/watermarks`);
  throw new CallreelError('ParameterInvalid', describeSchemaError(value, helpful));
}

/** What goes together in an output: nothing that is given may be without effect. */
function checkOutput(
  { output: { format, hlsSegments, media = 'audio', maxFileDurationMinutes } }: TaskParameters,
  name: string,
): void {
  if (format === 'aac' && media !== 'audio') {
    throw new CallreelError(
      'ParameterInvalid',
      `${name} is aac with media "${media}": aac holds sound only, so media must be "audio".`,
    );
  }
  if (format !== 'hls' && hlsSegments !== undefined) {
    throw new CallreelError('ParameterInvalid', `${name}.hlsSegments is given: it must be left out of ${format}.`);
  }
  if (format === 'hls' && maxFileDurationMinutes !== undefined) {
    throw new CallreelError(
      'ParameterInvalid',
      `${name}.maxFileDurationMinutes is given: it must be left out of hls, which is not split.`,
    );
  }
}

/** A recording in the library is one file after the other: playback does not serve playlists yet. */
function checkPlayable({ output: { format } }: TaskParameters, name: string): void {
  if (format !== 'hls') return;
  throw new CallreelError(
    'ParameterInvalid',
    `${name}.format is "hls": must be "mp4" or "aac" in a template; "hls" is for ./callreel render.`,
  );
}

/** What a schema cannot say: the area, and what has to lie within it. */
function checkSizes({ video, layout, watermarks = [] }: TaskParameters, prefix: string): void {
  const { widthPx, heightPx } = video;
  if (widthPx * heightPx > AREA_MAX_PX) {
    throw new CallreelError(
      'ParameterInvalid',
      `${prefix}video is ${widthPx} × ${heightPx}: width × height must be at most 1920 × 1080.`,
    );
  }
  checkLayoutFits(layout, video, `${prefix}layout`);
  checkWatermarksFit(watermarks, video, `${prefix}watermarks`);
}
