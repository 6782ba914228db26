import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderReport } from '../recording/render-protocol.ts';
import type { RoomHistory, StreamLife } from '../timeline/index.ts';
import { writeDurably } from './durable-file.ts';
import type { Gap } from './gap-meter.ts';
import { LeftOutMeter, type LeftOutState } from './left-out-meter.ts';
import { StreamWatch, type StreamWatchState, type WatchOptions, type WatchWindow } from './stream-watch.ts';

type WatchState = { version: 1; streams: Record<string, StreamWatchState>; leftOut: LeftOutState };

const NOTHING: WatchState = { version: 1, streams: {}, leftOut: { open: [], over: [] } };

/**
 * Watches what is rendered: each stream, and who had no place.
 *
 * After a crash packets are read again from the beginning of their dumps; pictures and sound are not. What was seen
 * of those is kept with every segment, as it was at the segment's end: `mark` when a segment's last frame is made,
 * `keep` before the segment is written, some frames later. `resume` goes on from what was kept with the last one.
 */
export class ContentWatch {
  readonly #workFolder: string;
  readonly #options: WatchOptions;
  readonly #before: WatchState;
  readonly #streams = new Map<string, StreamWatch>();
  readonly #leftOut: LeftOutMeter;
  readonly #marks = new Map<number, string>();

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

  /** All frames of the segment are made, and none of the next one. */
  mark(segment: number): void {
    this.#marks.set(segment, JSON.stringify(this.#state));
  }

  /** Keeps what is known at the end of a segment that is about to be written. @throws file errors. */
  keep(segment: number): void {
    // The last segment of a file has no frame behind it.
    const state = this.#marks.get(segment) ?? JSON.stringify(this.#state);
    this.#marks.delete(segment);
    writeDurably(statePath(this.#workFolder, segment), Buffer.from(state));
    // That of the segment before is needed until this segment is there.
    rmSync(statePath(this.#workFolder, segment - 2), { force: true });
  }

  /**
   * What was wrong, and who had no place.
   * @param history At the end.
   * @param file What of the task's window is in the file.
   */
  report({ streams, task }: RoomHistory, file: Gap): Pick<RenderReport, 'alarms' | 'leftOut'> {
    const window: WatchWindow = {
      task: { fromUs: this.#options.fromUs, untilUs: task?.untilUs ?? file.untilUs },
      file,
    };
    const alarms = streams
      .flatMap((life) => (life.dump === null ? [] : (this.#streams.get(life.dump)?.alarms(life, window) ?? [])))
      .sort((a, b) => a.fromUs - b.fromUs);
    return { alarms, leftOut: this.#leftOut.until(file.untilUs) };
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
