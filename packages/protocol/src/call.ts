import type { StreamKind, StreamSource } from './ids.ts';

/** What a call is for. */
export type CallMediaType = 'audio' | 'video';

/**
 * Why a call ended, as clients hear it. `hangup` somebody hung up; `reject`, `noResponse`, `lineBusy`,
 * `canceled` it was never answered; `offline` a caller vanished; `otherDeviceAccepted` and
 * `otherDeviceReject` another device of the same user dealt with it; `endByServer` the room was dismissed.
 */
export type CallEndReason =
  | 'hangup'
  | 'reject'
  | 'noResponse'
  | 'offline'
  | 'lineBusy'
  | 'canceled'
  | 'otherDeviceAccepted'
  | 'otherDeviceReject'
  | 'endByServer';

/** Part that a user plays in a call. */
export type CallRole = 'caller' | 'callee';

/** What clients are told of a call with each of its events. */
export type CallInfo = {
  callId: string;
  mediaType: CallMediaType;
  callerId: string;
  calleeIdList: string[];
  /** Room of the call: a number unless the caller asked for a string. */
  roomId: string | number;
  role: CallRole;
  userData: string;
  chatGroupId: string;
};

/** A stream as the others in a room see it. */
export type RoomStream = {
  streamId: string;
  userId: string;
  kind: StreamKind;
  source: StreamSource;
  /** True while the sender sends nothing of itself: camera off, or silence instead of sound. */
  muted: boolean;
};

/** What a device needs to know of a room; sent whole on entering and after a reconnection. */
export type RoomSnapshot = {
  roomId: string | number;
  users: string[];
  streams: RoomStream[];
  /** True while a recording task runs in the room: what the recording sign shows. */
  recording: boolean;
  /** Changes when the media server was lost: every connection to it must be made anew. */
  mediaEpoch: number;
};
