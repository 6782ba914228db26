import type { Frame } from 'node-av/lib';
import type { Alarm, AlarmParameters } from '../recording/alarm-parameters.ts';
import type { StreamLife } from '../timeline/index.ts';
import { withinLife, withoutParts } from './alarm-span.ts';
import { type Gap, GapMeter, type GapState } from './gap-meter.ts';
import { LossMeter } from './loss-meter.ts';
import { PictureHistory, type PictureHistoryState } from './picture-history.ts';
import { lookAtPicture } from './picture-watch.ts';
import { isHeard } from './silence-meter.ts';
import { SoundHistory, type SoundHistoryState } from './sound-history.ts';
import { SyncMeter, type SyncState } from './sync-meter.ts';

/** Pictures are looked at this often: what stands still or is black for seconds needs no more. */
const LOOK_EVERY_US = 500_000;

/** What counts, as `AlarmParameters` documents it. */
export const DEFAULT_ALARMS: Required<AlarmParameters> = Object.freeze({
  missingS: 10,
  blackS: 30,
  frozenS: 10,
  silentS: 60,
  lossPercent: 10,
});

/** What is to be watched, and since when. */
export type WatchOptions = {
  alarms?: AlarmParameters | undefined;
  /** Beginning of the task's window. */
  fromUs: number;
  /** What is rendered: nothing else is decoded, so of other streams the packets are all that is watched. Default both. */
  media?: { picture: boolean; sound: boolean };
};

/** What a watch knows that packets do not tell a second time: it is kept beside the segments. */
export type StreamWatchState = {
  lookedUs: number;
  print: number | null;
  isBlack: boolean;
  changed: GapState;
  bright: GapState;
  heard: GapState;
  lastFrame: number;
  pictures: PictureHistoryState;
  sounds: SoundHistoryState;
  shownUs: number | null;
  paintedUs: number;
  sync: SyncState;
};

/** Where a stream was looked at: in the call, and in what was rendered of it. */
export type WatchWindow = {
  /** The task's window. */
  task: Gap;
  /** What of it is in the file. */
  file: Gap;
  /** What is in no file. */
  pauses: readonly Gap[];
};

/**
 * Watches one stream while it is rendered: its packets, its pictures at two moments a second, its blocks of sound.
 * What it finds depends on the capture alone, however often the render was started again.
 */
export class StreamWatch {
  /** What is counted of its pictures, and of its sound. */
  readonly pictures: PictureHistory;
  readonly sounds: SoundHistory;
  readonly #limits: Required<AlarmParameters>;
  readonly #fromUs: number;
  readonly #arrived: GapMeter;
  readonly #loss: LossMeter;
  readonly #changed: GapMeter;
  readonly #bright: GapMeter;
  readonly #heard: GapMeter;
  readonly #sync: SyncMeter;
  #lookedUs: number;
  #print: number | null;
  #isBlack: boolean;
  #lastFrame: number;
  #shownUs: number | null;
  #paintedUs: number;

  /**
   * @param life Of the stream, as it is known when it is published.
   * @param state What a watch before this one knew at the moment from which the render goes on.
   */
  constructor(
    life: StreamLife,
    {
      alarms = {},
      fromUs,
      media = { picture: true, sound: true },
      state,
    }: WatchOptions & { state?: StreamWatchState | undefined },
  ) {
    this.#limits = { ...DEFAULT_ALARMS, ...alarms };
    this.#fromUs = fromUs;
    const { missingS, blackS, frozenS, silentS, lossPercent } = this.#limits;
    const meter = (leastS: number, before?: GapState): GapMeter =>
      new GapMeter({ fromUs: life.fromUs, leastUs: leastS * 1_000_000, state: before });
    const isPicture = life.kind === 'video' && media.picture;
    this.#arrived = meter(missingS);
    this.#loss = new LossMeter({ fromUs, limitPercent: lossPercent });
    this.#changed = meter(isPicture && life.source === 'main' ? frozenS : 0, state?.changed);
    this.#bright = meter(isPicture ? blackS : 0, state?.bright);
    this.#heard = meter(life.kind === 'audio' && media.sound ? silentS : 0, state?.heard);
    this.#sync = new SyncMeter(state?.sync);
    this.#lookedUs = state?.lookedUs ?? fromUs;
    this.#print = state?.print ?? null;
    this.#isBlack = state?.isBlack ?? false;
    this.#lastFrame = state?.lastFrame ?? -1;
    // Pictures that are copied are all read again.
    this.pictures = new PictureHistory(media.picture ? state?.pictures : undefined);
    this.sounds = new SoundHistory(state?.sounds);
    this.#shownUs = state?.shownUs ?? null;
    this.#paintedUs = state?.paintedUs ?? 0;
  }

  /** 95th percentile of how far the stream is from its times in the file, in ms; null when nothing of it is there. */
  get syncP95Ms(): number | null {
    return this.#sync.p95Ms;
  }

  /** A packet of this media time is there. */
  arrived(mediaUs: number): void {
    this.#arrived.seen(mediaUs);
  }

  /** The next packet in the order of sequence. */
  ordered(packet: { epoch: number; sequence: number; mediaUs: number }): void {
    this.#loss.push(packet);
  }

  /** The stream is decoded up to `atUs`; `picture` gives what is seen then, when it is asked for. */
  seenAt(atUs: number, picture: () => Frame | null): void {
    // Moments are those of the clock and not of a render's beginning: all renders of a call look at the same ones.
    if (Math.floor(atUs / LOOK_EVERY_US) <= Math.floor(this.#lookedUs / LOOK_EVERY_US)) return;
    this.#lookedUs = atUs;
    const frame = picture();
    const look = frame === null ? null : lookAtPicture(frame);
    if (look !== null && look.print !== this.#print) this.#changed.seen(atUs);
    // Where there is no picture nothing is black: that is missing or frozen. Black begins with the first black picture.
    const isBlack = look?.black === true;
    if (!isBlack || !this.#isBlack) this.#bright.seen(atUs);
    this.#isBlack = isBlack;
    this.#print = look?.print ?? null;
  }

  /** A picture of this media time is in the file from `atUs` on. Told for every frame of the file that shows it. */
  shown(mediaUs: number, atUs: number): void {
    // What a render before this one has painted is painted again up to where it was.
    if (mediaUs === this.#shownUs || atUs <= this.#paintedUs) return;
    this.#shownUs = mediaUs;
    this.#paintedUs = atUs;
    this.#sync.add(atUs - mediaUs);
  }

  /** Takes the next coded frame. False: a render before this one has counted it. */
  takes(ordinal: number): boolean {
    if (ordinal <= this.#lastFrame) return false;
    this.#lastFrame = ordinal;
    return true;
  }

  /**
   * A block of sound was decoded that was not taken before.
   * @param offUs How far it is played from its time at most.
   */
  block(mediaUs: number, offUs: number, samples: readonly Float32Array[]): void {
    if (mediaUs < this.#fromUs) return;
    this.#sync.add(offUs);
    if (!isHeard(samples)) return;
    this.#heard.seen(mediaUs);
    this.#heard.seen(mediaUs + (samples[0]?.length ?? 0) / 0.048);
  }

  /** What must be known to go on from here. */
  get state(): StreamWatchState {
    return {
      lookedUs: this.#lookedUs,
      print: this.#print,
      isBlack: this.#isBlack,
      changed: this.#changed.state,
      bright: this.#bright.state,
      heard: this.#heard.state,
      lastFrame: this.#lastFrame,
      pictures: this.pictures.state,
      sounds: this.sounds.state,
      shownUs: this.#shownUs,
      paintedUs: this.#paintedUs,
      sync: this.#sync.state,
    };
  }

  /**
   * What was wrong with the stream. What is missing is not told of again as black, frozen or silent, nor what is
   * black as frozen.
   * @param life As it is known at the end.
   */
  alarms(life: StreamLife, { task, file, pauses }: WatchWindow): Alarm[] {
    const { userId, streamId } = life;
    const { missingS, blackS, frozenS, silentS } = this.#limits;
    const found = (meter: GapMeter, leastS: number, window: Gap, told: readonly Gap[]): Gap[] =>
      withoutParts(withinLife(meter.gaps(window.untilUs), life, window), told).filter(
        ({ fromUs, untilUs }) => untilUs - fromUs >= leastS * 1_000_000,
      );
    const missing = found(this.#arrived, missingS, task, pauses);
    const black = found(this.#bright, blackS, file, [...pauses, ...missing]);
    const frozen = found(this.#changed, frozenS, file, [...pauses, ...missing, ...black]);
    const silent = found(this.#heard, silentS, file, [...pauses, ...missing]);
    const alarm =
      (kind: Alarm['kind']) =>
      ({ fromUs, untilUs }: Gap): Alarm => ({
        kind,
        userId,
        streamId,
        fromUs: Math.round(fromUs),
        untilUs: Math.round(untilUs),
      });
    return [
      ...missing.map(alarm('missing')),
      ...black.map(alarm('black')),
      ...frozen.map(alarm('frozen')),
      ...silent.map(alarm('silent')),
      ...this.#loss.finish().flatMap(({ percent, ...span }) =>
        withoutParts(withinLife([span], { ...life, muted: [] }, task), pauses).map((part) => ({
          ...alarm('loss')(part),
          lossPercent: Math.round(percent * 10) / 10,
        })),
      ),
    ];
  }
}
