import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Alarm } from '../recording/alarm-parameters.ts';
import type { LeftOut } from '../recording/render-protocol.ts';
import type { RoomHistory, StreamLife } from '../timeline/index.ts';
import { writeDurably } from './durable-file.ts';
import type { Gap } from './gap-meter.ts';
import { LeftOutMeter, type LeftOutState } from './left-out-meter.ts';
import { StreamWatch, type StreamWatchState, type WatchOptions, type WatchWindow } from './stream-watch.ts';
import type { UsageMeterState } from './usage-meter.ts';

type WatchState = {
  version: 1;
  streams: Record<string, StreamWatchState>;
  leftOut: LeftOutState;
  /** Missing in what a version before this one has written. */
  usage?: UsageMeterState;
};

const NOTHING: WatchState = { version: 1, streams: {}, leftOut: { open: [], over: [], atUs: 0 } };

/**
 * Watches what is rendered: each stream, and who had no place.
 *
 * After a crash packets are read again from the beginning of their dumps; pictures and sound are not. What was seen
 * of those is kept with every segment, a little beyond its end; `resume` goes on from what was kept with the last one,
 * and passes over what is decoded or painted a second time.
 */
export class ContentWatch {
  readonly #workFolder: string;
  readonly #options: WatchOptions;
  readonly #before: WatchState;
  readonly #streams = new Map<string, StreamWatch>();
  readonly #leftOut: LeftOutMeter;

  private constructor(workFolder: string, options: WatchOptions, before: WatchState) {
    this.#workFolder = workFolder;
    this.#options = options;
    this.#before = before;
    this.#leftOut = new LeftOutMeter(before.leftOut);
  }

  /** @param segments That are there already. @throws file errors. */
  static resume(workFolder: string, options: WatchOptions, segments: number): ContentWatch {
    const before = segments === 0 ? null : readState(statePath(workFolder, segments - 1));
    return new ContentWatch(workFolder, options, before ?? NOTHING);
  }

  /** What had been counted of the reel when the last segment was written that is there. */
  get usageBefore(): UsageMeterState | undefined {
    return this.#before.usage;
  }

  /** The watch of a captured stream; the same one for the same dump. */
  of(life: StreamLife, dump: string): StreamWatch {
    const known = this.#streams.get(dump);
    if (known !== undefined) return known;
    const state = this.#before.streams[dump];
    const watch = new StreamWatch(life, { ...this.#options, state });
    this.#streams.set(dump, watch);
    return watch;
  }

  /**
   * A frame of the file is painted.
   * @param shownUs Media time of the picture that a dump shows now.
   */
  painted(
    {
      places,
      leftOut,
    }: { places: readonly { picture: { dump: string; notBeforeUs: number } | null }[]; leftOut: readonly string[] },
    atUs: number,
    shownUs: (dump: string) => number | null,
  ): void {
    this.#leftOut.at(atUs, leftOut);
    for (const { picture } of places) {
      if (picture === null) continue;
      const mediaUs = shownUs(picture.dump);
      if (mediaUs !== null && mediaUs >= picture.notBeforeUs) this.#streams.get(picture.dump)?.shown(mediaUs, atUs);
    }
  }

  /** Keeps what is known before a segment is written, with what has been counted. @throws file errors. */
  keep(segment: number, usage: UsageMeterState): void {
    writeDurably(statePath(this.#workFolder, segment), Buffer.from(JSON.stringify({ ...this.#state, usage })));
    // That of the segment before is needed until this segment is there.
    rmSync(statePath(this.#workFolder, segment - 2), { force: true });
  }

  /**
   * What was wrong, by the names of the streams that were watched; the list of one with which nothing was is empty.
   * @param history At the end; of the streams only those parts that are recorded.
   * @param file What of the task's window is in the file.
   */
  alarms({ streams, task }: RoomHistory, file: Gap): Map<string, Alarm[]> {
    const taskSpan = { fromUs: this.#options.fromUs, untilUs: task?.untilUs ?? file.untilUs };
    const pauses = (task?.pauses ?? []).map((span) => ({ ...span, untilUs: span.untilUs ?? Number.POSITIVE_INFINITY }));
    const window: WatchWindow = { task: taskSpan, file, pauses };
    const alarms = new Map<string, Alarm[]>();
    for (const life of streams) {
      const watch = life.dump === null ? undefined : this.#streams.get(life.dump);
      if (watch === undefined) continue;
      alarms.set(life.streamId, [...(alarms.get(life.streamId) ?? []), ...watch.alarms(life, window)]);
    }
    return alarms;
  }

  /** Who had no place before `untilUs`, and when. */
  leftOut(untilUs: number): LeftOut[] {
    return this.#leftOut.until(untilUs);
  }

  get #state(): WatchState {
    const streams = Object.fromEntries([...this.#streams].map(([dump, watch]) => [dump, watch.state]));
    return { version: 1, streams, leftOut: this.#leftOut.state };
  }
}

function statePath(workFolder: string, segment: number): string {
  return join(workFolder, `watch-${String(segment).padStart(6, '0')}.json`);
}

/** Null when there is none: a version before this one has written the segments. */
function readState(path: string): WatchState | null {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const value: unknown = JSON.parse(json);
  return isState(value) ? value : null;
}

/** Written by this class only, wholly or not at all. */
function isState(value: unknown): value is WatchState {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1;
}
