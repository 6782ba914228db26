import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEvent } from '../capture/journal-event.ts';
import { TestBundle, type TestStream } from '../capture/mjr-testkit.ts';
import type { RenderMessage, RenderOrder } from '../recording/render-protocol.ts';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../recording/task-parameters.ts';
import { FileClock } from './file-clock.ts';
import { type RenderPlan, readPlan } from './render-plan.ts';
import {
  dumpPieces,
  type Journey,
  type SignalFrame,
  type TestPicture,
  testPicture,
  testSound,
  travel,
} from './test-signal.ts';

/** The dialect of events without number and time. */
type Happening = JournalEvent extends infer E ? (E extends JournalEvent ? Omit<E, 'seq' | 'atUs'> : never) : never;
/** The network of a stream. */
export type Network = Omit<Journey, 'stream' | 'frames' | 'fromUs'>;

/** A smaller canvas than the default, so that tests are quick. */
export const TEST_PARAMETERS: TaskParameters = {
  ...DEFAULT_TASK_PARAMETERS,
  video: { widthPx: 640, heightPx: 360, fps: 15, bitrateBps: 600_000, keyframeIntervalS: 2 },
};

/** What Janus keeps back until it has that much. */
const JANUS_STEP_BYTES = 4096;

const pictures = new Map<string, SignalFrame[]>();
const sounds = new Map<string, SignalFrame[]>();

/**
 * A call that is planned first and then written as a bundle: all at once, or as time goes by. Times of the
 * plan are seconds from the beginning of the call, in which all flash and sound at every whole second.
 */
export class TestCall {
  readonly startUs: number;
  readonly #happenings: { atUs: number; write: (bundle: TestBundle) => void }[] = [];
  readonly #ends = new Map<string, number>();
  #streams = 0;

  constructor(startUs = 1_790_000_000_000_000) {
    this.startUs = startUs;
    this.event(-0.2, { type: 'roomOpened', sdkAppId: 1, roomId: '7', roomIdType: 'number' });
  }

  /** Something happens at `atS`. */
  event(atS: number, happening: Happening): void {
    const atUs = this.#us(atS);
    this.#happenings.push({
      atUs,
      write: (bundle) => bundle.event({ ...happening, atUs } as Omit<JournalEvent, 'seq'> as never),
    });
  }

  /** The task begins and ends. */
  task(fromS: number, untilS: number, parameters = TEST_PARAMETERS, stoppedS = untilS): void {
    this.event(fromS, { type: 'taskStarted', taskId: 't1', fromUs: this.#us(fromS), parameters });
    this.event(stoppedS, { type: 'taskStopped', taskId: 't1', untilUs: this.#us(untilS), reason: 'roomClosed' });
  }

  /** The task is given other parameters. */
  modify(atS: number, parameters: TaskParameters): void {
    this.event(atS, { type: 'taskModified', taskId: 't1', parameters });
  }

  /** Nothing is in the file from here to there. */
  pause(fromS: number, untilS: number): void {
    this.event(fromS, { type: 'taskPaused', taskId: 't1' });
    this.event(untilS, { type: 'taskResumed', taskId: 't1' });
  }

  /** A user is in the room. `enterS` is a little before his first packet. */
  user(userId: string, { fromS, untilS }: { fromS: number; untilS: number }): void {
    this.event(fromS - 0.1, { type: 'userEntered', userId });
    this.event(untilS, { type: 'userLeft', userId, reason: 'normal' });
  }

  /**
   * A stream is published from `fromS` to `untilS`. `frames` have their times from the call's beginning.
   * @param dataUntilS When its packets end, if that is not when it ends.
   */
  stream(
    userId: string,
    codec: TestStream['codec'],
    frames: readonly SignalFrame[],
    {
      fromS,
      untilS,
      dataUntilS = untilS,
      reason = 'normal',
      network = {},
      source = 'main',
      uncaptured,
    }: {
      fromS: number;
      untilS: number;
      dataUntilS?: number;
      reason?: 'normal' | 'timeout';
      network?: Network;
      source?: 'main' | 'aux';
      /** From when to when nothing is captured; what is captured behind it is in another dump. */
      uncaptured?: { fromS: number; untilS: number } | undefined;
    },
  ): string {
    this.#streams += 1;
    const kind = codec === 'opus' ? 'audio' : 'video';
    const streamId = `${userId}-${kind}-${this.#streams}`;
    const dump = `${streamId}.mjr`;
    const stream: TestStream = {
      codec,
      ssrc: 1000 + this.#streams,
      firstSequence: 65_500 + this.#streams,
      firstRtpTime: 2 ** 32 - 50_000 * this.#streams,
    };
    const clockHz = codec === 'opus' ? 48_000 : 90_000;
    const sent = frames.filter(({ rtpTime }) => rtpTime >= fromS * clockHz && rtpTime < dataUntilS * clockHz);
    this.event(fromS - 0.05, { type: 'streamPublished', userId, streamId, kind, source, muted: false, dump });
    const packets = travel({ stream, frames: sent, fromUs: this.startUs, ...network });
    const put = (name: string, dumped: typeof packets): void => {
      for (const { atUs, bytes } of dumpPieces(stream, dumped))
        this.#happenings.push({ atUs, write: (bundle) => bundle.dump(name, bytes) });
    };
    if (uncaptured === undefined) put(dump, packets);
    else {
      const [offUs, onUs] = [this.#us(uncaptured.fromS), this.#us(uncaptured.untilS)];
      const again = `${streamId}-again.mjr`;
      put(
        dump,
        packets.filter(({ arrivalUs }) => arrivalUs < offUs),
      );
      put(
        again,
        packets.filter(({ arrivalUs }) => arrivalUs >= onUs),
      );
      this.event(uncaptured.fromS, { type: 'streamCaptured', userId, streamId, dump: null });
      this.event(uncaptured.untilS, { type: 'streamCaptured', userId, streamId, dump: again });
      this.#ends.set(again, this.#us(untilS));
    }
    this.#ends.set(dump, this.#us(untilS));
    this.event(untilS, { type: 'streamUnpublished', userId, streamId, reason });
    return streamId;
  }

  /** A user with picture and sound in the ordinary way. */
  caller(
    userId: string,
    {
      color,
      pitchHz,
      codec,
      fromS,
      untilS,
      network = {},
      uncaptured,
      ...picture
    }: Omit<TestPicture, 'seconds'> & {
      pitchHz: number;
      fromS: number;
      untilS: number;
      network?: Network;
      uncaptured?: { fromS: number; untilS: number };
    },
  ): void {
    this.user(userId, { fromS, untilS });
    this.stream(userId, 'opus', cachedSound({ pitchHz, fromS, seconds: untilS - fromS }), {
      fromS,
      untilS,
      network,
      uncaptured,
    });
    this.stream(userId, codec, cachedPicture({ ...picture, codec, color, fromS, seconds: untilS - fromS }), {
      fromS,
      untilS,
      network,
      uncaptured,
    });
  }

  /** Writes the whole bundle. */
  write(folder: string): void {
    const bundle = new TestBundle(folder);
    for (const { write } of this.#sorted()) write(bundle);
  }

  /** Writes the bundle as time goes by, dumps in steps of 4 KB as Janus does. `startUs` must be about now. */
  async play(folder: string, nowUs: () => number): Promise<void> {
    const bundle = new TestBundle(folder);
    const held = new Map<string, Buffer>();
    const buffered = {
      event: bundle.event.bind(bundle),
      dump: (name: string, bytes: Buffer) => {
        const waiting = Buffer.concat([held.get(name) ?? Buffer.alloc(0), bytes]);
        const steps = Math.floor(waiting.length / JANUS_STEP_BYTES) * JANUS_STEP_BYTES;
        if (steps > 0) bundle.dump(name, waiting.subarray(0, steps));
        held.set(name, waiting.subarray(steps));
      },
    } as TestBundle;
    const flush = (name: string): void => {
      bundle.dump(name, held.get(name) ?? Buffer.alloc(0));
      held.delete(name);
    };
    for (const { atUs, write } of this.#sorted()) {
      const waitMs = (atUs - nowUs()) / 1000;
      // A clock is what this plays.
      if (waitMs > 5) await new Promise((resolve) => setTimeout(resolve, waitMs));
      for (const [name, endUs] of this.#ends) if (held.has(name) && endUs <= atUs) flush(name);
      write(buffered);
    }
  }

  #sorted(): { atUs: number; write: (bundle: TestBundle) => void }[] {
    return [...this.#happenings].sort((a, b) => a.atUs - b.atUs);
  }

  #us(atS: number): number {
    return this.startUs + Math.round(atS * 1_000_000);
  }
}

/** The test picture with times from the call's beginning; encoded once for all tests. */
export function cachedPicture(options: TestPicture): SignalFrame[] {
  const key = JSON.stringify(options);
  const frames =
    pictures.get(key) ??
    testPicture(options).map(({ rtpTime, data }) => ({
      rtpTime: rtpTime + Math.round((options.fromS ?? 0) * 90_000),
      data,
    }));
  pictures.set(key, frames);
  return frames;
}

/** The test sound with times from the call's beginning; encoded once for all tests. */
export function cachedSound(options: { pitchHz: number; seconds: number; fromS?: number }): SignalFrame[] {
  const key = JSON.stringify(options);
  const frames =
    sounds.get(key) ??
    testSound(options).map(({ rtpTime, data }) => ({
      rtpTime: rtpTime + Math.round((options.fromS ?? 0) * 48_000),
      data,
    }));
  sounds.set(key, frames);
  return frames;
}

/** The order for a bundle; everything of it lies in one folder. */
export function orderFor(folder: string): RenderOrder {
  return {
    taskId: 't1',
    bundleFolder: join(folder, 'bundle'),
    workFolder: join(folder, 'work'),
    outFolder: join(folder, 'out'),
    baseName: '1_7',
    indexAlways: true,
  };
}

/** The mixed reel of an order that was rendered: its plan, and where its segments lie. @throws {Error} when there is none. */
export function mixedReel(order: RenderOrder): { order: RenderOrder; reel: { plan: RenderPlan; clock: FileClock } } {
  const workFolder = join(order.workFolder, 'mixed');
  const plan = readPlan(workFolder);
  if (plan === null) throw new Error('no plan');
  return { order: { ...order, workFolder }, reel: { plan, clock: new FileClock(plan.startUs) } };
}

/** Names of the files in a folder, without stills. */
export function recordingsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !/\.(poster\.jpg|thumbnails\.(jpg|vtt))$/.test(name))
    .sort();
}

/** Starts a render child as the server does. */
export function startRender(order: RenderOrder): {
  child: ChildProcess;
  messages: RenderMessage[];
  ended: Promise<{ code: number | null; signal: string | null }>;
} {
  const child = fork(join(import.meta.dirname, 'main.ts'), [JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const messages: RenderMessage[] = [];
  child.on('message', (message: RenderMessage) => messages.push(message));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => {
      // Messages may still lie in the channel; it is closed when all are read.
      if (child.connected) child.once('disconnect', () => resolve({ code, signal }));
      else resolve({ code, signal });
    });
  });
  return { child, messages, ended };
}

/** Whether a render says that it has made so many segments, or that it is over. */
export function hasMade(message: RenderMessage, segments: number): boolean {
  if (message.type === 'progress') return message.segments >= segments;
  return message.type !== 'usage';
}

/** Renders to the end. @throws {Error} when it does not finish. */
export async function renderToEnd(order: RenderOrder): Promise<Extract<RenderMessage, { type: 'finished' }>> {
  const { messages, ended } = startRender(order);
  const { code, signal } = await ended;
  const last = messages.at(-1);
  if (code !== 0 || last?.type !== 'finished')
    throw new Error(`render ended with ${code ?? signal}: ${JSON.stringify(last)}`);
  return last;
}
