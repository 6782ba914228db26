/**
 * Calls: who calls whom, who answers, and what becomes of it.
 *
 * What enters: the signalling messages `call.…` of signed-in devices, and word of users who vanished. What
 * leaves: `CallEvent`s, each awaited before it takes effect; what devices are told; call records; `CallChange`s for the
 * outbox, each in the transaction that writes it. May not:
 * know Janus or recording.
 */
export type { Addressee, Call, CallChange, CallEvent, CallMember, CallOutbox, CallOutlet, DeviceRef } from './call.ts';
export { type CallRecord, listCalls } from './call-record.ts';
export { Calls } from './calls.ts';
export { callInRoomSince, rememberUser } from './queries.ts';
