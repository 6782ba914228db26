import type { JournalEvent } from '../capture/journal-event.ts';
import { type RoomHistory, readRoomHistory } from './room-history.ts';

/** Longest that a call is believed to go on behind the end of a journal that was cut. */
const LONGEST_REST_US = 86_400_000_000;

/**
 * Reads a journal that nothing will be added to. What it leaves open ends: a stream with its dump, the task with
 * the last of them. Times are never later than those of the events behind them, nor a window's end later than the
 * event that tells of it; where they are, they are damaged. Pure.
 */
export function readCompleteHistory(events: readonly JournalEvent[], taskId: string): RoomHistory {
  const sound = withoutOutliers(events);
  const history = readRoomHistory(sound, taskId);
  const lastUs = sound.at(-1)?.atUs ?? 0;
  const open = history.streams.filter(({ untilUs, dump }) => untilUs === null && dump !== null);
  const endUs = open.length > 0 && !history.closed ? lastUs + LONGEST_REST_US : lastUs;
  for (const stream of history.streams) {
    stream.untilUs ??= endUs;
    stream.end ??= 'normal';
  }
  if (history.task !== null) history.task.untilUs = Math.min(history.task.untilUs ?? endUs, endUs);
  history.closed = true;
  return history;
}

/** Events with the time of the one before them where theirs does not lie between its neighbours', which do agree. */
function withoutOutliers(events: readonly JournalEvent[]): JournalEvent[] {
  const sound: JournalEvent[] = [];
  events.forEach((event, index) => {
    const beforeUs = sound.at(-1)?.atUs ?? Number.NEGATIVE_INFINITY;
    const afterUs = events[index + 1]?.atUs ?? beforeUs;
    const isOutlier = event.atUs < beforeUs || (event.atUs > afterUs && beforeUs <= afterUs);
    const isFirst = sound.length === 0;
    sound.push(isOutlier ? { ...event, atUs: isFirst ? afterUs : beforeUs } : event);
  });
  return sound;
}
