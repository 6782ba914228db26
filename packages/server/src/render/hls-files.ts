import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RenderedFile } from '../recording/render-protocol.ts';
import { frameTimeUs } from '../timeline/index.ts';
import { syncFolderOf, writeDurably } from './durable-file.ts';
import type { FileClock } from './file-clock.ts';
import { initSegment, picturesUntil, subjectOf } from './finished-file.ts';
import type { ReelOrder } from './reel-order.ts';
import type { ReelParts } from './reel-parts.ts';
import type { RenderPlan } from './render-plan.ts';
import { soundFramesBefore } from './segment-builder.ts';
import { readSamples, readSegmentIndex, type Segment, type SegmentIndex, segmentBytes } from './segment-file.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';
import { writeTsSegment } from './ts-segment.ts';

type Listed = { name: string; pictures: number };

/**
 * A recording as HLS (RFC 8216) that grows while it is made: every finished segment is copied into the folder of
 * finished files, then the playlist that names it is renamed over the last one. Names come from media time, so a
 * render that starts again after a crash writes the same ones. At the end the list becomes one of a finished
 * recording (VOD).
 */
export class HlsFiles implements Disposable {
  readonly #order: ReelOrder;
  readonly #plan: RenderPlan;
  readonly #clock: FileClock;
  readonly #segments: SegmentIndex[] = [];

  private constructor(order: ReelOrder, { plan, clock }: ReelParts) {
    this.#order = order;
    this.#plan = plan;
    this.#clock = clock;
  }

  /** The files of a reel with all segments that are there already. @throws file errors. */
  static open(order: ReelOrder, reel: ReelParts): HlsFiles {
    mkdirSync(order.outFolder, { recursive: true });
    const files = new HlsFiles(order, reel);
    for (;;) {
      const segment = readSegmentIndex(order.workFolder, files.#segments.length);
      if (segment === null) break;
      files.#segments.push(segment);
    }
    // What is listed already was whole when its playlist was written.
    files.#segments.forEach((segment, number) => {
      if (!existsSync(files.#pathOf(number))) files.#write(number, segment, files.#picturesOf(number));
    });
    if (files.#segments.length > 0) files.#list(false);
    return files;
  }

  /** Adds the next segment, which is on the disk. @throws file errors. */
  add(segment: SegmentIndex): void {
    this.#segments.push(segment);
    const number = this.#segments.length - 1;
    this.#write(number, segment, this.#picturesOf(number));
    this.#list(false);
  }

  /** Ends the playlist of a reel that lasts `durationUs`. @throws file errors. */
  async finish(durationUs: number): Promise<RenderedFile[]> {
    const { video, media } = this.#plan;
    const all = picturesUntil(this.#plan, durationUs);
    const perSegment = this.#picturesPerSegment;
    const count = Math.ceil(all / perSegment);
    this.#segments.splice(count).forEach((_, index) => rmSync(this.#pathOf(count + index), { force: true }));
    const last = this.#segments.at(-1);
    const rest = all - (this.#segments.length - 1) * perSegment;
    if (last !== undefined && rest < this.#picturesOf(this.#segments.length - 1))
      this.#write(this.#segments.length - 1, last, rest);
    const path = this.#list(true, rest);
    const bytes = readFileSync(path);
    const names = this.#segments.map((_, number) => basename(this.#pathOf(number)));
    return [
      {
        name: basename(path),
        type: 'hls',
        path,
        ...subjectOf(this.#plan, media),
        parts: [...(this.#isTs ? [] : [this.#initName]), ...names].map((name) => {
          const part = join(this.#order.outFolder, name);
          return { name, path: part, sizeBytes: statSync(part).size };
        }),
        sizeBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        durationUs: frameTimeUs(0, all, video.fps),
        startUs: this.#plan.startUs,
        widthPx: media.picture ? video.widthPx : 0,
        heightPx: media.picture ? video.heightPx : 0,
        videoCodec: media.picture ? 'h264' : null,
        audioCodec: media.sound ? 'aac' : null,
      },
    ];
  }

  /** Nothing is open between calls. */
  [Symbol.dispose](): void {
    this.#segments.length = 0;
  }

  get #isTs(): boolean {
    return (this.#plan.parameters.output.hlsSegments ?? 'ts') === 'ts';
  }

  get #initName(): string {
    return `${this.#order.baseName}_init.mp4`;
  }

  get #picturesPerSegment(): number {
    const { fps, keyframeIntervalS } = this.#plan.video;
    return fps * keyframeIntervalS;
  }

  #picturesOf(number: number): number {
    return this.#plan.media.picture ? (this.#segments[number]?.videoSizes.length ?? 0) : this.#picturesPerSegment;
  }

  /** Named by the time of its first picture: `yyyyMMddHHmmssSSS` in UTC. */
  #pathOf(number: number): string {
    const atUs = this.#clock.pastUs(frameTimeUs(0, number * this.#picturesPerSegment, this.#plan.video.fps));
    const digits = new Date(atUs / 1000).toISOString().replaceAll(/[^0-9]/g, '');
    return join(this.#order.outFolder, `${this.#order.baseName}_${digits}.${this.#isTs ? 'ts' : 'm4s'}`);
  }

  #write(number: number, segment: SegmentIndex, pictures: number): void {
    const path = this.#pathOf(number);
    const samples = this.#samplesOf(number, segment, pictures);
    if (this.#isTs) {
      writeTsSegment(path, this.#plan, samples);
      return;
    }
    const init = join(this.#order.outFolder, this.#initName);
    if (!existsSync(init)) writeDurably(init, initSegment(this.#plan, { priming: 0 }));
    writeDurably(path, segmentBytes({ index: number, ...samples }).bytes);
  }

  /** The segment's samples up to so many pictures, where the recording ends within it. */
  #samplesOf(number: number, segment: SegmentIndex, pictures: number): Pick<Segment, 'video' | 'audio'> {
    const { video } = this.#plan;
    const { audio } = this.#plan.parameters;
    const firstPicture = number * this.#picturesPerSegment;
    const firstFrame = soundFramesBefore(number, audio.sampleRateHz * video.keyframeIntervalS);
    const { video: shown, audio: heard } = readSamples(segment, { firstPicture, firstFrame });
    // Frame 0 is the priming: MPEG-TS has no edit list, and players of HLS do not all look at that of an init segment.
    const sounds = heard.flatMap(({ index, ...rest }) => (index === 0 ? [] : [{ ...rest, index: index - 1 }]));
    if (pictures >= this.#picturesOf(number)) return { video: shown, audio: sounds };
    const endFrame = Math.ceil(((firstPicture + pictures) * audio.sampleRateHz) / video.fps / AAC_FRAME_SAMPLES);
    return {
      video: shown.slice(0, pictures),
      audio: sounds.filter(({ index }) => index < endFrame),
    };
  }

  /** @param lastPictures Of the last segment, where the recording ends within it. */
  #list(isEnded: boolean, lastPictures?: number): string {
    const path = join(this.#order.outFolder, `${this.#order.baseName}.m3u8`);
    const listed: Listed[] = this.#segments.flatMap((_, number) => {
      const isLast = number === this.#segments.length - 1;
      const pictures = isLast && lastPictures !== undefined ? lastPictures : this.#picturesOf(number);
      return pictures === 0 ? [] : [{ name: basename(this.#pathOf(number)), pictures }];
    });
    writeDurably(path, Buffer.from(this.#playlist(listed, isEnded)));
    syncFolderOf(path);
    return path;
  }

  #playlist(listed: readonly Listed[], isEnded: boolean): string {
    const { video, media } = this.#plan;
    return [
      '#EXTM3U',
      `#EXT-X-VERSION:${this.#isTs ? 3 : 7}`,
      `#EXT-X-TARGETDURATION:${video.keyframeIntervalS}`,
      '#EXT-X-MEDIA-SEQUENCE:0',
      `#EXT-X-PLAYLIST-TYPE:${isEnded ? 'VOD' : 'EVENT'}`,
      '#EXT-X-INDEPENDENT-SEGMENTS',
      `#EXT-X-TRTC-START-REC-TIME:${Math.floor(this.#plan.startUs / 1000)}`,
      ...(media.picture ? [`#EXT-X-TRTC-VIDEO-METADATA:WIDTH:${video.widthPx} HEIGHT:${video.heightPx}`] : []),
      ...(this.#isTs ? [] : [`#EXT-X-MAP:URI="${encodeURIComponent(this.#initName)}"`]),
      ...listed.flatMap(({ name, pictures }) => [
        `#EXTINF:${(pictures / video.fps).toFixed(6)},`,
        encodeURIComponent(name),
      ]),
      ...(isEnded ? ['#EXT-X-ENDLIST'] : []),
      '',
    ].join('\n');
  }
}
