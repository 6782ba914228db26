import { type Static, Type } from 'typebox';
import type { CallEndReason, CallInfo, CallMediaType, RoomSnapshot } from './call.ts';
import type { ErrorCode } from './error-catalogue.ts';
import { CallId, DeviceId, NumRoomId, StrRoomId, UserId } from './ids.ts';

/**
 * Signalling: socket.io, path `/signalling`, one connection for each device.
 *
 * The handshake's `auth` is {@link SignIn}. A refused sign-in is a `connect_error` whose `data` is an
 * {@link ErrorBody}. Requests are `socket.emit(name, body, ack)`; the ack is an {@link Ack}. The server
 * never changes anything for a request that it answers with an error.
 */
export const SIGNALLING_PATH = '/signalling';

/** Largest signalling message, in bytes. An SDP with 25 people stays below half of it. */
export const SIGNALLING_MAX_BYTES = 256 * 1024;

/** Handshake of a device. `userSig` may be missing only when the server runs in demo mode. */
export const SignIn = Type.Object(
  {
    sdkAppId: Type.Integer({ minimum: 1 }),
    userId: UserId,
    userSig: Type.Optional(Type.String({ maxLength: 4096 })),
    deviceId: DeviceId,
  },
  { additionalProperties: false },
);
/** See {@link SignIn}. */
export type SignIn = Static<typeof SignIn>;

/** An error as it goes over the wire. */
export type ErrorBody = { code: ErrorCode; message: string; retry: boolean; requestId?: string };

/** Answer to a request. */
export type Ack<T> = { ok: true; data: T } | { ok: false; error: ErrorBody };

const Sdp = Type.String({ minLength: 1, maxLength: 200_000 });
const Kind = Type.Union([Type.Literal('audio'), Type.Literal('video')]);
const Source = Type.Union([Type.Literal('main'), Type.Literal('aux')]);
const ForCall = Type.Object({ callId: CallId }, { additionalProperties: false });

/** ICE candidate as browsers give it, or null at the end of them. */
export const IceCandidate = Type.Union([
  Type.Object(
    {
      candidate: Type.String({ maxLength: 2048 }),
      sdpMid: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
      sdpMLineIndex: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 1000 }), Type.Null()])),
      usernameFragment: Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()])),
    },
    { additionalProperties: false },
  ),
  Type.Null(),
]);
/** See {@link IceCandidate}. */
export type IceCandidate = Static<typeof IceCandidate>;

/** Body of every request, by its name. */
export const RequestBody = {
  /** Calls the users of the list. Exactly one of `roomId` and `strRoomId` may be given. */
  'call.start': Type.Object(
    {
      userIdList: Type.Array(UserId, { maxItems: 24 }),
      type: Type.Union([Type.Literal('audio'), Type.Literal('video')]),
      roomId: Type.Optional(NumRoomId),
      strRoomId: Type.Optional(StrRoomId),
      timeoutS: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
      userData: Type.Optional(Type.String({ maxLength: 4096 })),
      chatGroupId: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  /** Answers a ringing call on this device; the other devices of the user stop ringing. */
  'call.accept': ForCall,
  'call.reject': ForCall,
  /** Leaves a running call, or cancels one that still rings. */
  'call.hangup': ForCall,
  /** After a reconnection: what the server knows of this device. Changes nothing. */
  'call.resume': Type.Object({}, { additionalProperties: false }),
  /**
   * Offers the streams of this device in its running call: the first time, or again after an ICE restart or
   * a change of streams. Every sending m-line of the offer stands in `streams`.
   */
  'room.publish': Type.Object(
    {
      callId: CallId,
      sdp: Sdp,
      streams: Type.Array(
        Type.Object(
          {
            mid: Type.String({ minLength: 1, maxLength: 16 }),
            kind: Kind,
            source: Source,
            muted: Type.Optional(Type.Boolean()),
          },
          { additionalProperties: false },
        ),
        {
          minItems: 1,
          maxItems: 4,
        },
      ),
    },
    { additionalProperties: false },
  ),
  /** Says that a stream of this device sends nothing of itself from now on, or does again. */
  'room.mute': Type.Object(
    { callId: CallId, kind: Kind, source: Source, muted: Type.Boolean() },
    { additionalProperties: false },
  ),
  /** Answers the server's `room.offer`. `offerId` is the one of the offer. */
  'room.answer': Type.Object(
    { callId: CallId, offerId: Type.Integer({ minimum: 1 }), sdp: Sdp },
    { additionalProperties: false },
  ),
  /** Asks for a fresh `room.offer` of all streams of the others, over a new connection when `restart` is true. */
  'room.subscribe': Type.Object({ callId: CallId, restart: Type.Boolean() }, { additionalProperties: false }),
  'room.candidate': Type.Object(
    {
      callId: CallId,
      connection: Type.Union([Type.Literal('publisher'), Type.Literal('subscriber')]),
      candidate: IceCandidate,
    },
    { additionalProperties: false },
  ),
} as const;

/** Name of a request. */
export type RequestName = keyof typeof RequestBody;

/** Body of a request by its name. */
export type RequestBodyOf<N extends RequestName> = Static<(typeof RequestBody)[N]>;

/** Answer to a request by its name. */
export type RequestResult = {
  'call.start': { info: CallInfo };
  'call.accept': { info: CallInfo; room: RoomSnapshot; acceptedAtMs: number };
  'call.reject': Record<string, never>;
  'call.hangup': Record<string, never>;
  'call.resume': { calls: ResumedCall[] };
  'room.publish': { sdp: string; streamIds: string[] };
  'room.mute': Record<string, never>;
  'room.answer': Record<string, never>;
  'room.subscribe': Record<string, never>;
  'room.candidate': Record<string, never>;
};

/** A call as `call.resume` tells it. `ringing` may be accepted; `calling` waits for others; `active` has a room. */
export type ResumedCall =
  | { state: 'ringing' | 'calling'; info: CallInfo; remainingMs: number }
  | { state: 'active'; info: CallInfo; room: RoomSnapshot; acceptedAtMs: number };

/** What the server tells a device, by event name: each carries exactly one body. */
export type ServerEvents = {
  /** A call rings here. */
  'call.received': { info: CallInfo; timeoutMs: number };
  /** The call was answered and its room is open. Both sides hear it; the accepting device by its ack only. */
  'call.begun': { info: CallInfo; room: RoomSnapshot; acceptedAtMs: number };
  /** A call that had begun is over for this device. */
  'call.ended': { info: CallInfo; reason: CallEndReason; userId: string; totalMs: number };
  /** A call that had not begun is over for this device. */
  'call.notConnected': { info: CallInfo; reason: CallEndReason; userId: string };
  /** One invited user of a call did not come. Hearers: the caller in a 1:1 call, all in a group. */
  'call.userDeclined': { callId: string; userId: string; reason: 'reject' | 'noResponse' | 'lineBusy' | 'offline' };
  'room.userEntered': { callId: string; userId: string };
  'room.userLeft': { callId: string; userId: string; reason: 'normal' | 'timeout' | 'removed' };
  /** The whole state of the room after any change of streams or of the recording sign. */
  'room.changed': { callId: string; room: RoomSnapshot };
  /** Offer of the streams of the others; `streams[i]` stands at mid `streams[i].mid`. Answer with `room.answer`. */
  'room.offer': { callId: string; offerId: number; sdp: string; streams: { mid: string; streamId: string }[] };
  /** This device was signed in elsewhere with the same device id, or its UserSig ended. The connection closes. */
  'device.kicked': { error: ErrorBody };
};

/** Name of an event from the server. */
export type ServerEventName = keyof ServerEvents;

/** Media type of a call; exported for clients that build requests. */
export type { CallMediaType };
