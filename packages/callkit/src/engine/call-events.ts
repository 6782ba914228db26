import type { CallEndReason, CallInfo, CallMediaType, CallRole } from '@callreel/protocol';
import type { CallkitErrorCode } from '../signalling/index.ts';

/** What the known dialect tells about a call besides its ids. */
export type CallExtraInfo = { roomId: string | number; role: CallRole; userData: string; chatGroupId: string };

/**
 * Where an engine stands. `signedOut` before `init` and after `destroy` or a refusal; `calling` others ring;
 * `ringing` this device rings; `active` a call has begun.
 */
export type EngineState = 'signedOut' | 'idle' | 'calling' | 'ringing' | 'active';

/** Events of a {@link CallEngine}, named and ordered as in TUICallEngine; the lower four are Callreel's own. */
export type CallEngineEvents = {
  onCallReceived: [
    callId: string,
    callerId: string,
    calleeIdList: string[],
    mediaType: CallMediaType,
    info: CallExtraInfo,
  ];
  /** The call was answered; both sides hear it. */
  onCallBegin: [callId: string, mediaType: CallMediaType, info: CallExtraInfo];
  /** A call that had begun is over here. `userId` ended it. `totalTime` is its length in ms. */
  onCallEnd: [
    callId: string,
    mediaType: CallMediaType,
    reason: CallEndReason,
    userId: string,
    totalTime: number,
    info: CallExtraInfo,
  ];
  /** A call that had not begun is over here. */
  onCallNotConnected: [
    callId: string,
    mediaType: CallMediaType,
    reason: CallEndReason,
    userId: string,
    info: CallExtraInfo,
  ];
  onUserReject: [userId: string];
  onUserNoResponse: [userId: string];
  onUserLineBusy: [userId: string];
  onUserJoin: [userId: string];
  onUserLeave: [userId: string];
  onUserVideoAvailable: [userId: string, isAvailable: boolean];
  onUserAudioAvailable: [userId: string, isAvailable: boolean];
  /** The same device id signed in elsewhere. The engine is signed out. */
  onKickedOffline: [];
  /** The engine is signed out: initialise it anew with a fresh UserSig. */
  onUserSigExpired: [];
  onError: [code: CallkitErrorCode, message: string, action: string];
  /** Whether the room is being recorded: show a sign while it is. */
  onRecordingChanged: [isRecording: boolean];
  onStateChanged: [state: EngineState];
  /** Whether the server hears this device. Media goes on without it. */
  onConnectionChanged: [isConnected: boolean];
  /** Whether own microphone and camera are on, after any change. */
  onDevicesChanged: [microphone: boolean, camera: boolean];
};

/** The part of a call's facts that the dialect hands on as `info`. */
export function extraInfoOf({ roomId, role, userData, chatGroupId }: CallInfo): CallExtraInfo {
  return { roomId, role, userData, chatGroupId };
}
