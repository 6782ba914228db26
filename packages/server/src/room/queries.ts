import type { Kysely } from 'kysely';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { RoomIdentity } from './room-parts.ts';
import type { RoomState } from './room-state.ts';

/** Writes that a room session begins. */
export async function insertRoom(db: Kysely<Tables>, room: RoomIdentity): Promise<void> {
  await db
    .insertInto('room_sessions')
    .values({
      room_session_id: room.roomSessionId,
      sdk_app_id: room.sdkAppId,
      room_id: room.roomId,
      room_id_type: room.roomIdType,
      state: 'open',
      opened_us: nowUs(),
      closed_us: null,
      snapshot: JSON.stringify({}),
    })
    .execute();
}

/** Keeps the state of an open room session. */
export async function saveRoom(db: Kysely<Tables>, room: RoomIdentity, state: RoomState): Promise<void> {
  await db
    .updateTable('room_sessions')
    .set({ snapshot: JSON.stringify(state) })
    .where('room_session_id', '=', room.roomSessionId)
    .where('state', '=', 'open')
    .execute();
}

/** Writes that a room session is over, and with it every stay in it. */
export async function closeRoom(db: Kysely<Tables>, roomSessionId: string): Promise<void> {
  const closedUs = nowUs();
  await db.transaction().execute(async (tx) => {
    await tx
      .updateTable('room_sessions')
      .set({ state: 'closed', closed_us: closedUs })
      .where('room_session_id', '=', roomSessionId)
      .execute();
    await tx
      .updateTable('room_stays')
      .set({ left_us: closedUs })
      .where('room_session_id', '=', roomSessionId)
      .where('left_us', 'is', null)
      .execute();
  });
}

/** The room sessions that an earlier process left open, with their last state; null when it never got that far. */
export async function openRooms(db: Kysely<Tables>): Promise<{ identity: RoomIdentity; state: RoomState | null }[]> {
  const rows = await db
    .selectFrom('room_sessions')
    .selectAll()
    .where('state', '=', 'open')
    .orderBy('opened_us')
    .execute();
  return rows.map((row) => {
    const { snapshot } = row;
    return {
      identity: {
        roomSessionId: row.room_session_id,
        sdkAppId: row.sdk_app_id,
        roomId: row.room_id,
        roomIdType: row.room_id_type,
      },
      state: isState(snapshot) ? snapshot : null,
    };
  });
}

/** The column is written by {@link saveRoom} only, so its presence is all that is in question. */
function isState(snapshot: object): snapshot is RoomState {
  return 'users' in snapshot;
}
