import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from './durable-file.ts';
import { box, boxesOf, fullBox, text, u32, u64 } from './mp4-box.ts';
import type { CodedSample } from './picture-encoder.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';

/** Id of the picture's track in every file of ours. */
export const VIDEO_TRACK_ID = 1;
/** Id of the sound's track in every file of ours. */
export const AUDIO_TRACK_ID = 2;

/** The coded samples of one segment. */
export type Segment = { index: number; video: readonly CodedSample[]; audio: readonly CodedSample[] };

/** What a segment's index says; `dataOffset` is where its samples begin in the file: pictures, then sound. */
export type SegmentIndex = {
  path: string;
  dataOffset: number;
  videoSizes: number[];
  audioSizes: number[];
  /** Number of its first sound frame; 0 when it has none. */
  firstFrame: number;
  /** Of copied pictures: when each is shown, whether decoding can begin there, and with which description. */
  copied?: CopiedIndex;
};

/** What is kept of each copied picture of a segment beside its size; `ticks` in units of {@link COPIED_HZ}. */
export type CopiedIndex = { ticks: number[]; keys: boolean[]; descriptions: number[] };

/** The clock of copied pictures. */
export const COPIED_HZ = 90_000;

const KEY_SAMPLE = 0x02000000;
const OTHER_SAMPLE = 0x01010000;
/** More than the index of any segment: ten seconds of 60 pictures and 470 sound frames are 10 KB. */
const INDEX_BYTES = 64 * 1024;

/** A border between segments lies at most so many sound frames behind the first one of the second: see `soundFramesBefore`. */
const HEAD_FRAMES = 3;

/** Path of a segment in the work folder. */
export function segmentPath(workFolder: string, index: number): string {
  return join(workFolder, `segment-${String(index).padStart(6, '0')}.m4s`);
}

/** Writes a segment (CMAF: styp, moof, mdat) so that it is there wholly or not at all; gives its index. @throws file errors. */
export function writeSegment(workFolder: string, segment: Segment): SegmentIndex {
  const path = segmentPath(workFolder, segment.index);
  const { bytes, dataOffset } = segmentBytes(segment);
  writeDurably(path, bytes);
  const sizes = (samples: readonly CodedSample[]): number[] => samples.map((sample) => sample.data.length);
  const { video, audio } = segment;
  return {
    path,
    dataOffset,
    videoSizes: sizes(video),
    audioSizes: sizes(audio),
    firstFrame: audio[0]?.index ?? 0,
    ...copiedIndexOf(video),
  };
}

/** A segment as it lies in a file (CMAF: styp, moof, mdat), and where its samples begin. */
export function segmentBytes({ index, video, audio }: Segment): { bytes: Buffer; dataOffset: number } {
  const videoBytes = byteLength(video);
  const head = (offset: number): Buffer => {
    const firstVideo = video[0]?.index ?? 0;
    const firstAudio = audio[0]?.index ?? 0;
    return box(
      'moof',
      fullBox('mfhd', 0, 0, u32(index + 1)),
      // The video track's clock counts pictures × 1000, or the ticks of copied ones.
      ...(video[0]?.copied === undefined
        ? [fragment(VIDEO_TRACK_ID, firstVideo * 1000, offset, video)]
        : copiedFragments(offset, video)),
      fragment(AUDIO_TRACK_ID, firstAudio * AAC_FRAME_SAMPLES, offset + videoBytes, audio),
    );
  };
  const moof = head(head(0).length + 8);
  const styp = box('styp', text('msdh'), u32(0), text('msdhmsixisom'));
  const data = box('mdat', ...video.map((sample) => sample.data), ...audio.map((sample) => sample.data));
  return { bytes: Buffer.concat([styp, moof, data]), dataOffset: styp.length + moof.length + 8 };
}

/** The first sound frames of a segment: what the file that ends before it needs to sound to its end. */
export function soundHeadOf({ path, dataOffset, videoSizes, audioSizes, firstFrame }: SegmentIndex): SegmentIndex {
  const pictureBytes = videoSizes.reduce((sum, size) => sum + size, 0);
  return {
    path,
    dataOffset: dataOffset + pictureBytes,
    videoSizes: [],
    audioSizes: audioSizes.slice(0, HEAD_FRAMES),
    firstFrame,
  };
}

/** Reads the samples of a segment, numbered from its first ones. @throws file errors. */
export function readSamples(
  { path, dataOffset, videoSizes, audioSizes }: SegmentIndex,
  { firstPicture, firstFrame }: { firstPicture: number; firstFrame: number },
): Pick<Segment, 'video' | 'audio'> {
  const bytes = readFileSync(path);
  let at = dataOffset;
  const next = (size: number): Buffer => {
    at += size;
    if (at > bytes.length) throw new Error('a segment is shorter than its index says');
    return bytes.subarray(at - size, at);
  };
  const video = videoSizes.map((size, index) => ({ index: firstPicture + index, key: index === 0, data: next(size) }));
  const audio = audioSizes.map((size, index) => ({ index: firstFrame + index, key: true, data: next(size) }));
  return { video, audio };
}

/** Reads the index of a segment; null when there is no such file or it is none of ours. */
export function readSegmentIndex(workFolder: string, index: number): SegmentIndex | null {
  const path = segmentPath(workFolder, index);
  const bytes = readHead(path);
  if (bytes === null) return null;
  for (const { type, start, end } of boxesOf(bytes)) {
    if (type !== 'moof') continue;
    // The data box is longer than what was read, so it is found by what comes before it.
    if (bytes.toString('latin1', end + 4, end + 8) !== 'mdat') return null;
    const runs = [...runsOf(bytes, start, end)];
    if (runs.length === 0) return null;
    const video = runs.filter(({ trackId }) => trackId === VIDEO_TRACK_ID);
    const audio = runs.find(({ trackId }) => trackId === AUDIO_TRACK_ID);
    return {
      path,
      dataOffset: end + 8,
      videoSizes: video.flatMap(({ sizes }) => sizes),
      audioSizes: audio?.sizes ?? [],
      firstFrame: (audio?.decodeTime ?? 0) / AAC_FRAME_SAMPLES,
      ...copiedRuns(video),
    };
  }
  return null;
}

/** A run of samples as a segment's index says it. */
type Run = {
  trackId: number;
  description: number;
  decodeTime: number;
  sizes: number[];
  keys: boolean[];
  durations: number[] | null;
};

function copiedIndexOf(video: readonly CodedSample[]): { copied?: CopiedIndex } {
  const copied = video.flatMap((sample) => (sample.copied === undefined ? [] : [sample.copied]));
  if (copied.length === 0) return {};
  return {
    copied: {
      ticks: copied.map(({ ticks }) => ticks),
      keys: video.map(({ key }) => key),
      descriptions: copied.map(({ description }) => description),
    },
  };
}

function copiedRuns(runs: readonly Run[]): { copied?: CopiedIndex } {
  const copied: CopiedIndex = { ticks: [], keys: [], descriptions: [] };
  for (const { decodeTime, keys, durations, description } of runs) {
    if (durations === null) return {};
    let ticks = decodeTime;
    for (const [index, duration] of durations.entries()) {
      copied.ticks.push(ticks);
      copied.keys.push(keys[index] === true);
      copied.descriptions.push(description);
      ticks += duration;
    }
  }
  return copied.ticks.length === 0 ? {} : { copied };
}

/** Copied pictures: a fragment for each run of one description. The last picture's length is not known yet and not used. */
function copiedFragments(dataOffset: number, samples: readonly CodedSample[]): Buffer[] {
  const fragments: Buffer[] = [];
  let offset = dataOffset;
  for (let from = 0; from < samples.length; ) {
    const description = samples[from]?.copied?.description ?? 0;
    const rest = samples.slice(from).findIndex((sample) => sample.copied?.description !== description);
    const until = rest < 0 ? samples.length : from + rest;
    const run = samples.slice(from, until);
    const entries = run.map(({ data, key, copied }, index) => {
      const nextTicks = run[index + 1]?.copied?.ticks ?? copied?.ticks ?? 0;
      return u32(nextTicks - (copied?.ticks ?? 0), data.length, key ? KEY_SAMPLE : OTHER_SAMPLE);
    });
    fragments.push(
      box(
        'traf',
        // The number of the description, from 1, is given.
        fullBox('tfhd', 0, 0x020002, u32(VIDEO_TRACK_ID, description + 1)),
        fullBox('tfdt', 1, 0, u64(run[0]?.copied?.ticks ?? 0)),
        // Data offset, durations, sizes and flags are given.
        fullBox('trun', 0, 0x000701, u32(run.length, offset), ...entries),
      ),
    );
    offset += byteLength(run);
    from = until;
  }
  return fragments;
}

function fragment(trackId: number, decodeTime: number, dataOffset: number, samples: readonly CodedSample[]): Buffer {
  if (samples.length === 0) return Buffer.alloc(0);
  const entries = Buffer.alloc(samples.length * 8);
  samples.forEach(({ data, key }, index) => {
    entries.writeUInt32BE(data.length, index * 8);
    entries.writeUInt32BE(key ? KEY_SAMPLE : OTHER_SAMPLE, index * 8 + 4);
  });
  return box(
    'traf',
    fullBox('tfhd', 0, 0x020000, u32(trackId)),
    fullBox('tfdt', 1, 0, u64(decodeTime)),
    // Data offset, sample sizes and sample flags are given.
    fullBox('trun', 0, 0x000601, u32(samples.length, dataOffset), entries),
  );
}

function* runsOf(bytes: Buffer, start: number, end: number): Generator<Run> {
  for (const traf of boxesOf(bytes, start, end)) {
    if (traf.type !== 'traf') continue;
    const head = { trackId: 0, description: 0, decodeTime: 0 };
    for (const { type, start: at } of boxesOf(bytes, traf.start, traf.end)) {
      if (type === 'tfhd') {
        head.trackId = bytes.readUInt32BE(at + 4);
        if ((bytes.readUInt32BE(at) & 2) !== 0) head.description = bytes.readUInt32BE(at + 8) - 1;
      }
      if (type === 'tfdt') head.decodeTime = Number(bytes.readBigUInt64BE(at + 4));
      if (type === 'trun') yield { ...head, ...samplesOf(bytes, at) };
    }
  }
}

function samplesOf(bytes: Buffer, at: number): Pick<Run, 'sizes' | 'keys' | 'durations'> {
  const hasDurations = (bytes.readUInt32BE(at) & 0x100) !== 0;
  const count = bytes.readUInt32BE(at + 4);
  const entryBytes = hasDurations ? 12 : 8;
  const numbersAt = (skip: number): number[] =>
    Array.from({ length: count }, (_, index) => bytes.readUInt32BE(at + 12 + index * entryBytes + skip));
  const skip = hasDurations ? 4 : 0;
  return {
    sizes: numbersAt(skip),
    keys: numbersAt(skip + 4).map((flags) => flags === KEY_SAMPLE),
    durations: hasDurations ? numbersAt(0) : null,
  };
}

function readHead(path: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(INDEX_BYTES);
    return bytes.subarray(0, readSync(fd, bytes, 0, INDEX_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function byteLength(samples: readonly CodedSample[]): number {
  return samples.reduce((sum, { data }) => sum + data.length, 0);
}
