/**
 * The media server, Janus, behind plain words.
 *
 * What enters: orders for rooms (publish, subscribe, close). What leaves: session descriptions, dumps on
 * disk written by Janus itself, word of connections. May not: be imported by anything but `room/`,
 * `capture/` and the composition in `serve/`; no Janus word leaves this folder.
 */
export { JanusSfu, type JanusSfuOptions } from './janus-sfu.ts';
export type { ConnectionRole, Sfu, SfuOffer, SfuRoom, SfuRoomListener, SfuRoomState, SfuTrack } from './sfu.ts';
