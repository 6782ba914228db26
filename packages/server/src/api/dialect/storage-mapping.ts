import type { CloudStorageTarget } from '../../store/index.ts';
import { DialectError } from './dialect-error.ts';
import { mustNotAsk, OUT_OF_RANGE, text } from './given-in-vain.ts';
import type { StorageRequest } from './recording-schemas.ts';

/** The library, with what an order says of the files there. */
export type LibraryTarget = {
  /** `MediaType`. */
  mediaType: number;
  userDefineRecordId: string | null;
};

/** Where the files of an order go. */
export type StorageTarget = { kind: 'library'; library: LibraryTarget } | { kind: 's3'; s3: CloudStorageTarget };

/**
 * Longest `FileNamePrefix` with its slashes: a key of S3 has 1024 bytes, and behind the prefix stand the task's id and a name.
 */
const PREFIX_MAX_BYTES = 700;

/** `Vendor` 0 and 1. */
const VENDORS = Object.freeze(['cos', 'aws'] as const);

/**
 * `StorageParams` in our words.
 * @throws {DialectError} `MissingParameter.CloudStorage`, `InvalidParameter.OutOfRange`, `FailedOperation.CRUnsupportMethod`.
 */
export function toStorageTarget({ CloudStorage, CloudVod }: StorageRequest): StorageTarget {
  if (CloudStorage !== undefined && CloudVod !== undefined)
    throw new DialectError(OUT_OF_RANGE, 'StorageParams has CloudStorage and CloudVod: must have one of them.');
  if (CloudStorage !== undefined) {
    const { Vendor, Region, Bucket, AccessKey, SecretKey, EndpointUrl, FileNamePrefix = [] } = CloudStorage;
    if (EndpointUrl !== undefined && !URL.canParse(EndpointUrl))
      throw new DialectError(OUT_OF_RANGE, 'StorageParams.CloudStorage.EndpointUrl must be an address.');
    const prefixBytes = FileNamePrefix.join('/').length;
    if (prefixBytes > PREFIX_MAX_BYTES)
      throw new DialectError(
        OUT_OF_RANGE,
        `StorageParams.CloudStorage.FileNamePrefix has ${prefixBytes} characters together: at most ${PREFIX_MAX_BYTES}.`,
      );
    return {
      kind: 's3',
      s3: {
        vendor: VENDORS[Vendor] ?? 'cos',
        region: Region,
        bucket: Bucket,
        accessKey: AccessKey,
        secretKey: SecretKey,
        endpointUrl: EndpointUrl ?? null,
        prefix: FileNamePrefix,
      },
    };
  }
  if (CloudVod === undefined) {
    throw new DialectError(
      'MissingParameter.CloudStorage',
      'StorageParams has neither CloudStorage nor CloudVod: must have one of them.',
    );
  }
  const vod = CloudVod.TencentVod ?? {};
  const name = (field: keyof typeof vod): string => `StorageParams.CloudVod.TencentVod.${field}`;
  const given = (field: 'Procedure' | 'StorageRegion' | 'SessionContext' | 'SourceContext'): boolean =>
    text(vod[field]) !== undefined;
  mustNotAsk(given('Procedure'), name('Procedure'), 'there are no task flows');
  mustNotAsk(given('StorageRegion'), name('StorageRegion'), 'the library has one place');
  mustNotAsk((vod.ExpireTime ?? 0) !== 0, name('ExpireTime'), 'files are kept until they are deleted');
  mustNotAsk((vod.ClassId ?? 0) !== 0, name('ClassId'), 'the library has no classes yet');
  mustNotAsk((vod.SubAppId ?? 0) !== 0, name('SubAppId'), 'the library has no sub-applications');
  mustNotAsk(given('SessionContext'), name('SessionContext'), 'there are no task flows');
  mustNotAsk(given('SourceContext'), name('SourceContext'), 'there are no upload callbacks of the library');
  return {
    kind: 'library',
    library: {
      mediaType: vod.MediaType ?? 0,
      userDefineRecordId: text(vod.UserDefineRecordId) ?? null,
    },
  };
}
