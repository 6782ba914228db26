import type { TaskParameters } from '../../recording/index.ts';
import { mustBeLeftOut, mustNotAsk } from './given-in-vain.ts';
import { DEFAULT_LAYOUT_PART, type LayoutPart, toLayoutPart } from './layout-mapping.ts';
import { toOutput } from './output-mapping.ts';
import type { CreateRequest, LayoutRequest, SubscribeRequest } from './recording-schemas.ts';
import type { StorageTarget } from './storage-mapping.ts';

/** `RecordMode` 1 to 3. */
const MODES = Object.freeze(['single', 'mixed', 'both'] as const);
/** `MediaId` of a task, 0 to 2. */
const SOURCES = Object.freeze([undefined, 'main', 'aux'] as const);
/** `FillType` 0 and 1. */
const FILLS = Object.freeze(['last', 'black'] as const);
/** `SampleRate` 1 to 3. */
const SAMPLE_RATES_HZ = Object.freeze([48000, 44100, 16000] as const);

// What the known system takes for what is not said.
const VIDEO: TaskParameters['video'] = Object.freeze({
  widthPx: 360,
  heightPx: 640,
  fps: 15,
  bitrateBps: 550_000,
  keyframeIntervalS: 10,
});
const AUDIO: TaskParameters['audio'] = Object.freeze({ sampleRateHz: 48000, channels: 2, bitrateBps: 64_000 });
const MAX_IDLE_S = 30;

/**
 * What a `CreateCloudRecording` asks of a task. Ranges are checked by whoever takes it.
 * @throws {DialectError} `InvalidParameter.OutOfRange` for what goes not together, `MissingParameter`,
 *   `FailedOperation.CRUnsupportMethod`.
 */
export function toTaskParameters(request: CreateRequest, storage: StorageTarget): TaskParameters {
  const { RecordParams: record, MixTranscodeParams: transcode = {} } = request;
  const { AvMerge = 0, FillType } = record;
  const mode = MODES[record.RecordMode - 1] ?? 'mixed';
  const source = SOURCES[record.MediaId ?? 0];
  const subscription = toSubscription(record.SubscribeStreamUserIds);
  mustNotAsk((record.SubscribeAbility ?? 0) !== 0, 'RecordParams.SubscribeAbility', 'no mixing robots send into rooms');
  return {
    mode,
    video: toVideo(transcode.VideoParams),
    audio: toAudio(transcode.AudioParams),
    ...toLayoutOf(mode, request.MixLayoutParams),
    ...(subscription === undefined ? {} : { subscription }),
    ...(source === undefined ? {} : { sources: source }),
    ...(FillType === undefined ? {} : { fill: FILLS[FillType] ?? 'last' }),
    // Mixed files have sound and picture in one whatever is said.
    ...(mode === 'mixed' || AvMerge === 0 ? {} : { single: { merged: true } }),
    output: toOutput(record, storage),
    maxIdleMs: (record.MaxIdleTime ?? MAX_IDLE_S) * 1000,
  };
}

/** What a `ModifyCloudRecording` makes of a task: layout and lists are replaced whole, and by their defaults where they are not given. */
export function toModified(
  running: TaskParameters,
  {
    MixLayoutParams,
    SubscribeStreamUserIds,
  }: { MixLayoutParams?: LayoutRequest; SubscribeStreamUserIds?: SubscribeRequest },
): TaskParameters {
  const {
    layout: _l,
    backgroundColor: _c,
    background: _b,
    placeholder: _p,
    watermarks: _w,
    subscription: _s,
    ...rest
  } = running;
  const subscription = toSubscription(SubscribeStreamUserIds);
  return {
    ...rest,
    ...toLayoutOf(running.mode, MixLayoutParams),
    ...(subscription === undefined ? {} : { subscription }),
  };
}

function toLayoutOf(mode: TaskParameters['mode'], request: LayoutRequest | undefined): LayoutPart {
  mustBeLeftOut(mode === 'single' && request !== undefined, 'MixLayoutParams', 'with RecordMode 1');
  return request === undefined ? DEFAULT_LAYOUT_PART : toLayoutPart(request);
}

/** Lists of users; empty ones count as not given. */
function toSubscription(request: SubscribeRequest | undefined): TaskParameters['subscription'] {
  const {
    SubscribeAudioUserIds: audio = [],
    UnSubscribeAudioUserIds: notAudio = [],
    SubscribeVideoUserIds: video = [],
    UnSubscribeVideoUserIds: notVideo = [],
  } = request ?? {};
  mustBeLeftOut(
    audio.length > 0 && notAudio.length > 0,
    'SubscribeStreamUserIds.UnSubscribeAudioUserIds',
    'with SubscribeAudioUserIds',
  );
  mustBeLeftOut(
    video.length > 0 && notVideo.length > 0,
    'SubscribeStreamUserIds.UnSubscribeVideoUserIds',
    'with SubscribeVideoUserIds',
  );
  if ([audio, notAudio, video, notVideo].every((list) => list.length === 0)) return undefined;
  return {
    ...(audio.length === 0 ? {} : { audio }),
    ...(notAudio.length === 0 ? {} : { notAudio }),
    ...(video.length === 0 ? {} : { video }),
    ...(notVideo.length === 0 ? {} : { notVideo }),
  };
}

type Transcode = NonNullable<CreateRequest['MixTranscodeParams']>;

function toVideo(request: Transcode['VideoParams']): TaskParameters['video'] {
  if (request === undefined) return VIDEO;
  return {
    // H.264 of four colour samples a pair of pixels has even sides.
    widthPx: even(request.Width),
    heightPx: even(request.Height),
    fps: request.Fps,
    bitrateBps: request.BitRate,
    keyframeIntervalS: request.Gop,
  };
}

function even(px: number): number {
  return px - (px % 2);
}

function toAudio(request: Transcode['AudioParams']): TaskParameters['audio'] {
  if (request === undefined) return AUDIO;
  return {
    sampleRateHz: SAMPLE_RATES_HZ[request.SampleRate - 1] ?? 48000,
    channels: request.Channel === 1 ? 1 : 2,
    bitrateBps: request.BitRate,
  };
}
