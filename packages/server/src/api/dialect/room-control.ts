/** Names a room of an application as the dialect does. */
export type RoomName = { sdkAppId: number; roomId: string; roomIdType: 'number' | 'string' };

/** What the dialect orders of rooms. */
export interface RoomControl {
  /** Takes everybody out and ends the room, with the call that is held in it. @throws {CallreelError} `RoomUnknown`. */
  dismiss(room: RoomName): Promise<void>;
  /**
   * Takes users out of a room; those who are not in it are passed over. Answers who was taken out.
   * @throws {CallreelError} `RoomUnknown`.
   */
  remove(room: RoomName, userIds: readonly string[]): Promise<string[]>;
}

/** One life of a room. */
export type RoomLife = {
  roomId: string;
  openedUs: number;
  /** Null while it is open. */
  closedUs: number | null;
  /** Who entered first; null when nobody did. */
  creatorId: string | null;
};

/** One stay of a user in a room. */
export type RoomStay = {
  roomId: string;
  userId: string;
  enteredUs: number;
  /** Null: is still there. */
  leftUs: number | null;
};

/** A part of a list, and how long the whole is. */
export type Page<T> = { total: number; items: T[] };

/** What the dialect asks of the past of rooms. */
export interface RoomHistory {
  /** Rooms that were open at some time from `fromUs` to `untilUs`, the newest first. */
  rooms(query: {
    sdkAppId: number;
    roomId?: string;
    fromUs: number;
    untilUs: number;
    offset: number;
    limit: number;
  }): Promise<Page<RoomLife>>;
  /** Stays in the room's life that began in the second `openedS`, as far as they touch the time asked for, in order of entry. */
  stays(query: {
    sdkAppId: number;
    roomId: string;
    openedS: number;
    userIds?: readonly string[];
    fromUs: number;
    untilUs: number;
    offset: number;
    limit: number;
  }): Promise<Page<RoomStay>>;
}
