import {
  CAPTURED_CODECS,
  type CapturedCodec,
  type CapturedPacket,
  type Depacketizer,
  type EncodedFrame,
  isCapturedCodec,
  opusPacketSamples,
  type PacketStream,
  ReorderBuffer,
  type TimedPacket,
} from '../capture/index.ts';
import { ClockMap } from '../timeline/index.ts';
import { DriftMeter } from './drift-meter.ts';
import type { StreamWatch } from './stream-watch.ts';

/**
 * How long a gap in the sequence is waited for, in media time: longer than a retransmission takes that is asked for twice on a
 * way of 300 ms of jitter (1.3 s were measured). With the second that the clock looks ahead it is as long as the journal
 * is waited for anyway, so a live file is not later for it.
 */
export const REORDER_WINDOW_US = 1_500_000;

/** How far the order of coding may differ from that of showing, in pictures: the most that H.264 allows. */
const LARGEST_REORDERING = 16;

/** How long the last picture of a stream is taken to last: nothing says it, cameras give 30 a second. */
const PICTURE_US = 33_333;

/** What was counted while a dump was read. */
export type FeedCounts = { packets: number; lostPackets: number; duplicatePackets: number; broken: number };

/**
 * Reads one dump up to a moment of media time: packets → media time → order → frames. Holds what belongs to
 * about two seconds, never more than it was asked for.
 */
export class StreamFeed {
  /** Is told of what comes; null: nobody is. */
  readonly watch: StreamWatch | null;
  readonly #stream: PacketStream;
  readonly #frames: EncodedFrame[] = [];
  readonly #unmapped: CapturedPacket[] = [];
  readonly #reorder = new ReorderBuffer<TimedPacket>({ windowUs: REORDER_WINDOW_US });
  #codec: string | null = null;
  #clockHz = 0;
  #clock: ClockMap | null = null;
  #depacketizer: Depacketizer | null = null;
  #ended = false;
  #drained = false;
  #reachedUs = Number.NEGATIVE_INFINITY;
  readonly #sinceUs: number;
  readonly #keep: (frame: EncodedFrame) => boolean;
  #firstSinceUs: number | null = null;
  #packets = 0;
  readonly #drift = new DriftMeter();
  #firstPacketUs: number | null = null;
  #lastPacketUs: number | null = null;

  /**
   * @param sinceUs For `firstSinceUs`.
   * @param keep Which frames are kept for `shift`; all by default.
   * @param watch Is told of every packet.
   */
  constructor(
    stream: PacketStream,
    {
      sinceUs = Number.NEGATIVE_INFINITY,
      keep = () => true,
      watch = null,
    }: { sinceUs?: number; keep?: (frame: EncodedFrame) => boolean; watch?: StreamWatch | null } = {},
  ) {
    this.#stream = stream;
    this.#sinceUs = sinceUs;
    this.#keep = keep;
    this.watch = watch;
  }

  /** Name of the codec in the dump's head, or null as long as it is not there. */
  get codec(): string | null {
    return this.#codec;
  }

  /** Media time of the first packet seen, or null. */
  get firstPacketUs(): number | null {
    return this.#firstPacketUs;
  }

  /** Media time of the first packet seen that is not before `sinceUs`, or null. */
  get firstSinceUs(): number | null {
    return this.#firstSinceUs;
  }

  /** Media time of the end of the youngest packet seen, or null. */
  get lastPacketUs(): number | null {
    return this.#lastPacketUs;
  }

  /** Whether the dump is over and all of it was read. */
  get finished(): boolean {
    return this.#drained;
  }

  /** How fast the sender's clock runs against ours, in parts of a million; null when too little is known. */
  get clockDriftPpm(): number | null {
    return this.#drift.ppm;
  }

  get counts(): FeedCounts {
    return {
      packets: this.#packets,
      lostPackets: this.#reorder.lost,
      duplicatePackets: this.#reorder.duplicates,
      broken: this.#depacketizer?.broken ?? 0,
    };
  }

  /** Says that no byte will be added to the dump any more. */
  end(): void {
    this.#ended = true;
    this.#stream.end();
  }

  /**
   * Reads on until all that belongs to the time up to `untilUs` is known.
   * @param impatient Takes packets whose second after them is not there: a camera that is off sends none.
   * @returns whether all is known; false: the dump does not hold enough yet.
   */
  advance(untilUs: number, { impatient = false }: { impatient?: boolean } = {}): boolean {
    while (!this.#drained && this.#reachedUs <= untilUs + REORDER_WINDOW_US) {
      if (this.#mapNext(false)) continue;
      const packet = this.#stream.read();
      if (packet !== null) {
        this.#take(packet);
        continue;
      }
      if (this.#ended || impatient) while (this.#mapNext(true));
      if (!this.#ended) return this.#reachedUs > untilUs + REORDER_WINDOW_US;
      this.#deliver(this.#reorder.flush());
      this.#drained = true;
    }
    return true;
  }

  /**
   * The oldest frame, taken out, when it or one of those coded after it belongs to the time up to `untilUs`; null
   * when there is none. Pictures may be coded in another order than they are shown.
   */
  shift(untilUs: number): EncodedFrame | null {
    const reach = Math.min(this.#frames.length, LARGEST_REORDERING);
    for (let index = 0; index < reach; index += 1) {
      if ((this.#frames[index]?.mediaUs ?? Number.POSITIVE_INFINITY) <= untilUs) return this.#frames.shift() ?? null;
    }
    return null;
  }

  /** Gives the file back. May be called twice. */
  close(): void {
    this.#stream.close();
  }

  #take(packet: CapturedPacket): void {
    if (this.#clock === null) {
      const codec = this.#stream.header?.codec ?? '';
      this.#codec = codec;
      const facts = CAPTURED_CODECS[knownCodec(codec, this.#stream.header?.kind === 'audio')];
      this.#clockHz = facts.clockHz;
      this.#clock = new ClockMap(facts.clockHz);
      // A stream of a codec that cannot be rendered is counted and held in time like any other.
      if (isCapturedCodec(codec)) this.#depacketizer = facts.makeDepacketizer();
    }
    this.#clock.push(packet);
    this.#drift.push(packet, this.#clockHz);
    this.#unmapped.push(packet);
    this.#packets += 1;
  }

  #mapNext(last: boolean): boolean {
    const mediaUs = this.#clock?.shift(last) ?? null;
    if (mediaUs === null) return false;
    const packet = this.#unmapped.shift();
    if (packet === undefined) return false;
    this.#reachedUs = Math.max(this.#reachedUs, mediaUs);
    this.#firstPacketUs = Math.min(this.#firstPacketUs ?? mediaUs, mediaUs);
    if (mediaUs >= this.#sinceUs) this.#firstSinceUs = Math.min(this.#firstSinceUs ?? mediaUs, mediaUs);
    this.watch?.arrived(mediaUs);
    const endUs = mediaUs + this.#durationUs(packet);
    this.#lastPacketUs = Math.max(this.#lastPacketUs ?? endUs, endUs);
    this.#deliver(this.#reorder.push({ ...packet, mediaUs }));
    return true;
  }

  #durationUs(packet: CapturedPacket): number {
    return this.#codec === 'opus' ? Math.round(opusPacketSamples(packet.payload) / 0.048) : PICTURE_US;
  }

  #deliver(packets: TimedPacket[]): void {
    for (const packet of packets) {
      this.watch?.ordered(packet);
      const frame = this.#depacketizer?.push(packet) ?? null;
      if (frame !== null && this.#keep(frame)) this.#frames.push(frame);
    }
  }
}

function knownCodec(name: string, isAudio: boolean): CapturedCodec {
  if (isCapturedCodec(name)) return name;
  return isAudio ? 'opus' : 'vp8';
}
