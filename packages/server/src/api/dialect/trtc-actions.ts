import type { Action } from './action.ts';
import { type HistoryActionParts, historyActions } from './history-actions.ts';
import { type RecordingActionParts, recordingActions } from './recording-actions.ts';
import { roomActions } from './room-actions.ts';
import type { RoomControl } from './room-control.ts';
import { usageActions } from './usage-actions.ts';
import type { UsageReader } from './usage-reader.ts';

/** `X-TC-Version` of the actions of rooms and recordings. */
const TRTC_VERSION = '2019-07-22';

/** What the actions are answered by. `usage` null: nobody counts it. */
export type TrtcParts = RecordingActionParts & HistoryActionParts & { rooms: RoomControl; usage: UsageReader | null };

/** The actions of the dialect, by version and name. */
export function trtcActions(parts: TrtcParts): ReadonlyMap<string, ReadonlyMap<string, Action>> {
  const actions = [...recordingActions(parts), ...roomActions(parts), ...historyActions(parts), ...usageActions(parts)];
  return new Map([[TRTC_VERSION, new Map(actions.map((each) => [each.name, each]))]]);
}
