import { setTimeout as sleep } from 'node:timers/promises';
import { mjrHead, mjrRecord, TestBundle } from '../../packages/server/src/capture/mjr-testkit.ts';
import type { TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';
import { packetsOf, TASK_ID } from './bench-bundle.ts';
import type { CallerMedia } from './call-media.ts';

/** What Janus keeps back until it has that much. */
const JANUS_STEP_BYTES = 4096;
/** How often what has come since is written. */
const TICK_MS = 40;

/** A stream's dump without its head: the same for every call, since arrivals count from its first packet. */
type Records = { codec: CallerMedia['codec']; bytes: Buffer; ends: { atUs: number; endBytes: number }[] };

/** What two callers send, ready to be written into any number of bundles as time goes by. */
export class LiveCall {
  readonly #streams: Records[];
  readonly #seconds: number;

  constructor(callers: readonly CallerMedia[], seconds: number) {
    this.#seconds = seconds;
    this.#streams = callers.flatMap(({ codec, pictures, sounds }) => [
      recordsOf(codec, pictures, seconds),
      recordsOf('opus', sounds, seconds),
    ]);
  }

  /** Writes the bundle of a call that begins now, in real time. @param startUs Now, in µs since the epoch. */
  async play(folder: string, startUs: number, parameters: TaskParameters): Promise<void> {
    const bundle = new TestBundle(folder);
    const streams = this.#streams.map((records, index) => {
      const kind: 'audio' | 'video' = records.codec === 'opus' ? 'audio' : 'video';
      const [userId, streamId] = [`user${index >> 1}`, `user${index >> 1}-${kind}`];
      return { records, kind, userId, streamId, dump: `${streamId}.mjr`, writtenBytes: 0, next: 0 };
    });
    bundle.event({ atUs: startUs - 3000, type: 'roomOpened', sdkAppId: 1, roomId: '7', roomIdType: 'number' });
    bundle.event({ atUs: startUs - 2000, type: 'taskStarted', taskId: TASK_ID, fromUs: startUs - 2000, parameters });
    for (const userId of new Set(streams.map((stream) => stream.userId)))
      bundle.event({ atUs: startUs - 1500, type: 'userEntered', userId });
    for (const { records, userId, streamId, kind, dump } of streams) {
      const source = 'main' as const;
      bundle.event({
        atUs: startUs - 1000,
        type: 'streamPublished',
        userId,
        streamId,
        kind,
        source,
        muted: false,
        dump,
      });
      bundle.dump(dump, mjrHead(records, startUs));
    }
    const beganMs = performance.now();
    for (let elapsedUs = 0; elapsedUs < this.#seconds * 1_000_000; ) {
      // A clock is what this plays.
      await sleep(TICK_MS);
      elapsedUs = (performance.now() - beganMs) * 1000;
      for (const stream of streams) {
        const { records, dump, writtenBytes } = stream;
        while ((records.ends[stream.next]?.atUs ?? Number.POSITIVE_INFINITY) <= elapsedUs) stream.next += 1;
        const dueBytes = records.ends[stream.next - 1]?.endBytes ?? 0;
        const untilBytes = writtenBytes + Math.floor((dueBytes - writtenBytes) / JANUS_STEP_BYTES) * JANUS_STEP_BYTES;
        if (untilBytes === writtenBytes) continue;
        bundle.dump(dump, records.bytes.subarray(writtenBytes, untilBytes));
        stream.writtenBytes = untilBytes;
      }
    }
    const untilUs = startUs + this.#seconds * 1_000_000;
    for (const { records, userId, streamId, dump, writtenBytes } of streams) {
      bundle.dump(dump, records.bytes.subarray(writtenBytes));
      bundle.event({ atUs: untilUs, type: 'streamUnpublished', userId, streamId, reason: 'normal' });
    }
    bundle.event({ atUs: untilUs, type: 'taskStopped', taskId: TASK_ID, untilUs, reason: 'roomClosed' });
    bundle.event({ atUs: untilUs, type: 'roomClosed' });
  }
}

function recordsOf(codec: CallerMedia['codec'], frames: CallerMedia['pictures'], seconds: number): Records {
  const parts: Buffer[] = [];
  const ends: Records['ends'] = [];
  let endBytes = 0;
  for (const packet of packetsOf({ codec, frames, seconds, ssrc: 1000, fromUs: 0 })) {
    const record = mjrRecord(packet, 0);
    parts.push(record);
    endBytes += record.length;
    ends.push({ atUs: packet.arrivalUs, endBytes });
  }
  return { codec, bytes: Buffer.concat(parts), ends };
}
