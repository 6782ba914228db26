import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DialectAnswer, DialectServer } from './testing/dialect-server.ts';

// Every parameter at, below and above its range, of wrong types, unknown, too many: each has a code and changes nothing.
let server: DialectServer;
beforeAll(async () => {
  server = await DialectServer.start();
});
afterAll(() => server.close());

type Change = { at: string; to: unknown; code: string };

const OUT = 'InvalidParameter.OutOfRange';
const TYPE = 'InvalidParameter';
const UNKNOWN = 'UnknownParameter';
const NEVER = 'FailedOperation.CRUnsupportMethod';

/** Values at the ends of a range are taken, those beyond are not, nor is what is no whole number. */
function range(at: string, minimum: number, maximum: number, code = OUT): Change[] {
  return [
    ...[minimum, maximum].map((to) => ({ at, to, code: 'none' })),
    ...[minimum - 1, maximum + 1, 1e15, -1e15].map((to) => ({ at, to, code })),
    ...['x', 1.5, [], {}, true].map((to) => ({ at, to, code: TYPE })),
  ];
}

const video = { Width: 640, Height: 360, Fps: 15, BitRate: 500_000, Gop: 2 };
const audio = { SampleRate: 1, Channel: 2, BitRate: 64_000 };
const place = { Top: 0, Left: 0, Width: 100, Height: 100 };
/** An order with everything in it that can be. */
const full = {
  RecordParams: {
    RecordMode: 2,
    MaxIdleTime: 30,
    StreamType: 0,
    SubscribeStreamUserIds: { SubscribeAudioUserIds: ['a'], UnSubscribeVideoUserIds: ['b'] },
    OutputFormat: 0,
    AvMerge: 0,
    MaxMediaFileDuration: 60,
    MediaId: 0,
    FillType: 0,
    SubscribeAbility: 0,
  },
  StorageParams: { CloudVod: { TencentVod: { MediaType: 0, ExpireTime: 0, ClassId: 0, UserDefineRecordId: 'x' } } },
  RoomIdType: 1,
  ResourceExpiredHour: 72,
  MixTranscodeParams: { VideoParams: video, AudioParams: audio },
  MixLayoutParams: {
    MixLayoutMode: 4,
    MixLayoutList: [{ ...place, UserId: 'a', Alpha: 0, RenderMode: 0, MediaId: 0, ImageLayer: 0 }],
    BackGroundColor: '#000000',
    BackgroundImageUrl: 'https://example.org/a.png',
    BackgroundImageRenderMode: 0,
    PlaceHolderMode: 1,
    DefaultSubBackgroundImage: 'https://example.org/a.png',
    WaterMarkList: [
      { WaterMarkType: 0, WaterMarkImage: { WaterMarkUrl: 'https://example.org/a.png', ...place } },
      { WaterMarkType: 1, WaterMarkChar: { ...place, Chars: 'a', FontSize: 14, FontColor: '#ffffff' } },
      { WaterMarkType: 2, WaterMarkTimestamp: { Pos: 0, TimeZone: 8 } },
    ],
  },
};

const layout = 'MixLayoutParams.MixLayoutList.0';
const marks = 'MixLayoutParams.WaterMarkList';
const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `u${n}`);

const CREATE_CHANGES: Change[] = [
  { at: 'RoomIdType', to: 1, code: 'none' },
  ...range('SdkAppId', 0, 0, 'InvalidParameter.SdkAppId').filter(({ code }) => code !== 'none'),
  ...range('RoomIdType', 0, 1),
  ...range('ResourceExpiredHour', 6, 720),
  ...range('RecordParams.RecordMode', 2, 3).filter(({ to }) => to !== 1),
  ...range('RecordParams.MaxIdleTime', 5, 86_400),
  ...range('RecordParams.StreamType', 0, 2),
  ...range('RecordParams.AvMerge', 0, 1),
  ...range('RecordParams.MediaId', 0, 2),
  ...range('RecordParams.FillType', 0, 1),
  ...range('RecordParams.MaxMediaFileDuration', 1, 1440),
  ...range('RecordParams.OutputFormat', 0, 0),
  { at: 'RecordParams.OutputFormat', to: 5, code: OUT },
  { at: 'RecordParams.SubscribeAbility', to: 1, code: NEVER },
  { at: 'RecordParams.SubscribeAbility', to: 2, code: OUT },
  ...['ExpireTime', 'ClassId'].flatMap((name): Change[] => {
    const at = `StorageParams.CloudVod.TencentVod.${name}`;
    return [
      { at, to: 1, code: NEVER },
      { at, to: -1, code: OUT },
      { at, to: 2 ** 32, code: OUT },
      { at, to: '1', code: TYPE },
    ];
  }),
  { at: 'StorageParams.CloudVod.TencentVod.MediaType', to: 5, code: OUT },
  { at: 'StorageParams.CloudVod.TencentVod.MediaType', to: -1, code: OUT },
  { at: 'StorageParams.CloudVod.TencentVod.MediaType', to: 2, code: OUT },
  { at: 'StorageParams.CloudVod.TencentVod.UserDefineRecordId', to: 'a'.repeat(64), code: 'none' },
  { at: 'StorageParams.CloudVod.TencentVod.UserDefineRecordId', to: 'a'.repeat(65), code: OUT },
  { at: 'StorageParams.CloudVod.TencentVod.UserDefineRecordId', to: '../x', code: OUT },
  { at: 'StorageParams.CloudVod.TencentVod.SubAppId', to: 1, code: NEVER },
  ...range('MixTranscodeParams.VideoParams.Width', 640, 1920).filter(({ to }) => to !== 639),
  { at: 'MixTranscodeParams.VideoParams.Width', to: 1, code: OUT },
  { at: 'MixTranscodeParams.VideoParams.Height', to: 1921, code: OUT },
  { at: 'MixTranscodeParams.VideoParams.Height', to: 99, code: OUT },
  ...range('MixTranscodeParams.VideoParams.Fps', 1, 60),
  ...range('MixTranscodeParams.VideoParams.BitRate', 64_000, 8_192_000),
  ...range('MixTranscodeParams.VideoParams.Gop', 1, 10),
  ...range('MixTranscodeParams.AudioParams.SampleRate', 1, 3),
  ...range('MixTranscodeParams.AudioParams.Channel', 1, 2),
  ...range('MixTranscodeParams.AudioParams.BitRate', 32_000, 128_000),
  ...Object.keys(video).map((name) => ({
    at: `MixTranscodeParams.VideoParams.${name}`,
    to: undefined,
    code: 'MissingParameter',
  })),
  ...Object.keys(audio).map((name) => ({
    at: `MixTranscodeParams.AudioParams.${name}`,
    to: undefined,
    code: 'MissingParameter',
  })),
  ...range('MixLayoutParams.MixLayoutMode', 4, 4).filter(({ to }) => to !== 3),
  { at: 'MixLayoutParams.MixLayoutMode', to: 0, code: OUT },
  { at: 'MixLayoutParams.MixLayoutMode', to: undefined, code: 'MissingParameter' },
  ...range(`${layout}.Alpha`, 0, 255),
  ...range(`${layout}.ImageLayer`, 0, 2_147_483_647),
  ...range(`${layout}.RenderMode`, 0, 3),
  ...range(`${layout}.MediaId`, 0, 1),
  ...range(`${layout}.Left`, 0, 540),
  ...range(`${layout}.Top`, 0, 260),
  ...range(`${layout}.Width`, 0, 640),
  ...range(`${layout}.Height`, 0, 360),
  ...Object.keys(place).map((name) => ({ at: `${layout}.${name}`, to: undefined, code: 'MissingParameter' })),
  { at: `${layout}.UserId`, to: 'a'.repeat(65), code: OUT },
  { at: `${layout}.SubBackgroundImage`, to: 'ftp://example.org/a.png', code: OUT },
  { at: 'MixLayoutParams.MixLayoutList', to: Array.from({ length: 25 }, () => place), code: 'none' },
  { at: 'MixLayoutParams.MixLayoutList', to: Array.from({ length: 26 }, () => place), code: OUT },
  { at: 'MixLayoutParams.MixLayoutList', to: [], code: 'MissingParameter' },
  { at: 'MixLayoutParams.MixLayoutList', to: {}, code: TYPE },
  ...['black', '#00000', '#0000000', '000000'].map((to) => ({ at: 'MixLayoutParams.BackGroundColor', to, code: OUT })),
  ...range('MixLayoutParams.BackgroundImageRenderMode', 0, 3),
  ...range('MixLayoutParams.PlaceHolderMode', 0, 1),
  { at: 'MixLayoutParams.BackgroundImageUrl', to: `https://example.org/${'a'.repeat(2048)}.png`, code: OUT },
  { at: 'MixLayoutParams.RenderMode', to: 2, code: OUT },
  { at: 'MixLayoutParams.PureAudioDisableLayout', to: true, code: OUT },
  { at: 'MixLayoutParams.PureAudioDisableLayout', to: 1, code: TYPE },
  { at: 'MixLayoutParams.MaxResolutionUserId', to: 'a', code: OUT },
  { at: 'MixLayoutParams.MaxResolutionUserAlign', to: 1, code: OUT },
  { at: 'MixLayoutParams.MediaId', to: 1, code: OUT },
  {
    at: marks,
    to: Array.from({ length: 25 }, () => ({ WaterMarkType: 2, WaterMarkTimestamp: { Pos: 0 } })),
    code: 'none',
  },
  {
    at: marks,
    to: Array.from({ length: 26 }, () => ({ WaterMarkType: 2, WaterMarkTimestamp: { Pos: 0 } })),
    code: OUT,
  },
  { at: marks, to: [{}], code: 'MissingParameter' },
  ...range(`${marks}.0.WaterMarkImage.Left`, 0, 540),
  ...range(`${marks}.1.WaterMarkChar.Top`, 0, 260),
  ...range(`${marks}.1.WaterMarkChar.FontSize`, 8, 256),
  ...range(`${marks}.2.WaterMarkTimestamp.Pos`, 0, 6),
  ...range(`${marks}.2.WaterMarkTimestamp.TimeZone`, -12, 14),
  { at: `${marks}.0.WaterMarkType`, to: 1, code: OUT },
  { at: `${marks}.0.WaterMarkType`, to: 3, code: OUT },
  { at: `${marks}.0.WaterMarkImage.WaterMarkUrl`, to: '', code: OUT },
  { at: `${marks}.1.WaterMarkChar.Chars`, to: 'a'.repeat(1024), code: 'none' },
  { at: `${marks}.1.WaterMarkChar.Chars`, to: 'a'.repeat(1025), code: OUT },
  { at: `${marks}.1.WaterMarkChar.Chars`, to: '', code: OUT },
  { at: `${marks}.1.WaterMarkChar.FontColor`, to: 'white', code: OUT },
  { at: `${marks}.1.WaterMarkChar.Font`, to: 'SourceHanSans', code: NEVER },
  ...(['SubscribeAudioUserIds', 'UnSubscribeVideoUserIds'] as const).flatMap((list): Change[] => {
    const at = `RecordParams.SubscribeStreamUserIds.${list}`;
    return [
      { at, to: names(32), code: 'none' },
      { at, to: names(33), code: OUT },
      { at, to: names(100_000), code: OUT },
      { at, to: [''], code: OUT },
      { at, to: ['a'.repeat(129)], code: OUT },
      { at, to: [1], code: TYPE },
      { at, to: 'a', code: TYPE },
    ];
  }),
  { at: 'RecordParams.SubscribeStreamUserIds.UnSubscribeAudioUserIds', to: ['c'], code: OUT },
  { at: 'RecordParams.SubscribeStreamUserIds.SubscribeVideoUserIds', to: ['c'], code: OUT },
  ...['0', '-1', '4294967295', '1.5', 'a', '01', ' 1'].map((to) => ({ at: 'RoomId', to, code: OUT })),
  ...['1', '4294967294'].map((to) => ({ at: 'RoomId', to, code: 'none' })),
  { at: 'RoomId', to: 1001, code: TYPE },
  { at: 'UserId', to: 'a'.repeat(65), code: OUT },
  { at: 'UserId', to: 'a\nb', code: OUT },
  { at: 'UserSig', to: 'x'.repeat(5_000), code: OUT },
  { at: 'PrivateMapKey', to: 'x', code: OUT },
  ...['SdkAppId', 'RoomId', 'UserId', 'UserSig', 'RecordParams', 'StorageParams'].flatMap((at) =>
    [undefined, null].map((to) => ({ at, to, code: `MissingParameter.${at}` })),
  ),
  { at: 'RecordParams.RecordMode', to: undefined, code: 'MissingParameter.RecordMode' },
  { at: 'StorageParams.CloudVod', to: undefined, code: 'MissingParameter.CloudStorage' },
  { at: 'StorageParams.CloudStorage', to: { Vendor: 0 }, code: 'MissingParameter.Region' },
  ...[
    '',
    'RecordParams',
    'StorageParams',
    'StorageParams.CloudVod',
    'StorageParams.CloudVod.TencentVod',
    'MixLayoutParams',
  ].map((at) => ({ at: `${at}${at === '' ? '' : '.'}Surprise`, to: 1, code: UNKNOWN })),
  ...['MixTranscodeParams', 'MixTranscodeParams.VideoParams', layout, `${marks}.0`, `${marks}.1.WaterMarkChar`].map(
    (at) => ({
      at: `${at}.Surprise`,
      to: 1,
      code: UNKNOWN,
    }),
  ),
];

function changed(from: unknown, path: readonly string[], to: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return to;
  if (Array.isArray(from)) return from.map((each: unknown, n) => (String(n) === name ? changed(each, rest, to) : each));
  const known = typeof from === 'object' && from !== null ? from : {};
  return { ...known, [name]: changed(Reflect.get(known, name), rest, to) };
}

const codeOf = ({ Error: error }: DialectAnswer): string => error?.Code ?? 'none';
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 40);

test.each(CREATE_CHANGES.map((change) => [change.at, shown(change.to), change.code, change] as const))(
  'CreateCloudRecording with %s = %s: %s',
  async (at, _, code, { to }) => {
    const before = server.recording.tasks.size;
    const answer = await server.ask('CreateCloudRecording', changed(server.createRequest(full), at.split('.'), to));
    expect(codeOf(answer), answer.Error?.Message).toBe(code);
    expect(server.recording.tasks.size - before).toBe(code === 'none' ? 1 : 0);
    // The sentence names the parameter in the caller's words.
    if (code !== 'none')
      expect(answer.Error?.Message).not.toMatch(/[a-z](Px|Bps|Ms|S)\b|rectangles|watermarks\.|subscription/);
  },
);

test('the order that all changes begin with is taken as it is', async () => {
  expect(codeOf(await server.ask('CreateCloudRecording', server.createRequest(full)))).toBe('none');
});

const ROOM_CHANGES: [string, object, string][] = [
  ['DismissRoom', {}, 'MissingParameter.SdkAppId'],
  ['DismissRoom', { RoomId: undefined }, 'MissingParameter.RoomId'],
  ['DismissRoom', { RoomId: '1' }, 'InvalidParameter'],
  ['DismissRoom', { RoomId: 0 }, 'InvalidParameter.RoomId'],
  ['DismissRoom', { RoomId: 4_294_967_295 }, 'InvalidParameter.RoomId'],
  ['DismissRoom', { RoomId: 1 }, 'FailedOperation.RoomNotExist'],
  ['DismissRoom', { RoomId: 1, Reason: 'x' }, 'UnknownParameter'],
  ['DismissRoomByStrRoomId', { RoomId: '' }, 'InvalidParameter.RoomId'],
  ['DismissRoomByStrRoomId', { RoomId: 1 }, 'InvalidParameter'],
  ['DismissRoomByStrRoomId', { RoomId: 'r' }, 'FailedOperation.RoomNotExist'],
  ['RemoveUser', { RoomId: 1 }, 'MissingParameter.UserIds'],
  ['RemoveUser', { RoomId: 1, UserIds: [] }, 'InvalidParameter.UserIds'],
  ['RemoveUser', { RoomId: 1, UserIds: names(11) }, 'InvalidParameter.UserIds'],
  ['RemoveUser', { RoomId: 1, UserIds: names(10) }, 'FailedOperation.RoomNotExist'],
  ['RemoveUserByStrRoomId', { RoomId: 'r', UserIds: [1] }, 'InvalidParameter'],
  ['RemoveUserByStrRoomId', { RoomId: 'r', UserIds: ['a'] }, 'FailedOperation.RoomNotExist'],
];

test.each(ROOM_CHANGES)('%s with %o: %s', async (action, parameters, code) => {
  const request = code.endsWith('SdkAppId') ? parameters : { SdkAppId: server.sdkAppId, ...parameters };
  expect(codeOf(await server.ask(action, request))).toBe(code);
});

const nowS = Math.floor(Date.now() / 1000);
const hour = 3600;
const HISTORY_CHANGES: [string, object, string][] = [
  ['DescribeRoomInfo', {}, 'none'],
  ['DescribeRoomInfo', { StartTime: undefined }, 'MissingParameter'],
  ['DescribeRoomInfo', { EndTime: nowS + 24 * hour }, 'none'],
  ['DescribeRoomInfo', { EndTime: nowS + 24 * hour + 1 }, 'InvalidParameter.QueryScaleOversize'],
  ['DescribeRoomInfo', { EndTime: nowS - 1 }, 'InvalidParameter.EndTs'],
  [
    'DescribeRoomInfo',
    { StartTime: nowS - 15 * 24 * hour, EndTime: nowS - 15 * 24 * hour },
    'InvalidParameter.StartTsOversize',
  ],
  ['DescribeRoomInfo', { StartTime: -1 }, 'InvalidParameter.StartTs'],
  ['DescribeRoomInfo', { PageSize: 100, PageNumber: 0 }, 'none'],
  ['DescribeRoomInfo', { PageSize: 101, PageNumber: 0 }, 'InvalidParameter.PageSize'],
  ['DescribeRoomInfo', { PageSize: 0, PageNumber: 0 }, 'InvalidParameter.PageSize'],
  ['DescribeRoomInfo', { PageSize: 1, PageNumber: -1 }, 'InvalidParameter.PageNumber'],
  ['DescribeUserInfo', {}, 'MissingParameter.CommId'],
  ['DescribeUserInfo', { CommId: 'x' }, 'InvalidParameter'],
  ['DescribeUserInfo', { CommId: '5_1_1' }, 'InvalidParameter'],
  ['DescribeUserInfo', { CommId: 'own', EndTime: nowS + 4 * hour }, 'none'],
  ['DescribeUserInfo', { CommId: 'own', EndTime: nowS + 4 * hour + 1 }, 'InvalidParameter.QueryScaleOversize'],
  ['DescribeUserInfo', { CommId: 'own', UserIds: names(100) }, 'none'],
  ['DescribeUserInfo', { CommId: 'own', UserIds: names(101) }, 'InvalidParameter.UserIds'],
  ['DescribeCallDetailInfo', { CommId: 'own', DataType: ['all', 'rtt'] }, 'none'],
  ['DescribeCallDetailInfo', { CommId: 'own', DataType: ['taste'] }, 'InvalidParameter'],
  [
    'DescribeCallDetailInfo',
    { CommId: 'own', DataType: ['all'], UserIds: names(7) },
    'InvalidParameter.UserIdsMorethanSix',
  ],
  [
    'DescribeCallDetailInfo',
    { CommId: 'own', DataType: ['all'], PageSize: 7, PageNumber: 0 },
    'InvalidParameter.PageSize',
  ],
  ['DescribeCallDetailInfo', { CommId: 'own', EndTime: nowS + hour + 1 }, 'InvalidParameter.QueryScaleOversize'],
];

test.each(HISTORY_CHANGES)('%s with %o: %s', async (action, parameters, code) => {
  const CommId = 'CommId' in parameters && parameters.CommId === 'own' ? { CommId: `${server.sdkAppId}_a_b_1` } : {};
  const request = { SdkAppId: server.sdkAppId, StartTime: nowS, EndTime: nowS, ...parameters, ...CommId };
  expect(codeOf(await server.ask(action, request))).toBe(code);
});

const days = { StartTime: '2026-01-01', EndTime: '2026-01-31' };
const USAGE_CHANGES: [object, string][] = [
  // Nobody counts yet.
  [days, NEVER],
  [{ ...days, EndTime: '2026-02-01' }, 'InvalidParameter.QueryScaleOversize'],
  [{ ...days, EndTime: '2025-12-31' }, 'InvalidParameter.EndTs'],
  [{ ...days, StartTime: '2026-02-30' }, 'InvalidParameter.StartTs'],
  [{ ...days, StartTime: '1.1.2026' }, 'InvalidParameter.StartTs'],
  [{ ...days, StartTime: undefined }, 'MissingParameter'],
  [{ ...days, SdkAppId: 5 }, 'UnauthorizedOperation.SdkAppId'],
];

test.each(USAGE_CHANGES)('usage with %o: %s', async (parameters, code) => {
  expect(codeOf(await server.ask('DescribeRecordStatistic', parameters))).toBe(code);
  expect(codeOf(await server.ask('DescribeRecordingUsage', { ...parameters, MixType: 'single' }))).toBe(code);
  expect(codeOf(await server.ask('DescribeRecordingUsage', { ...parameters, MixType: 'x' }))).toMatch(
    /^(Invalid|Missing)/,
  );
});
