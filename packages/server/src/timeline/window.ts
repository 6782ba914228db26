import { isMuted, type RoomHistory, type StreamLife } from './room-history.ts';
import type { StreamFacts } from './room-pictures.ts';

/**
 * How long the journal may lag behind the clock of the machine that writes it: what has not been journalled
 * within this time after a moment did not happen at it. Also longer than Janus keeps a video dump's 4 KB.
 */
export const JOURNAL_SETTLES_US = 2_500_000;

/**
 * A stream that is open and sends nothing holds a live render no longer than this: a page that never connects, or a
 * still screen, must not keep the others' file waiting until hang-up. Longer than the default media time-out, after
 * which a vanished caller's streams are closed and all of their packets are on disk; in a longer hole a live
 * file may lack the 4 KB that Janus had not written before it. The capture has them.
 */
export const STALLED_US = 12_000_000;

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
 * that time or now is not waited for, since it sends nothing; muted sound is, since it sends silence. A stream
 * that ought to send and has not been heard of for {@link STALLED_US} is given up for that time.
 * @param nowUs When the journal was read.
 */
export function isWaitedFor(stream: StreamLife, tUs: number, nowUs: number): boolean {
  if (stream.dump === null || stream.fromUs > tUs) return false;
  if (stream.untilUs !== null) return true;
  if (tUs < nowUs - STALLED_US) return false;
  if (stream.kind === 'audio') return true;
  return !isMuted(stream, tUs) && stream.muted.at(-1)?.untilUs !== null;
}

/**
 * End of the file, or null while it is not reached at `tUs`: the end of the task's window, or before it the end
 * of what was there. While somebody is in the room that is the last packet of the streams that are open and
 * unmuted; in an empty room it is when the last one left, or sent the last packet before vanishing.
 * @param facts Of every stream; those that are settled up to `tUs` and have no more packets have `lastPacketUs`.
 */
export function fileEndUs(history: RoomHistory, facts: ReadonlyMap<string, StreamFacts>, tUs: number): number | null {
  const untilUs = history.task?.untilUs ?? null;
  if (untilUs === null) return null;
  const empty = isEmptyBefore(history, untilUs);
  const sending = history.streams.filter((stream) => isSendingBefore(stream, untilUs));
  const lastUs = empty ? emptiedUs(history, facts) : lastPacketUs(sending, facts);
  // Not known yet: something of it comes later than `tUs`.
  if (lastUs === 'open') return tUs >= untilUs ? untilUs : null;
  const endUs = Math.min(untilUs, lastUs ?? untilUs);
  return tUs >= endUs ? endUs : null;
}

/** Whether somebody was in the room, and just before `tUs` nobody is. */
function isEmptyBefore({ stays }: RoomHistory, tUs: number): boolean {
  return stays.length > 0 && stays.every((stay) => stay.untilUs !== null && stay.untilUs < tUs);
}

/** End of the last packet of the streams; null: there is none, `open`: not known yet. */
function lastPacketUs(streams: readonly StreamLife[], facts: ReadonlyMap<string, StreamFacts>): number | null | 'open' {
  let lastUs: number | null = null;
  for (const { dump, untilUs, isCut = false } of streams) {
    if (dump === null) continue;
    const endUs = (isCut ? untilUs : facts.get(dump)?.lastPacketUs) ?? null;
    if (endUs === null) return 'open';
    lastUs = Math.max(lastUs ?? endUs, endUs);
  }
  return lastUs;
}

/** When the room, in which nobody is any more, became empty in truth. */
function emptiedUs(history: RoomHistory, facts: ReadonlyMap<string, StreamFacts>): number | null | 'open' {
  let emptyUs: number | null = null;
  for (const { userId, fromUs, untilUs, vanished } of history.stays) {
    const own = history.streams.filter((stream) => stream.userId === userId);
    const lastUs = vanished ? (lastPacketUs(own, facts) ?? fromUs) : untilUs;
    if (lastUs === 'open' || lastUs === null) return lastUs === null ? null : 'open';
    emptyUs = Math.max(emptyUs ?? lastUs, lastUs);
  }
  return emptyUs;
}

/** Whether the stream is open and not muted just before `tUs`. */
function isSendingBefore(stream: StreamLife, tUs: number): boolean {
  return stream.fromUs < tUs && (stream.untilUs === null || stream.untilUs >= tUs) && !isMuted(stream, tUs - 1);
}
