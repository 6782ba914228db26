import type { SampleTable, Track } from './mp4-movie.ts';
import type { CopiedIndex, SegmentIndex } from './segment-file.ts';

/** A piece of a segment that goes into a file. */
export type Piece = { path: string; offset: number; length: number };

/** What becomes a file: the first `videoSamples` and `audioSamples` of the segments. */
export type Mp4Contents = {
  segments: readonly SegmentIndex[];
  videoSamples: number;
  audioSamples: number;
  /** Length of a group of pictures: every so many pictures one is a key frame. */
  keyInterval: number;
  /** Where the last copied picture ends; without effect on others. */
  endTicks?: number;
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
  { segments, videoSamples, audioSamples, keyInterval, endTicks = 0 }: Mp4Contents,
  { whole = false } = {},
): SampleTables {
  const pieces: Piece[] = [];
  const video = new TableBuilder(videoSamples);
  const audio = new TableBuilder(audioSamples);
  let at = 0;
  for (const { path, dataOffset, videoSizes, audioSizes, copied } of segments) {
    let from = dataOffset;
    for (const [table, sizes] of [
      [video, videoSizes],
      [audio, audioSizes],
    ] as const) {
      const length = table.add(sizes, at, table === video ? copied : undefined);
      if (length > 0) pieces.push({ path, offset: from, length });
      const all = sum(sizes);
      from += all;
      at += whole ? all : length;
    }
  }
  const { ticks } = video;
  const isCopied = ticks.length > 0;
  const keys = isCopied ? video.keys : video.sizes.map((_, index) => index % keyInterval === 0);
  const durations = ticks.map((tick, index) => Math.max(1, (ticks[index + 1] ?? endTicks) - tick));
  return {
    pieces,
    video: {
      sizes: video.sizes,
      keys,
      chunks: video.chunks,
      ...(isCopied ? { firstTicks: ticks[0] ?? 0, durations } : {}),
    },
    audio: { sizes: audio.sizes, keys: null, chunks: audio.chunks },
    endBytes: Math.max(video.endBytes, audio.endBytes),
  };
}

/** The same table with everything `by` bytes further on. */
export function shiftTable(table: SampleTable, by: number): SampleTable {
  return { ...table, chunks: table.chunks.map((chunk) => ({ ...chunk, offset: chunk.offset + by })) };
}

/** Gathers the samples of a track, up to so many. */
class TableBuilder {
  readonly sizes: number[] = [];
  readonly chunks: SampleTable['chunks'][number][] = [];
  readonly ticks: number[] = [];
  readonly keys: boolean[] = [];
  readonly #limit: number;
  endBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds the samples that lie behind each other from `offset` on; returns how many bytes of them are used. */
  add(sizes: readonly number[], offset: number, copied?: CopiedIndex): number {
    const used = sizes.slice(0, Math.max(0, this.#limit - this.sizes.length));
    if (used.length === 0) return 0;
    for (const size of used) this.sizes.push(size);
    if (copied === undefined) this.chunks.push({ offset, samples: used.length });
    else this.#addCopied(used, offset, copied);
    const length = sum(used);
    this.endBytes = offset + length;
    return length;
  }

  /** A chunk has one description. */
  #addCopied(sizes: readonly number[], offset: number, { ticks, keys, descriptions }: CopiedIndex): void {
    let at = offset;
    for (const [index, size] of sizes.entries()) {
      const description = descriptions[index] ?? 0;
      const last = this.chunks.at(-1);
      if (index > 0 && last?.description === description) last.samples += 1;
      else this.chunks.push({ offset: at, samples: 1, description });
      this.ticks.push(ticks[index] ?? 0);
      this.keys.push(keys[index] === true);
      at += size;
    }
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
