import { isMuted, type RoomHistory, type StreamLife } from './room-history.ts';
import type { StreamFacts } from './scene.ts';

/**
 * How long the journal may lag behind the clock of the machine that writes it: what has not been journalled
 * within this time after a moment did not happen at it. Also longer than Janus keeps a video dump's 4 KB.
 */
export const JOURNAL_SETTLES_US = 2_500_000;

/** Media time of output frame `index`: exact to the microsecond, never summed up. */
export function frameTimeUs(startUs: number, index: number, fps: number): number {
  return startUs + Math.round((index * 1_000_000) / fps);
}

/**
 * Whether the journal may still tell of something that happened at `tUs`, so that a live render must wait.
 */
export function isJournalOpenAt(history: RoomHistory, tUs: number, nowUs: number): boolean {
  const stopped = history.closed || (history.task !== null && history.task.untilUs !== null);
  return !stopped && tUs > nowUs - JOURNAL_SETTLES_US;
}

/**
 * Whether the packets of a stream up to `tUs` must be there before `tUs` can be shown. A camera that is off at
 * that time or now is not waited for, since it sends nothing; muted sound is, since it sends silence.
 */
export function isWaitedFor(stream: StreamLife, tUs: number): boolean {
  if (stream.dump === null || stream.fromUs > tUs) return false;
  if (stream.untilUs !== null || stream.kind === 'audio') return true;
  return !isMuted(stream, tUs) && stream.muted.at(-1)?.untilUs !== null;
}

/**
 * End of the file, or null while it is not reached at `tUs`: the end of the task's window, or before it the
 * end of the last packet of the streams that are open and unmuted when the window ends.
 * @param facts Of every stream; those that are settled up to `tUs` and have no more packets have `lastPacketUs`.
 */
export function fileEndUs(history: RoomHistory, facts: ReadonlyMap<string, StreamFacts>, tUs: number): number | null {
  const untilUs = history.task?.untilUs ?? null;
  if (untilUs === null) return null;
  const sending = history.streams.filter((stream) => stream.dump !== null && isSendingBefore(stream, untilUs));
  let lastUs = Number.NEGATIVE_INFINITY;
  for (const { dump } of sending) {
    const lastPacketUs = facts.get(dump ?? '')?.lastPacketUs ?? null;
    if (lastPacketUs === null) return tUs >= untilUs ? untilUs : null;
    lastUs = Math.max(lastUs, lastPacketUs);
  }
  const endUs = sending.length === 0 ? untilUs : Math.min(untilUs, lastUs);
  return tUs >= endUs ? endUs : null;
}

/** Whether the stream is open and not muted just before `tUs`. */
function isSendingBefore(stream: StreamLife, tUs: number): boolean {
  return stream.fromUs < tUs && (stream.untilUs === null || stream.untilUs >= tUs) && !isMuted(stream, tUs - 1);
}
