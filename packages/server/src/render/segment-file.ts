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
};

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
  return { path, dataOffset, videoSizes: sizes(segment.video), audioSizes: sizes(segment.audio) };
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
      // The video track's clock counts pictures × 1000.
      fragment(VIDEO_TRACK_ID, firstVideo * 1000, offset, video),
      fragment(AUDIO_TRACK_ID, firstAudio * AAC_FRAME_SAMPLES, offset + videoBytes, audio),
    );
  };
  const moof = head(head(0).length + 8);
  const styp = box('styp', text('msdh'), u32(0), text('msdhmsixisom'));
  const data = box('mdat', ...video.map((sample) => sample.data), ...audio.map((sample) => sample.data));
  return { bytes: Buffer.concat([styp, moof, data]), dataOffset: styp.length + moof.length + 8 };
}

/** The first sound frames of a segment: what the file that ends before it needs to sound to its end. */
export function soundHeadOf({ path, dataOffset, videoSizes, audioSizes }: SegmentIndex): SegmentIndex {
  const pictureBytes = videoSizes.reduce((sum, size) => sum + size, 0);
  return { path, dataOffset: dataOffset + pictureBytes, videoSizes: [], audioSizes: audioSizes.slice(0, HEAD_FRAMES) };
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
  let sizes = new Map<number, number[]>();
  for (const { type, start, end } of boxesOf(bytes)) {
    if (type === 'moof') sizes = new Map(runs(bytes, start, end));
    // The data box is longer than what was read, so it is found by what comes before it.
    if (type === 'moof') {
      if (sizes.size === 0 || bytes.toString('latin1', end + 4, end + 8) !== 'mdat') return null;
      const [videoSizes = [], audioSizes = []] = [sizes.get(VIDEO_TRACK_ID), sizes.get(AUDIO_TRACK_ID)];
      return { path, dataOffset: end + 8, videoSizes, audioSizes };
    }
  }
  return null;
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

function* runs(bytes: Buffer, start: number, end: number): Generator<[trackId: number, sizes: number[]]> {
  for (const traf of boxesOf(bytes, start, end)) {
    if (traf.type !== 'traf') continue;
    let trackId = 0;
    for (const trun of boxesOf(bytes, traf.start, traf.end)) {
      if (trun.type === 'tfhd') trackId = bytes.readUInt32BE(trun.start + 4);
      if (trun.type !== 'trun') continue;
      const count = bytes.readUInt32BE(trun.start + 4);
      yield [trackId, Array.from({ length: count }, (_, index) => bytes.readUInt32BE(trun.start + 12 + index * 8))];
    }
  }
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
