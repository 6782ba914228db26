import type { IceCandidate, StreamKind } from '@callreel/protocol';

/** One of the two connections that a user has with the media server. */
export type ConnectionRole = 'publisher' | 'subscriber';

/** A track of a publisher, as others can ask for it. */
export type SfuTrack = { feed: string; mid: string; kind: StreamKind };

/** What a room of the media server needs to be taken over by another process; plain JSON. */
export type SfuRoomState = {
  roomKey: string;
  captureFolder: string;
  /** Which run of the media server holds the room. */
  instance: string;
  session: number;
  control: number;
  publishers: Record<
    string,
    {
      handle: number;
      feed: string;
      origin: string;
      tracks: SfuTrack[];
      flowing: boolean;
      /** What the names of the dumps begin with that its packets are written to, or null. */
      captureBase: string | null;
    }
  >;
  subscribers: Record<
    string,
    { handle: number; offerId: number; answered: boolean; tracks: { mid: string; feed: string; feedMid: string }[] }
  >;
  /** Counts feeds, so that no name is used twice in a room session. */
  feeds: number;
};

/** What a room of the media server tells of by itself. */
export interface SfuRoomListener {
  /** The state changed and must be kept before anything else happens. */
  changed(state: SfuRoomState): Promise<void>;
  /** The user's connection carries media now: others may ask for its tracks. */
  publisherUp(userId: string): Promise<void>;
  /** The connection is gone for good; a publisher must publish again. */
  connectionLost(userId: string, role: ConnectionRole): Promise<void>;
  /** The media server, or the room in it, is gone: the room has to be opened anew, and everybody publishes again. */
  roomLost(): Promise<void>;
  /** Packets of the user arrive, or have not arrived for a second. */
  receiving(userId: string, receiving: boolean): void;
}

/** One room in the media server. */
export interface SfuRoom {
  readonly state: SfuRoomState;
  /**
   * Takes the offer of a user. An offer of the same connection renegotiates it; one of a new connection
   * replaces the old, whose capture is closed first. With `captureBase` the packets are written to
   * `<captureBase>-<kind>-<index of the m-line>.mjr` in the room's capture folder.
   * @throws {CallreelError} `OfferRefused`, `MediaUnavailable`.
   */
  publish(offer: {
    userId: string;
    sdp: string;
    captureBase: string | null;
  }): Promise<{ sdp: string; tracks: SfuTrack[] }>;
  /**
   * Writes what a user publishes from now on to other dumps, named as in {@link SfuRoom.publish}, or with null to none.
   * The dumps before are closed first: no byte is added to them afterwards. Nothing happens when he publishes nothing.
   */
  capture(userId: string, captureBase: string | null): Promise<void>;
  /** Whether an offer would renegotiate the user's running connection. */
  continues(userId: string, sdp: string): boolean;
  /** Closes the user's capture, then the connection: no byte is added to the dumps afterwards. */
  unpublish(userId: string): Promise<void>;
  /**
   * Makes the user's subscriber connection carry exactly these tracks. Answers the offer for the client, or null when
   * nothing changes or an offer still waits for its answer (call again then).
   */
  subscribe(userId: string, tracks: SfuTrack[]): Promise<SfuOffer | null>;
  /** Ends the subscriber connection; the next {@link SfuRoom.subscribe} makes a new one. */
  unsubscribe(userId: string): Promise<void>;
  /** @throws {CallreelError} `OfferStale`, `OfferRefused`. */
  answer(userId: string, offerId: number, sdp: string): Promise<void>;
  candidate(userId: string, role: ConnectionRole, candidate: IceCandidate): Promise<void>;
  /** Ends the room and all its connections; captures are closed first. */
  close(): Promise<void>;
}

/** An offer of the media server to a subscriber. */
export type SfuOffer = { offerId: number; sdp: string; tracks: { mid: string; feed: string; feedMid: string }[] };

/** The media server. */
export interface Sfu {
  /** True while it can be asked. */
  readonly ready: boolean;
  /** @throws {CallreelError} `MediaUnavailable`. */
  open(room: { roomKey: string; captureFolder: string; maxUsers: number }, listener: SfuRoomListener): Promise<SfuRoom>;
  /** Takes over a room of an earlier process. Null when the media server does not have it any more. */
  resume(state: SfuRoomState, listener: SfuRoomListener): Promise<SfuRoom | null>;
  /**
   * Lets go of the media server. With `keep` it and its rooms go on, for the next process to take over;
   * otherwise it ends.
   */
  close(options: { keep: boolean }): Promise<void>;
}
