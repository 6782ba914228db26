import type { TaskParameters } from '../../recording/index.ts';
import { DialectError } from './dialect-error.ts';
import { OUT_OF_RANGE } from './given-in-vain.ts';
import type { CreateRequest } from './recording-schemas.ts';
import type { StorageTarget } from './storage-mapping.ts';

type Format = TaskParameters['output']['format'];

/** `OutputFormat` 0 to 4, of `CloudStorage`. */
const OUTPUT_FORMATS: readonly Format[] = Object.freeze(['hls', 'hls+mp4', 'hls+aac', 'mp4', 'aac']);
/** `MediaType` 0 to 4, of `TencentVod`. */
const MEDIA_TYPES: readonly Format[] = Object.freeze(['mp4', 'hls', 'aac', 'hls+mp4', 'hls+aac']);
/** `StreamType` 0 to 2. */
const MEDIA = Object.freeze([undefined, 'audio', 'video'] as const);
const AUDIO_ONLY = 1;
/** The known system's default. */
const MAX_FILE_DURATION_MINUTES = 1440;

/** What kind of files an order asks for. @throws {DialectError} `InvalidParameter.OutOfRange` for what goes not together. */
export function toOutput(record: CreateRequest['RecordParams'], storage: StorageTarget): TaskParameters['output'] {
  const format = toFormat(record, storage);
  const media = MEDIA[record.StreamType ?? 0];
  const { MaxMediaFileDuration } = record;
  // A playlist is not split: its default says nothing there.
  const isDefault = format === 'hls' && MaxMediaFileDuration === MAX_FILE_DURATION_MINUTES;
  return {
    format,
    ...(media === undefined ? {} : { media }),
    ...(MaxMediaFileDuration === undefined || isDefault ? {} : { maxFileDurationMinutes: MaxMediaFileDuration }),
  };
}

function toFormat({ OutputFormat = 0, StreamType = 0 }: CreateRequest['RecordParams'], storage: StorageTarget): Format {
  const asked = OUTPUT_FORMATS[OutputFormat] ?? 'hls';
  if (storage.kind === 's3') return asked;
  const { mediaType } = storage.library;
  const format = MEDIA_TYPES[mediaType] ?? 'mp4';
  if ((mediaType === 2 || mediaType === 4) && StreamType !== AUDIO_ONLY) {
    throw new DialectError(
      OUT_OF_RANGE,
      `StorageParams.CloudVod.TencentVod.MediaType is ${mediaType}: must be 0, 1 or 3 unless RecordParams.StreamType is 1.`,
    );
  }
  // It counts for CloudStorage; where it says the same nothing is lost.
  if (OutputFormat !== 0 && asked !== format) {
    throw new DialectError(
      OUT_OF_RANGE,
      `RecordParams.OutputFormat is ${OutputFormat}: must be left out with CloudVod, whose MediaType says the format.`,
    );
  }
  return format;
}
