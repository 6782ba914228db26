import type { RoomSnapshot } from '@callreel/protocol';

/** One thing that changed in a room for this user. */
export type RoomChange =
  | { type: 'joined'; userId: string }
  | { type: 'left'; userId: string }
  | { type: 'video'; userId: string; available: boolean }
  | { type: 'audio'; userId: string; available: boolean }
  | { type: 'recording'; recording: boolean };

/** What one user sees of the others in a room. */
export type RoomView = { recording: boolean; users: ReadonlyMap<string, { audio: boolean; video: boolean }> };

/** A room in which nobody else is. */
export const EMPTY_ROOM: RoomView = Object.freeze({ recording: false, users: new Map() });

/** What `selfId` sees of a room: everybody else in it, and what they send. */
export function viewOf(room: RoomSnapshot, selfId: string): RoomView {
  const users = new Map<string, { audio: boolean; video: boolean }>();
  for (const userId of room.users) {
    if (userId !== selfId) users.set(userId, { audio: false, video: false });
  }
  for (const { userId, kind, source, muted } of room.streams) {
    const user = users.get(userId);
    if (user !== undefined && source === 'main' && !muted) user[kind] = true;
  }
  return { recording: room.recording, users };
}

/**
 * What leads from one view to another, in the order in which a listener wants to hear it: leavers lose
 * their streams before they leave, comers come before their streams.
 */
export function changesBetween(before: RoomView, after: RoomView): RoomChange[] {
  const changes: RoomChange[] = [];
  if (before.recording !== after.recording) changes.push({ type: 'recording', recording: after.recording });
  for (const [userId, had] of before.users) {
    const has = after.users.get(userId);
    if (had.video && has?.video !== true) changes.push({ type: 'video', userId, available: false });
    if (had.audio && has?.audio !== true) changes.push({ type: 'audio', userId, available: false });
    if (has === undefined) changes.push({ type: 'left', userId });
  }
  for (const [userId, has] of after.users) {
    const had = before.users.get(userId);
    if (had === undefined) changes.push({ type: 'joined', userId });
    if (has.audio && had?.audio !== true) changes.push({ type: 'audio', userId, available: true });
    if (has.video && had?.video !== true) changes.push({ type: 'video', userId, available: true });
  }
  return changes;
}
