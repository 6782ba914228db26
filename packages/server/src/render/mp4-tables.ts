import type { SampleTable, Track } from './mp4-movie.ts';
import type { SegmentIndex } from './segment-file.ts';

/** A piece of a segment that goes into a file. */
export type Piece = { path: string; offset: number; length: number };

/** What becomes a file: the first `videoSamples` and `audioSamples` of the segments. */
export type Mp4Contents = {
  segments: readonly SegmentIndex[];
  videoSamples: number;
  audioSamples: number;
  /** Length of a group of pictures: every so many pictures one is a key frame. */
  keyInterval: number;
  /** Builds the tracks once their tables are known. */
  tracks: (video: SampleTable, audio: SampleTable) => readonly Track[];
};

/** What the samples of a file are and where they lie, counted from the first byte of its data. */
export type SampleTables = {
  pieces: Piece[];
  video: SampleTable;
  audio: SampleTable;
  /** Where the data that is used ends. */
  endBytes: number;
};

/**
 * Makes the tables of a file.
 * @param whole Whether the data of the file is that of whole segments, with what is cut off still in it.
 */
export function sampleTables(
  { segments, videoSamples, audioSamples, keyInterval }: Mp4Contents,
  { whole = false } = {},
): SampleTables {
  const pieces: Piece[] = [];
  const video = new TableBuilder(videoSamples);
  const audio = new TableBuilder(audioSamples);
  let at = 0;
  for (const { path, dataOffset, videoSizes, audioSizes } of segments) {
    let from = dataOffset;
    for (const [table, sizes] of [
      [video, videoSizes],
      [audio, audioSizes],
    ] as const) {
      const length = table.add(sizes, at);
      if (length > 0) pieces.push({ path, offset: from, length });
      const all = sum(sizes);
      from += all;
      at += whole ? all : length;
    }
  }
  const keys = video.sizes.map((_, index) => index % keyInterval === 0);
  return {
    pieces,
    video: { sizes: video.sizes, keys, chunks: video.chunks },
    audio: { sizes: audio.sizes, keys: null, chunks: audio.chunks },
    endBytes: Math.max(video.endBytes, audio.endBytes),
  };
}

/** The same table with everything `by` bytes further on. */
export function shiftTable(table: SampleTable, by: number): SampleTable {
  return { ...table, chunks: table.chunks.map(({ offset, samples }) => ({ offset: offset + by, samples })) };
}

/** Gathers the samples of a track, up to so many. */
class TableBuilder {
  readonly sizes: number[] = [];
  readonly chunks: { offset: number; samples: number }[] = [];
  readonly #limit: number;
  endBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a chunk that lies at `offset`; returns how many bytes of it are used. */
  add(sizes: readonly number[], offset: number): number {
    const used = sizes.slice(0, Math.max(0, this.#limit - this.sizes.length));
    if (used.length === 0) return 0;
    this.chunks.push({ offset, samples: used.length });
    for (const size of used) this.sizes.push(size);
    const length = sum(used);
    this.endBytes = offset + length;
    return length;
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
