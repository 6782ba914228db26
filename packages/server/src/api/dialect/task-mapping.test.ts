import { describe, expect, test } from 'vitest';
import { checkTaskParameters } from '../../apps/index.ts';
import type { TaskParameters } from '../../recording/index.ts';
import { parameterCheck } from './parameter-check.ts';
import {
  CreateCloudRecording,
  type CreateRequest,
  type LayoutRequest,
  type WaterMarkRequest,
} from './recording-schemas.ts';
import { toStorageTarget } from './storage-mapping.ts';
import { toModified, toTaskParameters } from './task-mapping.ts';

const read = parameterCheck(CreateCloudRecording, { missing: [], value: (name) => `value.${name}` });

/** What becomes of an order, and that it would be taken. */
function mapped(changes: Partial<Omit<CreateRequest, 'RecordParams'>> & { record?: object } = {}): TaskParameters {
  const { record, ...rest } = changes;
  const request = read({
    SdkAppId: 1,
    RoomId: '1',
    UserId: 'robot',
    UserSig: 'sig',
    StorageParams: { CloudVod: {} },
    ...rest,
    RecordParams: { RecordMode: 2, ...record },
  });
  return checkTaskParameters(toTaskParameters(request, toStorageTarget(request.StorageParams)));
}
const layoutOf = (MixLayoutParams: LayoutRequest): TaskParameters => mapped({ MixLayoutParams });
const markOf = (mark: WaterMarkRequest): unknown =>
  layoutOf({ MixLayoutMode: 3, WaterMarkList: [mark] }).watermarks?.[0];
const vod = (TencentVod: object, record: object = {}): TaskParameters =>
  mapped({ StorageParams: { CloudVod: { TencentVod } }, record });
const s3 = (record: object): TaskParameters =>
  mapped({
    StorageParams: { CloudStorage: { Vendor: 1, Region: 'r', Bucket: 'bucket', AccessKey: 'a', SecretKey: 's' } },
    record,
  });

describe('record parameters', () => {
  test.each([
    [1, 'single'],
    [2, 'mixed'],
    [3, 'both'],
  ])('RecordMode %i is %s', (RecordMode, mode) => expect(mapped({ record: { RecordMode } }).mode).toBe(mode));

  test.each([
    [undefined, 30_000],
    [5, 5_000],
    [86_400, 86_400_000],
  ])('MaxIdleTime %s is %i ms', (MaxIdleTime, ms) => {
    expect(mapped({ record: MaxIdleTime === undefined ? {} : { MaxIdleTime } }).maxIdleMs).toBe(ms);
  });

  test.each([
    [undefined, undefined],
    [0, undefined],
    [1, 'audio'],
    [2, 'video'],
  ])('StreamType %s is %s', (StreamType, media) => {
    expect(mapped({ record: { ...(StreamType === undefined ? {} : { StreamType }) } }).output.media).toBe(media);
  });

  test.each([
    [0, undefined],
    [1, 'main'],
    [2, 'aux'],
  ])('MediaId %i is %s', (MediaId, sources) => expect(mapped({ record: { MediaId } }).sources).toBe(sources));

  test.each([
    [undefined, undefined],
    [0, 'last'],
    [1, 'black'],
  ])('FillType %s is %s', (FillType, fill) => {
    expect(mapped({ record: FillType === undefined ? {} : { FillType } }).fill).toBe(fill);
  });

  test.each([
    [1, 0, undefined],
    [1, 1, { merged: true }],
    [2, 0, undefined],
    [2, 1, undefined],
    [3, 1, { merged: true }],
  ])('RecordMode %i with AvMerge %i is %o', (RecordMode, AvMerge, single) => {
    expect(mapped({ record: { RecordMode, AvMerge } }).single).toEqual(single);
  });

  test('lists of users go where they belong, empty ones nowhere', () => {
    expect(
      mapped({
        record: { SubscribeStreamUserIds: { SubscribeAudioUserIds: ['a', '1.*$'], UnSubscribeVideoUserIds: ['b'] } },
      }).subscription,
    ).toEqual({ audio: ['a', '1.*$'], notVideo: ['b'] });
    expect(
      mapped({
        record: { SubscribeStreamUserIds: { UnSubscribeAudioUserIds: ['a'], SubscribeVideoUserIds: ['b'] } },
      }).subscription,
    ).toEqual({ notAudio: ['a'], video: ['b'] });
    expect(mapped({ record: { SubscribeStreamUserIds: { SubscribeAudioUserIds: [] } } })).not.toHaveProperty(
      'subscription',
    );
  });

  test('MaxMediaFileDuration is minutes, and its default says nothing of playlists', () => {
    expect(mapped({ record: { MaxMediaFileDuration: 1 } }).output.maxFileDurationMinutes).toBe(1);
    expect(vod({ MediaType: 1 }, { MaxMediaFileDuration: 1440 }).output).toEqual({ format: 'hls' });
    expect(() => vod({ MediaType: 1 }, { MaxMediaFileDuration: 10 })).toThrow(/hls/);
  });
});

describe('formats', () => {
  test.each([
    [undefined, 0, 'mp4'],
    [0, 0, 'mp4'],
    [1, 0, 'hls'],
    [2, 1, 'aac'],
    [3, 0, 'hls+mp4'],
    [4, 1, 'hls+aac'],
  ])('MediaType %s with StreamType %i is %s', (MediaType, StreamType, format) => {
    expect(vod(MediaType === undefined ? {} : { MediaType }, { StreamType }).output.format).toBe(format);
  });

  test.each([
    [undefined, 'hls'],
    [0, 'hls'],
    [1, 'hls+mp4'],
    [2, 'hls+aac'],
    [3, 'mp4'],
    [4, 'aac'],
  ])('OutputFormat %s is %s', (OutputFormat, format) => {
    expect(s3(OutputFormat === undefined ? {} : { OutputFormat }).output.format).toBe(format);
  });

  test('aac in the library is for sound alone', () => {
    expect(() => vod({ MediaType: 2 })).toThrow(/MediaType is 2/);
    expect(() => vod({ MediaType: 4 }, { StreamType: 2 })).toThrow(/MediaType is 4/);
  });

  test('OutputFormat may say of the library what MediaType says, and nothing else', () => {
    expect(vod({ MediaType: 0 }, { OutputFormat: 3 }).output.format).toBe('mp4');
    expect(() => vod({ MediaType: 0 }, { OutputFormat: 1 })).toThrow(/OutputFormat is 1/);
  });
});

describe('codecs', () => {
  test('all that is given is taken; odd sides are rounded down', () => {
    const MixTranscodeParams = {
      VideoParams: { Width: 1281, Height: 719, Fps: 24, BitRate: 1_000_000, Gop: 2 },
      AudioParams: { SampleRate: 2, Channel: 1, BitRate: 96_000 },
    };
    const { video, audio } = mapped({ MixTranscodeParams });
    expect(video).toEqual({ widthPx: 1280, heightPx: 718, fps: 24, bitrateBps: 1_000_000, keyframeIntervalS: 2 });
    expect(audio).toEqual({ sampleRateHz: 44100, channels: 1, bitrateBps: 96_000 });
  });

  test.each([
    [1, 48000],
    [2, 44100],
    [3, 16000],
  ])('SampleRate %i is %i Hz', (SampleRate, hz) => {
    const AudioParams = { SampleRate, Channel: 2, BitRate: 64_000 };
    expect(mapped({ MixTranscodeParams: { AudioParams } }).audio).toMatchObject({ sampleRateHz: hz, channels: 2 });
  });
});

describe('layouts', () => {
  test.each([
    [1, 'floating'],
    [2, 'screenShare'],
    [3, 'grid'],
  ])('MixLayoutMode %i is %s, with its options', (MixLayoutMode, mode) => {
    expect(layoutOf({ MixLayoutMode }).layout).toEqual({ mode });
    expect(layoutOf({ MixLayoutMode, RenderMode: 2, PureAudioDisableLayout: true }).layout).toEqual({
      mode,
      renderMode: 'bars',
      pureAudioDisableLayout: true,
    });
  });

  test.each([
    [0, 'stretch'],
    [1, 'crop'],
    [2, 'bars'],
    [3, 'gentleCrop'],
  ])('RenderMode %i is %s, wherever it stands', (RenderMode, renderMode) => {
    expect(layoutOf({ MixLayoutMode: 3, RenderMode }).layout).toMatchObject({ renderMode });
    const place = { Top: 0, Left: 0, Width: 10, Height: 10, RenderMode };
    expect(layoutOf({ MixLayoutMode: 4, MixLayoutList: [place] }).layout).toMatchObject({
      rectangles: [{ renderMode }],
    });
    const BackgroundImageUrl = 'https://example.org/a.png';
    expect(
      layoutOf({ MixLayoutMode: 3, BackgroundImageUrl, BackgroundImageRenderMode: RenderMode }).background,
    ).toEqual({
      url: BackgroundImageUrl,
      renderMode,
    });
  });

  test('the large picture is that of the named user, and of his camera unless it is said', () => {
    const MaxResolutionUserId = 'alice';
    expect(layoutOf({ MixLayoutMode: 1, MaxResolutionUserId }).layout).toMatchObject({
      large: { userId: 'alice', source: 'main' },
    });
    expect(layoutOf({ MixLayoutMode: 2, MaxResolutionUserId, MediaId: 1, MaxResolutionUserAlign: 1 }).layout).toEqual({
      mode: 'screenShare',
      large: { userId: 'alice', source: 'aux' },
      largeSide: 'right',
    });
    expect(layoutOf({ MixLayoutMode: 1, MaxResolutionUserId: '' }).layout).toEqual({ mode: 'floating' });
  });

  test('a place of a custom layout has all that it can have, or what is needed', () => {
    const full = {
      ...{
        Top: 2,
        Left: 4,
        Width: 100,
        Height: 80,
        UserId: 'bob',
        Alpha: 255,
        RenderMode: 0,
        MediaId: 1,
        ImageLayer: 3,
      },
      SubBackgroundImage: 'http://example.org/p.jpg?x=1',
    };
    const { layout, placeholder } = layoutOf({
      MixLayoutMode: 4,
      MixLayoutList: [full, { Top: 0, Left: 0, Width: 360, Height: 640, UserId: '' }],
      PlaceHolderMode: 1,
      DefaultSubBackgroundImage: 'https://example.org/d.jpeg',
    });
    expect(layout).toEqual({
      mode: 'custom',
      showAbsent: true,
      rectangles: [
        {
          ...{ leftPx: 4, topPx: 2, widthPx: 100, heightPx: 80, userId: 'bob', source: 'aux', layer: 3, alpha: 255 },
          ...{ renderMode: 'stretch', placeholderUrl: 'http://example.org/p.jpg?x=1' },
        },
        { leftPx: 0, topPx: 0, widthPx: 360, heightPx: 640, source: 'main' },
      ],
    });
    expect(placeholder).toEqual({ url: 'https://example.org/d.jpeg' });
  });

  test.each<[string, LayoutRequest]>([
    ['MaxResolutionUserId', { MixLayoutMode: 3, MaxResolutionUserId: 'a' }],
    ['MediaId', { MixLayoutMode: 1, MediaId: 1 }],
    ['MaxResolutionUserAlign', { MixLayoutMode: 1, MaxResolutionUserAlign: 1 }],
    ['PlaceHolderMode', { MixLayoutMode: 3, PlaceHolderMode: 1 }],
    ['MixLayoutList', { MixLayoutMode: 3, MixLayoutList: [{ Top: 0, Left: 0, Width: 1, Height: 1 }] }],
    ['MixLayoutList', { MixLayoutMode: 4 }],
    ['BackgroundImageRenderMode', { MixLayoutMode: 3, BackgroundImageRenderMode: 2 }],
    ['RenderMode', { MixLayoutMode: 4, RenderMode: 0 }],
    ['PureAudioDisableLayout', { MixLayoutMode: 4, PureAudioDisableLayout: true }],
    ['BackgroundImageUrl', { MixLayoutMode: 3, BackgroundImageUrl: 'https://example.org/a.gif' }],
    ['BackgroundImageUrl', { MixLayoutMode: 3, BackgroundImageUrl: 'file:///etc/a.png' }],
    ['DefaultSubBackgroundImage', { MixLayoutMode: 3, DefaultSubBackgroundImage: 'https://example.org/"a.png' }],
  ])('%s in %o would be without effect, or is wrong: it is refused', (name, request) => {
    expect(() => layoutOf(request)).toThrow(name);
  });

  test('single recordings have no layout', () => {
    expect(() => mapped({ record: { RecordMode: 1 }, MixLayoutParams: { MixLayoutMode: 3 } })).toThrow(
      /MixLayoutParams/,
    );
  });
});

describe('watermarks', () => {
  const place = { Top: 1, Left: 2, Width: 30, Height: 40 };
  const placed = { topPx: 1, leftPx: 2, widthPx: 30, heightPx: 40 };

  test('a picture, which is also what is meant when nothing is said', () => {
    const WaterMarkImage = { WaterMarkUrl: 'https://example.org/w.PNG', ...place };
    const expected = { kind: 'picture', url: 'https://example.org/w.PNG', ...placed };
    expect(markOf({ WaterMarkImage })).toEqual(expected);
    expect(markOf({ WaterMarkType: 0, WaterMarkImage })).toEqual(expected);
  });

  test('a text', () => {
    const WaterMarkChar = { ...place, Chars: '水印' };
    expect(markOf({ WaterMarkType: 1, WaterMarkChar })).toEqual({ kind: 'text', text: '水印', ...placed });
    expect(
      markOf({
        WaterMarkType: 1,
        WaterMarkChar: {
          ...WaterMarkChar,
          FontSize: 20,
          FontColor: '#112233',
          BackGroundColor: '#445566',
          Font: 'Tencent',
        },
      }),
    ).toEqual({ kind: 'text', text: '水印', ...placed, fontSizePx: 20, color: '#112233', backgroundColor: '#445566' });
  });

  test.each([
    [0, 'topLeft'],
    [1, 'topRight'],
    [2, 'bottomLeft'],
    [3, 'bottomRight'],
    [4, 'topCenter'],
    [5, 'bottomCenter'],
    [6, 'center'],
  ])('a time at place %i, %s, eight hours ahead unless it is said', (Pos, position) => {
    expect(markOf({ WaterMarkType: 2, WaterMarkTimestamp: { Pos } })).toEqual({
      kind: 'time',
      position,
      utcOffsetMinutes: 480,
    });
    expect(markOf({ WaterMarkType: 2, WaterMarkTimestamp: { Pos, TimeZone: -12 } })).toMatchObject({
      utcOffsetMinutes: -720,
    });
  });

  test.each<[string, WaterMarkRequest]>([
    ['WaterMarkImage is missing', {}],
    ['WaterMarkChar is missing', { WaterMarkType: 1 }],
    ['WaterMarkTimestamp', { WaterMarkType: 1, WaterMarkTimestamp: { Pos: 0 } }],
    ['Font', { WaterMarkType: 2, WaterMarkTimestamp: { Pos: 0, Font: 'SourceHanSans' } }],
    ['Font', { WaterMarkType: 1, WaterMarkChar: { ...place, Chars: 'a', Font: 'Comic Sans' } }],
  ])('%s in %o', (message, mark) => expect(() => markOf(mark)).toThrow(message));
});

describe('storage', () => {
  test('the library, with what is said of the files', () => {
    const TencentVod = { MediaType: 0, UserDefineRecordId: 'a_B-9', ExpireTime: 0, ClassId: 0, SubAppId: 0 };
    expect(toStorageTarget({ CloudVod: { TencentVod } })).toEqual({
      kind: 'library',
      library: { mediaType: 0, userDefineRecordId: 'a_B-9' },
    });
    const nothing = { mediaType: 0, userDefineRecordId: null };
    for (const storage of [
      { CloudVod: {} },
      { CloudVod: { TencentVod: { ExpireTime: 0, ClassId: 0, Procedure: '' } } },
    ])
      expect(toStorageTarget(storage)).toEqual({ kind: 'library', library: nothing });
  });

  test('an S3 store', () => {
    const CloudStorage = { Vendor: 0, Region: 'ap-x', Bucket: 'b-1', AccessKey: 'a', SecretKey: 's' };
    const s3Target = { vendor: 'cos', region: 'ap-x', bucket: 'b-1', accessKey: 'a', secretKey: 's' };
    expect(toStorageTarget({ CloudStorage })).toEqual({
      kind: 's3',
      s3: { ...s3Target, endpointUrl: null, prefix: [] },
    });
    const more = { ...CloudStorage, Vendor: 1, EndpointUrl: 'http://127.0.0.1:9000', FileNamePrefix: ['x', 'y'] };
    expect(toStorageTarget({ CloudStorage: more })).toEqual({
      kind: 's3',
      s3: { ...s3Target, vendor: 'aws', endpointUrl: 'http://127.0.0.1:9000', prefix: ['x', 'y'] },
    });
  });

  test.each([
    ['neither', {}, 'MissingParameter.CloudStorage'],
    [
      'both',
      { CloudVod: {}, CloudStorage: { Vendor: 0, Region: 'r', Bucket: 'abc', AccessKey: 'a', SecretKey: 's' } },
      'InvalidParameter.OutOfRange',
    ],
    ...(['Procedure', 'StorageRegion', 'SessionContext', 'SourceContext'] as const).map(
      (name) =>
        [name, { CloudVod: { TencentVod: { [name]: 'x' } } }, 'FailedOperation.CRUnsupportMethod'] as [
          string,
          object,
          string,
        ],
    ),
    ['SubAppId', { CloudVod: { TencentVod: { SubAppId: 1 } } }, 'FailedOperation.CRUnsupportMethod'],
    ['ExpireTime', { CloudVod: { TencentVod: { ExpireTime: 1 } } }, 'FailedOperation.CRUnsupportMethod'],
    ['ClassId', { CloudVod: { TencentVod: { ClassId: 1 } } }, 'FailedOperation.CRUnsupportMethod'],
  ] satisfies [string, object, string][])('%s is refused', (_, storage, code) => {
    expect(() => toStorageTarget(storage)).toThrow(expect.objectContaining({ code }));
  });
});

test('what is changed keeps all that cannot be changed', () => {
  const running = mapped({
    record: {
      RecordMode: 3,
      AvMerge: 1,
      MediaId: 1,
      FillType: 1,
      MaxIdleTime: 9,
      SubscribeStreamUserIds: { SubscribeAudioUserIds: ['a'] },
    },
    MixLayoutParams: { MixLayoutMode: 1, BackGroundColor: '#aabbcc', BackgroundImageUrl: 'https://example.org/a.png' },
  });
  const { subscription: _, background: _b, ...kept } = running;
  expect(toModified(running, {})).toEqual({ ...kept, layout: { mode: 'grid' }, backgroundColor: '#000000' });
});
