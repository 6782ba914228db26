import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  AV_CODEC_ID_AV1,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_VP8,
  AV_CODEC_ID_VP9,
  AV_PKT_FLAG_KEY,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import { FormatContext, Packet, Rational, type Stream } from 'node-av/lib';
import { AvError } from './av-error.ts';
import { syncFolderOf } from './durable-file.ts';
import { hashOf } from './file-hash.ts';

/** Codecs of pictures that are copied, as FFmpeg numbers them. */
const CODEC_IDS = Object.freeze({
  vp8: AV_CODEC_ID_VP8,
  vp9: AV_CODEC_ID_VP9,
  av1: AV_CODEC_ID_AV1,
  h264: AV_CODEC_ID_H264,
});

/** A codec of pictures that can be copied into a file. */
export type OriginalCodec = keyof typeof CODEC_IDS;

/** What a file holds; it is decided when the file begins. */
export type OriginalTracks = {
  video: { codec: OriginalCodec; widthPx: number; heightPx: number; extradata: Buffer | null } | null;
  sound: boolean;
};

/** A coded frame, at a time since the file's beginning. */
export type OriginalSample = { kind: 'video' | 'audio'; atUs: number; durationUs: number; key: boolean; data: Buffer };

/** Opus in 48 kHz and two channels, of which nothing is skipped (RFC 7845 5.1). */
const OPUS_HEAD = Buffer.from([...Buffer.from('OpusHead'), 1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]);

/** Frames of silence by their length in µs, the longest first (RFC 6716 3.1). */
const SILENCES: readonly (readonly [number, Buffer])[] = [
  [20_000, Buffer.from([0xfc, 0xff, 0xfe])],
  [10_000, Buffer.from([0xf4, 0xff, 0xfe])],
  [5_000, Buffer.from([0xec, 0xff, 0xfe])],
  [2_500, Buffer.from([0xe4, 0xff, 0xfe])],
];
/** Sound that comes so much later than the sound before it ended has a hole, and is no jitter. */
const HOLE_US = 40_000;

/** Extension of a file with such tracks: MP4 for H.264, which WebM does not know, and WebM else. */
export function extensionOf({ video }: OriginalTracks): 'mp4' | 'webm' | 'weba' {
  if (video === null) return 'weba';
  return video.codec === 'h264' ? 'mp4' : 'webm';
}

/**
 * A file of coded frames as they were captured, written by FFmpeg's muxers while they come. Nothing of it is
 * gone on with after a crash: it is copied from the capture again.
 */
export class OriginalFile implements Disposable {
  readonly tracks: OriginalTracks;
  readonly #temporary: string;
  readonly #context = new FormatContext();
  readonly #packet = new Packet();
  readonly #streams = new Map<OriginalSample['kind'], Stream>();
  #isOpen = true;
  #sizeBytes = 0;
  #soundUntilUs = 0;
  /** Whether the sound before is silence that was filled in. */
  #isInHole = false;

  /** @param temporary Path of what is not finished, in the folder of the finished file. @throws {AvError}. */
  constructor(temporary: string, tracks: OriginalTracks) {
    this.tracks = tracks;
    this.#temporary = temporary;
    this.#packet.alloc();
    const format = extensionOf(tracks) === 'mp4' ? 'mp4' : 'webm';
    AvError.check(this.#context.allocOutputContext2(null, format, temporary), `open ${format}`);
    if (tracks.video !== null) this.#streams.set('video', this.#videoStream(tracks.video));
    if (tracks.sound) this.#streams.set('audio', this.#soundStream());
    // The same capture gives the same bytes: without this a WebM has a random number.
    AvError.check(this.#context.setOption('fflags', '+bitexact'), 'option fflags');
    if (format === 'mp4')
      AvError.check(this.#context.setOption('movflags', '+faststart', 1 as never, 1 as never), 'faststart');
    AvError.check(this.#context.openOutputSync(), 'open file');
    AvError.check(this.#context.writeHeaderSync(), 'write head');
  }

  /** Bytes of the frames written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Writes a frame. Frames of both kinds come in the order of their times. @throws {AvError}. */
  write(sample: OriginalSample): void {
    if (sample.kind === 'audio') {
      this.silenceUntil(sample.atUs);
      // Whoever passes over holes is then no more than 2.5 ms early behind it.
      if (this.#isInHole) for (const [lengthUs, data] of SILENCES) this.#fill(sample.atUs, lengthUs, data);
      this.#isInHole = false;
      this.#soundUntilUs = sample.atUs + sample.durationUs;
    }
    this.#write(sample);
  }

  /** Fills what no sound came for with frames of silence: many players pass over a hole as if it were not there. @throws {AvError}. */
  silenceUntil(atUs: number): void {
    if (!this.tracks.sound || (!this.#isInHole && atUs - this.#soundUntilUs < HOLE_US)) return;
    this.#isInHole = true;
    for (const [lengthUs, data] of SILENCES.slice(0, 1)) this.#fill(atUs, lengthUs, data);
  }

  #fill(untilUs: number, lengthUs: number, data: Buffer): void {
    for (; this.#soundUntilUs + lengthUs <= untilUs; this.#soundUntilUs += lengthUs)
      this.#write({ kind: 'audio', atUs: this.#soundUntilUs, durationUs: lengthUs, key: true, data });
  }

  #write({ kind, atUs, durationUs, key, data }: OriginalSample): void {
    const stream = this.#streams.get(kind);
    if (stream === undefined) return;
    const { num, den } = stream.timeBase;
    const toTicks = (us: number): bigint => BigInt(Math.round((us * den) / (num * 1_000_000)));
    const packet = this.#packet;
    packet.data = data;
    packet.streamIndex = stream.index;
    packet.pts = toTicks(atUs);
    packet.dts = packet.pts;
    packet.duration = toTicks(durationUs);
    packet.flags = (key ? AV_PKT_FLAG_KEY : 0) as typeof packet.flags;
    AvError.check(this.#context.interleavedWriteFrameSync(packet), 'write frame');
    this.#sizeBytes += data.length;
  }

  /** Ends the file: durable, under its name. @throws {AvError} | file errors. */
  async finish(path: string): Promise<{ sizeBytes: number; sha256: string }> {
    AvError.check(this.#context.writeTrailerSync(), 'end file');
    this.#release();
    const fd = openSync(this.#temporary, 'r+');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    const sha256 = await hashOf(this.#temporary);
    const { size: sizeBytes } = await stat(this.#temporary);
    renameSync(this.#temporary, path);
    syncFolderOf(path);
    return { sizeBytes, sha256 };
  }

  /** Removes what was not finished. May be called twice. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#release();
    rmSync(this.#temporary, { force: true });
  }

  #release(): void {
    this.#isOpen = false;
    this.#context.closeOutputSync();
    this.#context.freeContext();
    this.#packet.free();
  }

  #videoStream({ codec, widthPx, heightPx, extradata }: NonNullable<OriginalTracks['video']>): Stream {
    const stream = this.#context.newStream();
    stream.timeBase = new Rational(1, 90_000);
    const { codecpar } = stream;
    codecpar.codecType = AVMEDIA_TYPE_VIDEO;
    codecpar.codecId = CODEC_IDS[codec];
    codecpar.width = widthPx;
    codecpar.height = heightPx;
    if (extradata !== null) codecpar.extradata = extradata;
    return stream;
  }

  #soundStream(): Stream {
    const stream = this.#context.newStream();
    stream.timeBase = new Rational(1, 48_000);
    const { codecpar } = stream;
    codecpar.codecType = AVMEDIA_TYPE_AUDIO;
    codecpar.codecId = AV_CODEC_ID_OPUS;
    codecpar.sampleRate = 48_000;
    codecpar.channels = 2;
    codecpar.extradata = OPUS_HEAD;
    return stream;
  }
}
