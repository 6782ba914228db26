import type { CallbackKind } from '../apps/callback-settings.ts';

/** `CallbackCommand` of a call. */
export type CallCommand =
  | 'Call.CallbackAfterStartCall'
  | 'Call.CallbackAfterMemberChanged'
  | 'Call.CallbackAfterEndCall'
  | 'Call.CallbackAfterRecordChanged';

/** Something that an application is to be told. */
export type CallbackEvent = {
  sdkAppId: number;
  /** Events of one key are delivered in the order in which they were written. */
  orderKey: string;
} & (
  | {
      kind: Exclude<CallbackKind, 'call'>;
      /** `EventType`. */
      type: number;
      /** `EventInfo`. */
      info: object;
    }
  | {
      kind: 'call';
      type: CallCommand;
      /** All of the body: callbacks of calls have no envelope. */
      body: object;
    }
);

/** The `EventGroupId` of each kind; calls have none. */
export const EVENT_GROUP_OF = Object.freeze({ room: 1, media: 2, recording: 3, call: null, own: 90 } as const);

/** The body that is posted. @param atUs the moment of writing: `CallbackTs`. */
export function payloadOf(event: CallbackEvent, atUs: number): string {
  return JSON.stringify(event.kind === 'call' ? event.body : envelopeOf(event, atUs));
}

/** The envelope of all but calls. */
export function envelopeOf(event: Exclude<CallbackEvent, { kind: 'call' }>, atUs: number): object {
  return {
    EventGroupId: EVENT_GROUP_OF[event.kind],
    EventType: event.type,
    CallbackTs: msOf(atUs),
    EventInfo: event.info,
  };
}

/** The two times of an `EventInfo`: `EventTs` in seconds, `EventMsTs` in milliseconds. */
export function eventTimes(atUs: number): { EventTs: number; EventMsTs: number } {
  return { EventTs: Math.floor(atUs / 1_000_000), EventMsTs: msOf(atUs) };
}

/** `RoomId` in the type that the room has for its users. */
export function roomIdOf({ roomId, roomIdType }: { roomId: string; roomIdType: 'number' | 'string' }): string | number {
  return roomIdType === 'number' ? Number(roomId) : roomId;
}

/** Whole milliseconds. */
export function msOf(us: number): number {
  return Math.floor(us / 1000);
}
