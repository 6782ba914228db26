import type { RoomSnapshot } from '@callreel/protocol';
import type { Log } from '../base/log.ts';
import type { Sfu } from '../sfu/index.ts';
import type { RoomEvent } from './room-event.ts';
import type { RoomState } from './room-state.ts';

/** Names a room session. */
export type RoomIdentity = { roomSessionId: string; sdkAppId: number; roomId: string; roomIdType: 'number' | 'string' };

/** What the devices in a room are told. */
export type RoomNotice =
  | { type: 'userEntered'; userId: string }
  | { type: 'userLeft'; userId: string; reason: 'normal' | 'timeout' | 'removed' }
  | { type: 'changed'; room: RoomSnapshot }
  | { type: 'offer'; offerId: number; sdp: string; streams: { mid: string; streamId: string }[] };

/** Where a room's words go. */
export interface RoomOutlet {
  /** Awaited before the event takes effect. */
  event(room: RoomIdentity, event: RoomEvent): Promise<void>;
  /** Keeps the state. Awaited before anything is built on it. */
  save(room: RoomIdentity, state: RoomState): Promise<void>;
  /** Tells users of the room. Never waits for them. */
  notify(room: RoomIdentity, userIds: string[], notice: RoomNotice): void;
  /** A user was not heard of for the media time-out and has left. */
  userLost(room: RoomIdentity, userId: string): void;
}

/** What a room works with. */
export type RoomParts = {
  sfu: Sfu;
  outlet: RoomOutlet;
  log: Log;
  /** Folder that the captures of this room session go to. */
  captureFolder: string;
  /** How long a user may be unheard of, in ms. */
  mediaTimeoutMs: number;
};
