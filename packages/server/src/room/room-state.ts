import type { RoomSnapshot, RoomStream, StreamKind, StreamSource } from '@callreel/protocol';
import type { SfuRoomState } from '../sfu/index.ts';

/** A user in a room. */
export type RoomUser = { userId: string; deviceId: string };

/** A stream that a user of the room publishes. */
export type PublishedStream = {
  streamId: string;
  userId: string;
  kind: StreamKind;
  source: StreamSource;
  muted: boolean;
  mid: string;
  /** Name of the track in the media server; empty until it has accepted the offer. */
  feed: string;
  /** Which m-line of its offer it is, from 0. */
  index: number;
  /** What the name of its dump begins with, or null when nothing of it is captured. */
  captureBase: string | null;
};

/** File name of a stream's capture, as the media server makes it; null when nothing of it is captured. */
export function dumpOf({
  captureBase,
  kind,
  index,
}: Pick<PublishedStream, 'captureBase' | 'kind' | 'index'>): string | null {
  return captureBase === null ? null : `${captureBase}-${kind}-${index}.mjr`;
}

/** All that a room needs to go on in another process; plain JSON, kept in the database. */
export type RoomState = {
  users: RoomUser[];
  streams: PublishedStream[];
  /** Whether what is published is captured. */
  captured: boolean;
  /** Whether a recording task runs: the recording sign. */
  recording: boolean;
  mediaEpoch: number;
  /** Counts publishings: the names of dumps are made from it. */
  publishings: number;
  sfu: SfuRoomState | null;
};

/** What devices are told of a room. */
export function snapshotOf(roomId: string | number, state: RoomState): RoomSnapshot {
  return {
    roomId,
    users: state.users.map(({ userId }) => userId),
    streams: state.streams
      .filter(({ feed }) => feed !== '')
      .map(({ streamId, userId, kind, source, muted }): RoomStream => ({ streamId, userId, kind, source, muted })),
    recording: state.recording,
    mediaEpoch: state.mediaEpoch,
  };
}
