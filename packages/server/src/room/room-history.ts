import { type Kysely, sql } from 'kysely';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { RoomEvent } from './room-event.ts';
import type { RoomIdentity } from './room-parts.ts';

/** One life of a room, open or over. */
export type RoomLifeRecord = { roomId: string; openedUs: number; closedUs: number | null; creatorId: string | null };

/** One stay of a user in a room; `leftUs` null: is still there. */
export type RoomStayRecord = { roomId: string; userId: string; enteredUs: number; leftUs: number | null };

/** Keeps who is in a room, and when. */
export async function noteStay(
  db: Kysely<Tables>,
  { roomSessionId }: Pick<RoomIdentity, 'roomSessionId'>,
  event: RoomEvent,
): Promise<void> {
  if (event.type === 'userEntered') {
    await db
      .insertInto('room_stays')
      .values({ room_session_id: roomSessionId, user_id: event.userId, entered_us: nowUs(), left_us: null })
      .execute();
  }
  if (event.type === 'userLeft') {
    await db
      .updateTable('room_stays')
      .set({ left_us: nowUs() })
      .where('room_session_id', '=', roomSessionId)
      .where('user_id', '=', event.userId)
      .where('left_us', 'is', null)
      .execute();
  }
}

/** Rooms of an application that were open at some time from `fromUs` to `untilUs`, the newest first, and how many there are. */
export async function listRoomLives(
  db: Kysely<Tables>,
  query: { sdkAppId: number; roomId?: string; fromUs: number; untilUs: number; offset: number; limit: number },
): Promise<{ total: number; items: RoomLifeRecord[] }> {
  let rooms = db
    .selectFrom('room_sessions')
    .where('sdk_app_id', '=', query.sdkAppId)
    .where('opened_us', '<=', query.untilUs)
    .where((e) => e.or([e('closed_us', 'is', null), e('closed_us', '>=', query.fromUs)]));
  if (query.roomId !== undefined) rooms = rooms.where('room_id', '=', query.roomId);
  const { total } = await rooms.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await rooms
    .select(['room_id', 'opened_us', 'closed_us'])
    .select((e) =>
      e
        .selectFrom('room_stays')
        .select('user_id')
        .whereRef('room_stays.room_session_id', '=', 'room_sessions.room_session_id')
        .orderBy('entered_us')
        .limit(1)
        .as('creator_id'),
    )
    .orderBy('opened_us', 'desc')
    .orderBy('room_session_id')
    .offset(query.offset)
    .limit(query.limit)
    .execute();
  return {
    total: Number(total),
    items: rows.map((row) => ({
      roomId: row.room_id,
      openedUs: row.opened_us,
      closedUs: row.closed_us,
      creatorId: row.creator_id,
    })),
  };
}

/**
 * Stays in the life of a room that began in the second `openedS`, as far as they touch the time from `fromUs` to
 * `untilUs`, in order of entry, and how many there are.
 */
export async function listRoomStays(
  db: Kysely<Tables>,
  query: {
    sdkAppId: number;
    roomId: string;
    openedS: number;
    userIds?: readonly string[];
    fromUs: number;
    untilUs: number;
    offset: number;
    limit: number;
  },
): Promise<{ total: number; items: RoomStayRecord[] }> {
  let stays = db
    .selectFrom('room_stays')
    .innerJoin('room_sessions', 'room_sessions.room_session_id', 'room_stays.room_session_id')
    .where('sdk_app_id', '=', query.sdkAppId)
    .where('room_id', '=', query.roomId)
    .where(sql<number>`opened_us / 1000000`, '=', query.openedS)
    .where('entered_us', '<=', query.untilUs)
    .where((e) => e.or([e('left_us', 'is', null), e('left_us', '>=', query.fromUs)]));
  if (query.userIds !== undefined) stays = stays.where('user_id', 'in', [...query.userIds]);
  const { total } = await stays.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const rows = await stays
    .select(['room_id', 'user_id', 'entered_us', 'left_us'])
    .orderBy('entered_us')
    .orderBy('user_id')
    .offset(query.offset)
    .limit(query.limit)
    .execute();
  return {
    total: Number(total),
    items: rows.map((row) => ({
      roomId: row.room_id,
      userId: row.user_id,
      enteredUs: row.entered_us,
      leftUs: row.left_us,
    })),
  };
}
