/**
 * The capture bundle: what came, as it came.
 *
 * What enters: room and task events; the dumps that the media server writes. What leaves: the journal, and
 * readers that give events, packets and coded frames of a bundle, live or finished. May not: decode.
 */
export * from './bundle-reader.ts';
export * from './depacketizer.ts';
export * from './encoded-frame.ts';
export * from './journal.ts';
export * from './journal-event.ts';
export * from './journal-reader.ts';
export * from './mjr-reader.ts';
export * from './opus-depacketizer.ts';
export * from './orientation.ts';
export * from './packet-stream.ts';
export * from './reorder-buffer.ts';
export * from './rtp-packet.ts';
