import type { BundleReader, EncodedFrame } from '../capture/index.ts';
import type { StreamReport } from '../recording/render-protocol.ts';
import { isWaitedFor, type StreamFacts, type StreamLife } from '../timeline/index.ts';
import type { ContentWatch } from './content-watch.ts';
import { SoundTrack } from './sound-track.ts';
import { StreamFeed } from './stream-feed.ts';
import { VideoTrack } from './video-track.ts';

/** How much sound is decoded before a moment so that the decoder has settled (RFC 7845 4.6: 80 ms) and holes are known. */
const WARM_UP_US = 500_000;
/** Step in which the pictures before the beginning are decoded, so that few are held. */
const CATCH_UP_US = 500_000;

type Track = { life: StreamLife } & ({ kind: 'audio'; sound: SoundTrack } | { kind: 'video'; video: VideoTrack });

/**
 * The captured streams of a room while they are rendered, from `fromUs` on.
 *
 * Streams enter when the history names them and go when they are over and read to their end; what was counted
 * of them stays. `close` gives everything native back and may be called twice.
 */
export class LiveStreams implements Disposable {
  readonly #bundle: BundleReader;
  readonly #fromUs: number;
  readonly #copied: boolean;
  /** Is told of what comes and what is seen. */
  readonly watch: ContentWatch;
  readonly #tracks = new Map<string, Track>();
  readonly #facts = new Map<string, StreamFacts>();
  readonly #reports = new Map<string, StreamReport>();

  /**
   * @param fromUs First moment that will be seen or heard.
   * @param watch Is told of what comes.
   * @param copied Whether pictures are not decoded but taken from the feeds of the tracks, from the first one on.
   */
  constructor(
    bundle: BundleReader,
    { fromUs, watch, copied = false }: { fromUs: number; watch: ContentWatch; copied?: boolean },
  ) {
    this.#bundle = bundle;
    this.#fromUs = fromUs;
    this.#copied = copied;
    this.watch = watch;
  }

  /** What the packets of the dumps say so far. */
  get facts(): ReadonlyMap<string, StreamFacts> {
    return this.#facts;
  }

  /** The sound streams that are there, and whose they are. */
  *sounds(): Generator<{ dump: string; userId: string; sound: SoundTrack }> {
    for (const [dump, track] of this.#tracks)
      if (track.kind === 'audio') yield { dump, userId: track.life.userId, sound: track.sound };
  }

  /** The picture streams that are there, in order of publishing, and their dumps. */
  *videos(): Generator<{ dump: string; life: StreamLife; video: VideoTrack }> {
    for (const [dump, track] of this.#tracks)
      if (track.kind === 'video') yield { dump, life: track.life, video: track.video };
  }

  /** The picture stream of a dump. */
  video(dump: string): VideoTrack | undefined {
    const track = this.#tracks.get(dump);
    return track?.kind === 'video' ? track.video : undefined;
  }

  /** Takes what the journal says of the streams now. Must come before `advance`: a dump's end is only known once its stream is over. */
  follow(streams: readonly StreamLife[]): void {
    for (const life of streams) {
      if (life.dump === null || this.#reports.has(life.dump)) continue;
      const track = this.#tracks.get(life.dump) ?? this.#open(life, life.dump);
      track.life = life;
      if (life.untilUs !== null) feedOf(track).end();
    }
  }

  /**
   * Reads on up to `untilUs`. Returns whether all that is waited for is there.
   * @param readUs When the history was read from the journal.
   * @throws file errors.
   */
  advance(untilUs: number, readUs: number): boolean {
    let whole = true;
    for (const [dump, track] of this.#tracks) {
      const { life } = track;
      if (life.fromUs > untilUs) continue;
      const feed = feedOf(track);
      const waited = isWaitedFor(life, untilUs, readUs);
      if (!feed.advance(untilUs, { impatient: !waited }) && waited) whole = false;
      const known = this.#facts.get(dump);
      if (feed.firstPacketUs !== null && known === undefined)
        this.#facts.set(dump, { firstPacketUs: feed.firstPacketUs, lastPacketUs: null });
      if (feed.finished && (known?.lastPacketUs ?? null) === null)
        this.#facts.set(dump, { firstPacketUs: feed.firstPacketUs, lastPacketUs: feed.lastPacketUs ?? life.fromUs });
    }
    return whole;
  }

  /** Decodes the pictures up to `picturesUs` and the sound up to `soundUs`. */
  decode({ picturesUs, soundUs }: { picturesUs: number; soundUs: number }): void {
    for (const track of this.#tracks.values()) {
      if (track.kind === 'audio') track.sound.hearUntil(soundUs);
      else if (!this.#copied) track.video.showUntil(picturesUs);
    }
  }

  /**
   * Lets go the streams that are over before `untilUs`.
   * @param isHeld Of which streams the last picture is shown further, as long as no newer one takes its place.
   */
  retire(untilUs: number, isHeld: (life: StreamLife) => boolean = () => false): void {
    for (const [dump, track] of this.#tracks) {
      if (track.kind === 'video' && this.#isNewest(track.life, untilUs) && isHeld(track.life)) continue;
      if (!feedOf(track).finished || (track.life.untilUs ?? Number.POSITIVE_INFINITY) >= untilUs - 1_000_000) continue;
      if ((this.#facts.get(dump)?.lastPacketUs ?? 0) >= untilUs - 1_000_000) continue;
      this.#reports.set(dump, reportOf(track));
      disposeTrack(track);
      this.#tracks.delete(dump);
    }
  }

  /** What was counted of every stream. */
  reports(): StreamReport[] {
    return [...this.#reports.values(), ...[...this.#tracks.values()].map(reportOf)];
  }

  [Symbol.dispose](): void {
    for (const track of this.#tracks.values()) disposeTrack(track);
    this.#tracks.clear();
  }

  /** Whether at `atUs` no later stream of the same source has begun. */
  #isNewest({ userId, source, fromUs }: StreamLife, atUs: number): boolean {
    for (const { kind, life } of this.#tracks.values()) {
      if (kind !== 'video' || life.userId !== userId || life.source !== source) continue;
      if (life.fromUs > fromUs && life.fromUs <= atUs) return false;
    }
    return true;
  }

  #open(life: StreamLife, dump: string): Track {
    const track: Track =
      life.kind === 'video'
        ? { life, kind: 'video', video: this.#openVideo(life, dump) }
        : { life, kind: 'audio', sound: this.#openSound(life, dump) };
    this.#tracks.set(dump, track);
    return track;
  }

  #openSound(life: StreamLife, dump: string): SoundTrack {
    const watch = this.watch.of(life, dump);
    const keep = (frame: EncodedFrame): boolean => frame.mediaUs >= this.#fromUs - WARM_UP_US;
    return new SoundTrack(new StreamFeed(this.#bundle.openDump(dump), { keep, watch }));
  }

  #openVideo(life: StreamLife, dump: string): VideoTrack {
    const watch = this.watch.of(life, dump);
    if (this.#copied || life.fromUs >= this.#fromUs)
      return new VideoTrack(new StreamFeed(this.#bundle.openDump(dump), { watch }));
    const first = this.#lastKeyFrame(life, dump);
    const video = new VideoTrack(
      new StreamFeed(this.#bundle.openDump(dump), { keep: ({ ordinal }) => ordinal >= first, watch }),
    );
    if (life.untilUs !== null) video.feed.end();
    for (let atUs = life.fromUs; atUs < this.#fromUs; atUs += CATCH_UP_US) {
      video.feed.advance(atUs);
      video.showUntil(atUs);
    }
    return video;
  }

  /** Ordinal of the key frame from which the picture at the beginning can be decoded: nothing before it need be. */
  #lastKeyFrame(life: StreamLife, dump: string): number {
    let ordinal = 0;
    const keep = (frame: EncodedFrame): boolean => {
      if (frame.key && frame.mediaUs <= this.#fromUs) ({ ordinal } = frame);
      return false;
    };
    const feed = new StreamFeed(this.#bundle.openDump(dump), { keep });
    if (life.untilUs !== null) feed.end();
    feed.advance(this.#fromUs, { impatient: true });
    feed.close();
    return ordinal;
  }
}

function feedOf(track: Track): StreamFeed {
  return track.kind === 'video' ? track.video.feed : track.sound.feed;
}

function disposeTrack(track: Track): void {
  if (track.kind === 'video') track.video[Symbol.dispose]();
  else track.sound[Symbol.dispose]();
}

function reportOf(track: Track): StreamReport {
  const { life } = track;
  const feed = feedOf(track);
  const { packets, lostPackets, duplicatePackets } = feed.counts;
  return {
    streamId: life.streamId,
    userId: life.userId,
    kind: life.kind,
    codec: feed.codec ?? 'unknown',
    packets,
    lostPackets,
    duplicatePackets,
    firstPacketUs: feed.firstPacketUs ?? life.fromUs,
    lastPacketUs: feed.lastPacketUs ?? life.fromUs,
    undecodable: track.kind === 'video' ? track.video.undecodable : track.sound.undecodable,
    ...breaksOf(track),
    clockDriftPpm: feed.clockDriftPpm,
    syncP95Ms: feed.watch?.syncP95Ms ?? null,
  };
}

type Breaks = Pick<
  StreamReport,
  'concealedMs' | 'freezes' | 'freezeMs' | 'keyFrameWaits' | 'keyFrameWaitMs' | 'resolutionChanges'
>;

function breaksOf(track: Track): Breaks {
  if (track.kind === 'audio') {
    const concealedMs = Math.round(track.sound.concealedSamples / 48);
    return { concealedMs, freezes: 0, freezeMs: 0, keyFrameWaits: 0, keyFrameWaitMs: 0, resolutionChanges: 0 };
  }
  const { life, video } = track;
  const { freezeUs, keyFrameWaitUs, ...counts } = video.history.facts(
    life.muted,
    video.feed.lastPacketUs ?? life.fromUs,
  );
  const toMs = (us: number): number => Math.round(us / 1000);
  return { concealedMs: 0, ...counts, freezeMs: toMs(freezeUs), keyFrameWaitMs: toMs(keyFrameWaitUs) };
}
