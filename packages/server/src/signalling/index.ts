/**
 * The devices' connections: signing in, checking of messages, presence.
 *
 * What enters: socket.io connections. What leaves: checked requests of signed-in devices, word of devices
 * that come and go; what other stages tell devices. May not: hold logic of calls or rooms.
 */
export { type Presence, type RequestHandlers, Signalling, type SignallingParts } from './signalling.ts';
