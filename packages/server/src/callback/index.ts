/**
 * Telling applications what happens: signed HTTP posts from an outbox table.
 *
 * What enters: events of rooms, calls and recordings, each written in the transaction of the state it tells of. What
 * leaves: HTTP posts, in order for each room, call and task, tried again until they arrive or are given up; the log of
 * it. May not: know why something happened, or decide anything for others. See docs/design/callbacks.md.
 */
export { alarmCallback, type ContentAlarm } from './alarm-callback.ts';
export { callChanged, callRecordChanged } from './call-callbacks.ts';
export type { CallbackEvent } from './callback-event.ts';
export { CallbackLog, type CallbackLogQuery } from './callback-log.ts';
export type { CallbackAttempt, CallbackRecord } from './callback-record.ts';
export { Deliveries } from './deliveries.ts';
export { type AddressOf, Outbox } from './outbox.ts';
export {
  type RecordedFile,
  type RecordingCallback,
  type RecordingSubject,
  recordingCallback,
} from './recording-callbacks.ts';
export { RoomTeller } from './room-teller.ts';
