import { UserId } from '@callreel/protocol';
import { type Static, Type } from 'typebox';

// The fields of the known system's type definitions. Ranges stand here only where its unit or its words are not those of
// the task's parameters: all others are checked there, in one place.
const strict = { additionalProperties: false };
const Int = Type.Integer();
/** One of the whole numbers 0 to `last`. */
const upTo = (last: number) => Type.Integer({ minimum: 0, maximum: last });
const Text = Type.String({ maxLength: 2048 });
const Flag = upTo(1);
const RenderMode = upTo(3);
const UserIds = Type.Array(Type.String({ maxLength: 128 }), { maxItems: 32 });

/** `SdkAppId`. */
export const SdkAppId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
/** `TaskId`. */
export const TaskId = Type.String({ minLength: 1, maxLength: 128 });

/** `SubscribeStreamUserIds`. */
export const SubscribeStreamUserIds = Type.Object(
  {
    SubscribeAudioUserIds: Type.Optional(UserIds),
    UnSubscribeAudioUserIds: Type.Optional(UserIds),
    SubscribeVideoUserIds: Type.Optional(UserIds),
    UnSubscribeVideoUserIds: Type.Optional(UserIds),
  },
  strict,
);

const RecordParams = Type.Object(
  {
    // 3, both, is an extension.
    RecordMode: Type.Integer({ minimum: 1, maximum: 3 }),
    MaxIdleTime: Type.Optional(Type.Integer({ minimum: 5, maximum: 86_400 })),
    StreamType: Type.Optional(upTo(2)),
    SubscribeStreamUserIds: Type.Optional(SubscribeStreamUserIds),
    OutputFormat: Type.Optional(upTo(4)),
    AvMerge: Type.Optional(Flag),
    MaxMediaFileDuration: Type.Optional(Int),
    MediaId: Type.Optional(upTo(2)),
    FillType: Type.Optional(Flag),
    SubscribeAbility: Type.Optional(Flag),
  },
  strict,
);

const CloudStorage = Type.Object(
  {
    Vendor: Flag,
    Region: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }),
    Bucket: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
    AccessKey: Type.String({ minLength: 1, maxLength: 256 }),
    SecretKey: Type.String({ minLength: 1, maxLength: 256 }),
    FileNamePrefix: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }), { maxItems: 16 })),
    // An extension: any S3.
    EndpointUrl: Type.Optional(Type.String({ maxLength: 2048, pattern: '^https?://[^\\s/?#@]+/?$' })),
  },
  strict,
);

const TencentVod = Type.Object(
  {
    Procedure: Type.Optional(Text),
    ExpireTime: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    StorageRegion: Type.Optional(Text),
    ClassId: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    SubAppId: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    SessionContext: Type.Optional(Text),
    SourceContext: Type.Optional(Text),
    MediaType: Type.Optional(upTo(4)),
    UserDefineRecordId: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{0,64}$' })),
  },
  strict,
);

const StorageParams = Type.Object(
  {
    CloudStorage: Type.Optional(CloudStorage),
    CloudVod: Type.Optional(Type.Object({ TencentVod: Type.Optional(TencentVod) }, strict)),
  },
  strict,
);

/** Odd sides are rounded down, but not into the range. */
const Side = Type.Integer({ maximum: 1920 });

const MixTranscodeParams = Type.Object(
  {
    VideoParams: Type.Optional(Type.Object({ Width: Side, Height: Side, Fps: Int, BitRate: Int, Gop: Int }, strict)),
    AudioParams: Type.Optional(
      Type.Object(
        {
          SampleRate: Type.Integer({ minimum: 1, maximum: 3 }),
          Channel: Type.Integer({ minimum: 1, maximum: 2 }),
          BitRate: Int,
        },
        strict,
      ),
    ),
  },
  strict,
);

const place = { Top: Int, Left: Int, Width: Int, Height: Int };
const PictureUrl = Text;

const MixLayout = Type.Object(
  {
    ...place,
    UserId: Type.Optional(Text),
    Alpha: Type.Optional(Int),
    RenderMode: Type.Optional(RenderMode),
    MediaId: Type.Optional(Flag),
    ImageLayer: Type.Optional(Int),
    SubBackgroundImage: Type.Optional(PictureUrl),
  },
  strict,
);

const WaterMark = Type.Object(
  {
    WaterMarkType: Type.Optional(upTo(2)),
    WaterMarkImage: Type.Optional(Type.Object({ WaterMarkUrl: PictureUrl, ...place }, strict)),
    WaterMarkChar: Type.Optional(
      Type.Object(
        {
          ...place,
          Chars: Type.String({ minLength: 1, maxLength: 1024 }),
          FontSize: Type.Optional(Int),
          FontColor: Type.Optional(Text),
          BackGroundColor: Type.Optional(Text),
          Font: Type.Optional(Text),
        },
        strict,
      ),
    ),
    WaterMarkTimestamp: Type.Optional(
      Type.Object(
        {
          Pos: upTo(6),
          TimeZone: Type.Optional(Type.Integer({ minimum: -12, maximum: 14 })),
          Font: Type.Optional(Text),
        },
        strict,
      ),
    ),
  },
  strict,
);

/** `MixLayoutParams`. */
export const MixLayoutParams = Type.Object(
  {
    MixLayoutMode: Type.Integer({ minimum: 1, maximum: 4 }),
    MixLayoutList: Type.Optional(Type.Array(MixLayout, { maxItems: 25 })),
    BackGroundColor: Type.Optional(Text),
    MaxResolutionUserId: Type.Optional(Text),
    MediaId: Type.Optional(Flag),
    BackgroundImageUrl: Type.Optional(PictureUrl),
    PlaceHolderMode: Type.Optional(Flag),
    BackgroundImageRenderMode: Type.Optional(RenderMode),
    DefaultSubBackgroundImage: Type.Optional(PictureUrl),
    WaterMarkList: Type.Optional(Type.Array(WaterMark, { maxItems: 25 })),
    RenderMode: Type.Optional(RenderMode),
    MaxResolutionUserAlign: Type.Optional(Flag),
    PureAudioDisableLayout: Type.Optional(Type.Boolean()),
  },
  strict,
);

/** `CreateCloudRecordingRequest`. */
export const CreateCloudRecording = Type.Object(
  {
    SdkAppId,
    RoomId: Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
    UserId,
    UserSig: Type.String({ minLength: 1, maxLength: 4096 }),
    RecordParams,
    StorageParams,
    RoomIdType: Type.Optional(Flag),
    MixTranscodeParams: Type.Optional(MixTranscodeParams),
    MixLayoutParams: Type.Optional(MixLayoutParams),
    ResourceExpiredHour: Type.Optional(Type.Integer({ minimum: 6, maximum: 720 })),
    PrivateMapKey: Type.Optional(Type.String({ maxLength: 4096 })),
  },
  strict,
);

/** `ModifyCloudRecordingRequest`. */
export const ModifyCloudRecording = Type.Object(
  {
    SdkAppId,
    TaskId,
    MixLayoutParams: Type.Optional(MixLayoutParams),
    SubscribeStreamUserIds: Type.Optional(SubscribeStreamUserIds),
  },
  strict,
);

/** `DescribeCloudRecordingRequest`. */
export const DescribeCloudRecording = Type.Object(
  { SdkAppId, TaskId, RecorderKey: Type.Optional(Type.String({ maxLength: 256 })) },
  strict,
);

/** `DeleteCloudRecordingRequest`. */
export const DeleteCloudRecording = Type.Object({ SdkAppId, TaskId }, strict);

/** What a `CreateCloudRecording` asks for. */
export type CreateRequest = Static<typeof CreateCloudRecording>;
/** What a `ModifyCloudRecording` asks for. */
export type ModifyRequest = Static<typeof ModifyCloudRecording>;
/** A layout as the dialect words it. */
export type LayoutRequest = Static<typeof MixLayoutParams>;
/** A watermark as the dialect words it. */
export type WaterMarkRequest = Static<typeof WaterMark>;
/** Lists of users as the dialect words them. */
export type SubscribeRequest = Static<typeof SubscribeStreamUserIds>;
/** Where files go, as the dialect words it. */
export type StorageRequest = Static<typeof StorageParams>;
