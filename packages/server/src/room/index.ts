/**
 * Where media meets: who is in a room, which streams they publish, who sees whose.
 *
 * What enters: joins, publishes, mutes, leaves, and what becomes of devices. What leaves: `RoomEvent`s, each
 * awaited before it takes effect (the journal's lines), and `RoomNotice`s for the devices in the room. May not: know calls.
 */
export { Room } from './room.ts';
export type { RoomEvent } from './room-event.ts';
export { listRoomLives, listRoomStays, type RoomLifeRecord, type RoomStayRecord } from './room-history.ts';
export type { RoomIdentity, RoomNotice, RoomOutlet } from './room-parts.ts';
export { Rooms } from './rooms.ts';
