import { box, fullBox, text, u8, u16, u32, u64 } from './mp4-box.ts';

/** Units of the movie's own clock in a second. */
export const MOVIE_TIMESCALE = 90_000;

/** Where the samples of a track lie in a file. */
export type SampleTable = {
  /** Bytes of each sample. */
  sizes: readonly number[];
  /** Whether decoding can begin at a sample; null: at each. */
  keys: readonly boolean[] | null;
  /** `description`: which of the track's descriptions its samples need; the first one when it is not given. */
  chunks: { offset: number; samples: number; description?: number }[];
  /** How long each sample lasts, where they do not all last equally long. */
  durations?: readonly number[];
  /** With `durations`: when the first one begins. */
  firstTicks?: number;
};

/** A track of a movie. */
export type Track = {
  id: number;
  timescale: number;
  /** How long every sample lasts whose table does not say otherwise. */
  sampleDuration: number;
  /** In units of the movie's clock: what is played, without priming. 0 in an init segment. */
  playedDuration: number;
  /** Units of the track's clock in front that are not played. */
  priming: number;
  /** In units of the movie's clock: how much later than the movie the track begins; 0 by default. */
  delay?: number;
  media: VideoMedia | AudioMedia;
  samples: SampleTable;
};

/** A kind of H.264 pictures. */
export type AvcDescription = { widthPx: number; heightPx: number; avcConfiguration: Buffer };
/** Picture: H.264. `isTagged`: it is in BT.601, limited range, and says so. */
export type VideoMedia = { kind: 'video'; isTagged: boolean; descriptions: readonly AvcDescription[] };
/** Sound: AAC-LC. */
export type AudioMedia = {
  kind: 'audio';
  channels: number;
  sampleRateHz: number;
  bitrateBps: number;
  aacConfiguration: Buffer;
};

/** An empty table, for init segments. */
export const NO_SAMPLES: SampleTable = Object.freeze({ sizes: [], keys: null, chunks: [] });

const UNITY_MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** The head of a file that is played from the front. */
export function fileType(): Buffer {
  return box('ftyp', text('isom'), u32(0x200), text('isomiso2avc1mp41'));
}

/** The movie box. @param fragmented Whether the samples come in segments (`mvex`). */
export function movieBox(tracks: readonly Track[], { fragmented }: { fragmented: boolean }): Buffer {
  const duration = Math.max(0, ...tracks.map(({ playedDuration }) => playedDuration));
  const header = fullBox(
    'mvhd',
    1,
    0,
    u64(0, 0),
    u32(MOVIE_TIMESCALE),
    u64(duration),
    u32(0x10000),
    u16(0x100, 0),
    u32(0, 0),
    UNITY_MATRIX,
    u32(0, 0, 0, 0, 0, 0),
    u32(Math.max(0, ...tracks.map(({ id }) => id)) + 1),
  );
  const extend = tracks.map(({ id, sampleDuration }) => fullBox('trex', 0, 0, u32(id, 1, sampleDuration, 0, 0)));
  return box('moov', header, ...tracks.map(trackBox), ...(fragmented ? [box('mvex', ...extend)] : []));
}

function trackBox(track: Track): Buffer {
  const { id, playedDuration, media, priming, delay = 0 } = track;
  const isVideo = media.kind === 'video';
  const { widthPx = 0, heightPx = 0 } = isVideo ? (media.descriptions[0] ?? {}) : {};
  const size = u32(widthPx * 0x10000, heightPx * 0x10000);
  const header = fullBox(
    'tkhd',
    1,
    3,
    u64(0, 0),
    u32(id, 0),
    u64(playedDuration),
    u32(0, 0),
    u16(0, 0, isVideo ? 0 : 0x100, 0),
    UNITY_MATRIX,
    size,
  );
  // An edit that lasts 0 in an init segment means "to the end" (ISO 14496-12 8.6.6).
  const played = Buffer.concat([u64(playedDuration - delay, priming), u16(1, 0)]);
  const empty = delay === 0 ? [] : [u64(delay), u32(-1, -1), u16(1, 0)];
  const edit = box('edts', fullBox('elst', 1, 0, u32(delay === 0 ? 1 : 2), ...empty, played));
  return box('trak', header, edit, mediaBox(track));
}

function mediaBox({ timescale, sampleDuration, media, samples }: Track): Buffer {
  const isVideo = media.kind === 'video';
  const duration = samples.durations?.reduce((sum, length) => sum + length, 0) ?? samples.sizes.length * sampleDuration;
  const header = fullBox('mdhd', 1, 0, u64(0, 0), u32(timescale), u64(duration), u16(0x55c4, 0));
  const handler = fullBox(
    'hdlr',
    0,
    0,
    u32(0),
    text(isVideo ? 'vide' : 'soun'),
    u32(0, 0, 0),
    text(isVideo ? 'Picture\0' : 'Sound\0'),
  );
  const kindHeader = isVideo ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u16(0, 0));
  const data = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)));
  return box('mdia', header, handler, box('minf', kindHeader, data, tableBox(media, sampleDuration, samples)));
}

function tableBox(
  media: VideoMedia | AudioMedia,
  sampleDuration: number,
  { sizes, keys, chunks, durations }: SampleTable,
): Buffer {
  const entries =
    media.kind === 'video' ? media.descriptions.map((one) => avcEntry(one, media.isTagged)) : [aacEntry(media)];
  const keyNumbers = keys === null ? null : keys.flatMap((key, index) => (key ? [index + 1] : []));
  const far = chunks.some(({ offset }) => offset > 0xffffffff);
  const offsets = chunks.map(({ offset }) => offset);
  return box(
    'stbl',
    fullBox('stsd', 0, 0, u32(entries.length), ...entries),
    fullBox('stts', 0, 0, timeRuns(durations ?? sizes.map(() => sampleDuration))),
    ...(keyNumbers === null || sizes.length === 0
      ? []
      : [fullBox('stss', 0, 0, u32(keyNumbers.length), numbers(keyNumbers))]),
    fullBox('stsc', 0, 0, chunkRuns(chunks)),
    fullBox('stsz', 0, 0, u32(0, sizes.length), numbers(sizes)),
    far
      ? fullBox('co64', 0, 0, u32(chunks.length), farNumbers(offsets))
      : fullBox('stco', 0, 0, u32(chunks.length), numbers(offsets)),
  );
}

function chunkRuns(chunks: SampleTable['chunks']): Buffer {
  const runs: number[] = [];
  let before = '';
  chunks.forEach(({ samples, description = 0 }, index) => {
    const kind = `${samples} ${description}`;
    if (kind !== before) runs.push(index + 1, samples, description + 1);
    before = kind;
  });
  return Buffer.concat([u32(runs.length / 3), numbers(runs)]);
}

/** How many samples last how long, one behind the other. */
function timeRuns(durations: readonly number[]): Buffer {
  const runs: number[] = [];
  for (const duration of durations) {
    if (runs.at(-1) === duration) runs[runs.length - 2] = (runs.at(-2) ?? 0) + 1;
    else runs.push(1, duration);
  }
  return Buffer.concat([u32(runs.length / 2), numbers(runs)]);
}

/** As `u32`, for lists too long to be arguments. */
function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

/** As `u64`, for lists too long to be arguments. */
function farNumbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64BE(BigInt(value), index * 8));
  return bytes;
}

function avcEntry({ widthPx, heightPx, avcConfiguration }: AvcDescription, isTagged: boolean): Buffer {
  return box(
    'avc1',
    u32(0),
    u16(0, 1),
    u16(0, 0),
    u32(0, 0, 0),
    u16(widthPx, heightPx),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
    box('avcC', avcConfiguration),
    // Colour as it was captured: primaries, transfer and matrix of BT.601 (6), limited range. Copied pictures say it themselves.
    ...(isTagged ? [box('colr', text('nclx'), u16(6, 6, 6), u8(0))] : []),
    box('pasp', u32(1, 1)),
  );
}

function aacEntry({ channels, sampleRateHz, bitrateBps, aacConfiguration }: AudioMedia): Buffer {
  const specific = descriptor(5, aacConfiguration);
  const config = descriptor(4, Buffer.concat([u8(0x40, 0x15, 0, 0, 0), u32(bitrateBps, bitrateBps), specific]));
  const stream = descriptor(3, Buffer.concat([u16(0), u8(0), config, descriptor(6, u8(2))]));
  return box(
    'mp4a',
    u32(0),
    u16(0, 1),
    u32(0, 0),
    u16(channels, 16, 0, 0),
    u32(sampleRateHz * 0x10000),
    fullBox('esds', 0, 0, stream),
  );
}

/** A descriptor of ISO 14496-1 8.3.3, with its length in four bytes as everybody writes it. */
function descriptor(tag: number, contents: Buffer): Buffer {
  const { length } = contents;
  return Buffer.concat([
    u8(tag, 0x80 | (length >> 21), 0x80 | (length >> 14), 0x80 | (length >> 7), length & 0x7f),
    contents,
  ]);
}
