import { USAGE_CLASSES, USAGE_MODES } from '@callreel/protocol';
import { type TSchema, Type } from 'typebox';
import {
  CALLBACK_KINDS,
  CallbackSettingsSchema,
  REST_KEY_SCOPES,
  RecordingSettingsSchema,
  TaskParametersSchema,
} from '../../apps/index.ts';

const TimeUs = Type.Integer({ description: 'Microseconds since the Unix epoch.' });
const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** A record of the library, as `PublicRecord` documents it. */
export const MediaSchema = Type.Object({
  fileId: Type.String(),
  sdkAppId: Type.Integer(),
  taskId: Type.String(),
  roomId: Type.String(),
  name: Type.String(),
  type: Type.Enum(['mp4', 'aac', 'hls', 'webm']),
  sizeBytes: Type.Integer(),
  durationUs: Type.Integer(),
  startUs: TimeUs,
  widthPx: Type.Integer({ description: '0 where there is no picture.' }),
  heightPx: Type.Integer(),
  sha256: Type.String(),
  createdUs: TimeUs,
  fileUrl: Type.String(),
  posterUrl: orNull(Type.String()),
  thumbnailsUrl: orNull(Type.String({ description: 'Of the WebVTT file.' })),
});

/** A recording, as `TaskRecord` documents it. */
export const RecordingSchema = Type.Object({
  taskId: Type.String(),
  sdkAppId: Type.Integer(),
  roomId: Type.String(),
  origin: Type.Enum(['automatic', 'rest']),
  state: Type.Enum(['running', 'stopped', 'rendered', 'failed']),
  paused: Type.Boolean(),
  parameters: Type.Unsafe<object>({ $ref: 'TaskParameters#' }),
  startedUs: TimeUs,
  untilUs: orNull(TimeUs),
  stopReason: orNull(Type.String()),
  report: orNull(Type.Object({}, { description: 'What the render saw, or why there is none; null until it is over.' })),
});

/** A call, as `CallRecord` documents it. */
export const CallSchema = Type.Object({
  callId: Type.String(),
  sdkAppId: Type.Integer(),
  callerId: Type.String(),
  calleeIdList: Type.Array(Type.String()),
  mediaType: Type.Enum(['audio', 'video']),
  callType: Type.Enum(['single', 'multi']),
  roomId: Type.String(),
  state: Type.Enum(['calling', 'active', 'ended']),
  startedUs: TimeUs,
  acceptedUs: orNull(TimeUs),
  endedUs: orNull(TimeUs),
  result: orNull(Type.String()),
});

/** One try to tell, as `CallbackAttempt` documents it. */
const AttemptSchema = Type.Object({
  attempt: Type.Integer(),
  atUs: TimeUs,
  durationMs: Type.Integer(),
  status: orNull(Type.Integer()),
  error: orNull(Type.String()),
  answer: orNull(Type.String()),
});

/** An event that was told of or will be, as `CallbackRecord` documents it. */
export const CallbackSchema = Type.Object({
  deliveryId: Type.String(),
  sdkAppId: Type.Integer(),
  orderKey: Type.String(),
  kind: Type.Enum([...CALLBACK_KINDS]),
  group: orNull(Type.Integer()),
  type: Type.String(),
  payload: Type.String(),
  createdUs: TimeUs,
  state: Type.Enum(['pending', 'delivered', 'givenUp']),
  attempts: Type.Integer(),
  nextAttemptUs: orNull(TimeUs),
  endedUs: orNull(TimeUs),
  lastAttempt: orNull(AttemptSchema),
});

/** One callback with all of its tries. */
const CallbackWithLogSchema = Type.Object({ ...CallbackSchema.properties, log: Type.Array(AttemptSchema) });

/** A REST key without its secret, as `RestKeyRecord` documents it. */
export const KeySchema = Type.Object({
  secretId: Type.String(),
  sdkAppId: orNull(Type.Integer({ description: 'Null: all applications.' })),
  scopes: Type.Array(Type.Enum([...REST_KEY_SCOPES])),
  name: Type.String(),
  createdUs: TimeUs,
  revokedUs: orNull(TimeUs),
});

/** Recorded minutes, as `UsageEntry` documents them. */
export const UsageSchema = Type.Object({
  from: Type.String(),
  to: Type.String(),
  step: Type.Enum(['day', 'point']),
  usage: Type.Array(
    Type.Object({
      sdkAppId: Type.Integer(),
      mode: Type.Enum([...USAGE_MODES]),
      class: Type.Enum([...USAGE_CLASSES]),
      startUs: TimeUs,
      recordedUs: Type.Integer(),
      minutes: Type.Integer({ description: 'Rounded up by day.' }),
    }),
  ),
});

/** The parts of the document that several routes name. */
export const answerSchemas = Object.freeze({
  TaskParameters: TaskParametersSchema,
  RecordingSettings: RecordingSettingsSchema,
  CallbackSettings: CallbackSettingsSchema,
  Recording: RecordingSchema,
  Media: MediaSchema,
  Call: CallSchema,
  Callback: CallbackSchema,
  CallbackWithLog: CallbackWithLogSchema,
  Key: KeySchema,
  Usage: UsageSchema,
});

/** Names one of the {@link answerSchemas}. */
export function refTo(name: keyof typeof answerSchemas): TSchema {
  return Type.Unsafe<unknown>({ $ref: `${name}#` });
}

/** `{<name>: […]}`. */
export function listOf(name: string, part: keyof typeof answerSchemas, more: Record<string, TSchema> = {}): TSchema {
  return Type.Object({ [name]: Type.Array(refTo(part)), ...more });
}

/** Where a list goes on: null at its end. */
export function nextCursorOf(cursor: TSchema): { nextCursor: TSchema } {
  return { nextCursor: orNull(cursor) };
}
