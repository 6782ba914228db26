import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { CallreelError } from '../base/callreel-error.ts';
import { describeSchemaError, type SchemaError } from '../base/schema-error.ts';
import { fileFormatsOf, type TaskParameters } from '../recording/task-parameters.ts';
import { checkLayoutFits, LayoutSchema, layoutErrors, RenderModeSchema } from './layout-schema.ts';
import { checkPictureUrls, PictureUrlSchema } from './picture-url-schema.ts';
import type { RecordingSettings } from './recording-settings.ts';
import { ColorSchema, checkWatermarksFit, WatermarksSchema, watermarkErrors } from './watermark-schema.ts';

// Ranges of the known dialect for mixed recordings; see the docblocks of TaskParameters.
const strict = { additionalProperties: false };
const SidePx = Type.Integer({ minimum: 2, maximum: 1920, multipleOf: 2 });
const AREA_MAX_PX = 1920 * 1080;
/** Ids of users, or their beginning with `.*$` behind it. */
const UserNames = Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 32 });

/** What is told of in the report, as `AlarmParameters` documents it; 0 switches an alarm off. */
const AlarmSeconds = Type.Optional(Type.Integer({ minimum: 0, maximum: 3600 }));
const AlarmsSchema = Type.Object(
  {
    missingS: AlarmSeconds,
    blackS: AlarmSeconds,
    frozenS: AlarmSeconds,
    silentS: AlarmSeconds,
    lossPercent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  },
  strict,
);

/** A task's parameters, as `TaskParameters` documents them. */
export const TaskParametersSchema = Type.Object(
  {
    mode: Type.Union([Type.Literal('mixed'), Type.Literal('single'), Type.Literal('both')]),
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
    subscription: Type.Optional(
      Type.Object(
        {
          audio: Type.Optional(UserNames),
          notAudio: Type.Optional(UserNames),
          video: Type.Optional(UserNames),
          notVideo: Type.Optional(UserNames),
        },
        strict,
      ),
    ),
    sources: Type.Optional(Type.Union([Type.Literal('main'), Type.Literal('aux')])),
    fill: Type.Optional(Type.Union([Type.Literal('last'), Type.Literal('black')])),
    single: Type.Optional(
      Type.Object({ merged: Type.Optional(Type.Boolean()), original: Type.Optional(Type.Boolean()) }, strict),
    ),
    backgroundColor: ColorSchema,
    background: Type.Optional(
      Type.Object({ url: PictureUrlSchema, renderMode: Type.Optional(RenderModeSchema) }, strict),
    ),
    placeholder: Type.Optional(Type.Object({ url: PictureUrlSchema }, strict)),
    watermarks: Type.Optional(WatermarksSchema),
    output: Type.Object(
      {
        format: Type.Union([
          Type.Literal('mp4'),
          Type.Literal('aac'),
          Type.Literal('hls'),
          Type.Literal('hls+mp4'),
          Type.Literal('hls+aac'),
        ]),
        hlsSegments: Type.Optional(Type.Union([Type.Literal('ts'), Type.Literal('fmp4')])),
        media: Type.Optional(Type.Union([Type.Literal('both'), Type.Literal('audio'), Type.Literal('video')])),
        maxFileDurationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440 })),
      },
      strict,
    ),
    alarms: Type.Optional(AlarmsSchema),
    pauseCapture: Type.Optional(Type.Boolean()),
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
  checkOutput(value.template, 'template.');
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
  checkOutput(value, '');
  return value;
}

/** @param path JSON pointer of the task's parameters within `value`. */
function refuse(value: unknown, errors: readonly SchemaError[], path: string): never {
  const ofLayout = layoutErrors(value, errors, `${path}/layout`);
  const helpful = watermarkErrors(value, ofLayout, `${path}/watermarks`);
  throw new CallreelError('ParameterInvalid', describeSchemaError(value, helpful));
}

/** What goes together in an output: nothing that is given may be without effect. */
function checkOutput({ mode, single, output }: TaskParameters, prefix: string): void {
  const { format, hlsSegments, media, maxFileDurationMinutes } = output;
  const hasHls = fileFormatsOf(output).includes('hls');
  const refuseIf = (isWrong: boolean, sentence: string): void => {
    if (isWrong) throw new CallreelError('ParameterInvalid', `${prefix}${sentence}`);
  };
  refuseIf(
    format === 'aac' && media !== undefined && media !== 'audio',
    `output is aac with media "${media}": aac holds sound only, so media must be "audio".`,
  );
  refuseIf(
    format === 'hls+aac' && media === 'video',
    'output is hls+aac with media "video": aac holds sound only, so media must be "both" or "audio".',
  );
  refuseIf(!hasHls && hlsSegments !== undefined, `output.hlsSegments is given: it must be left out of ${format}.`);
  refuseIf(
    format === 'hls' && maxFileDurationMinutes !== undefined,
    'output.maxFileDurationMinutes is given: it must be left out of hls, which is not split.',
  );
  refuseIf(mode === 'mixed' && single !== undefined, 'single is given: it must be left out of mode "mixed".');
  refuseIf(
    single?.original === true && format !== 'mp4',
    `single.original is true with output.format "${format}": only "mp4" can be given, and stands for one file of the original codecs.`,
  );
}

/** A recording in the library is one file after the other: playback does not serve playlists yet. */
function checkPlayable({ output }: TaskParameters, name: string): void {
  if (!fileFormatsOf(output).includes('hls')) return;
  throw new CallreelError(
    'ParameterInvalid',
    `${name}.format is "${output.format}": must be "mp4" or "aac" in a template; "hls" is for ./callreel render.`,
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
