import type { Kysely } from 'kysely';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Call, CallMember } from './call.ts';

/** Keeps that a user has signed in once: from now on he or she can be called. */
export async function rememberUser(db: Kysely<Tables>, sdkAppId: number, userId: string): Promise<void> {
  await db
    .insertInto('users')
    .values({ sdk_app_id: sdkAppId, user_id: userId, first_seen_us: nowUs() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Those of the users who have signed in at least once. */
export async function knownUsers(db: Kysely<Tables>, sdkAppId: number, userIds: string[]): Promise<Set<string>> {
  const rows = await db
    .selectFrom('users')
    .select('user_id')
    .where('sdk_app_id', '=', sdkAppId)
    .where('user_id', 'in', userIds)
    .execute();
  return new Set(rows.map((row) => row.user_id));
}

/** The last call that was held in a room at some time since `sinceUs`, or is; null when there is none. */
export async function callInRoomSince(
  db: Kysely<Tables>,
  { sdkAppId, roomId }: { sdkAppId: number; roomId: string },
  sinceUs: number,
): Promise<string | null> {
  const row = await db
    .selectFrom('calls')
    .select('call_id')
    .where('sdk_app_id', '=', sdkAppId)
    .where('room_id', '=', roomId)
    .where('accepted_us', 'is not', null)
    .where(({ eb, or }) => or([eb('ended_us', 'is', null), eb('ended_us', '>=', sinceUs)]))
    .orderBy('accepted_us', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.call_id ?? null;
}

/** What is written in the same transaction. */
export type Also = (transaction: Kysely<Tables>) => Promise<void>;

/** Writes a new call with its members. */
export async function insertCall(db: Kysely<Tables>, call: Call, also: Also): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('calls')
      .values({
        call_id: call.callId,
        sdk_app_id: call.sdkAppId,
        caller_id: call.callerId,
        media_type: call.mediaType,
        call_type: call.callType,
        room_id: call.roomId,
        room_id_type: call.roomIdType,
        state: call.state,
        user_data: call.userData,
        chat_group_id: call.chatGroupId,
        timeout_ms: call.timeoutMs,
        started_us: call.startedUs,
        accepted_us: call.acceptedUs,
        ended_us: null,
        result: null,
      })
      .execute();
    await tx
      .insertInto('call_members')
      .values(
        call.members.map((member) => ({
          call_id: call.callId,
          user_id: member.userId,
          role: member.role,
          state: member.state,
          device_id: member.deviceId,
          changed_us: call.startedUs,
        })),
      )
      .execute();
    await also(tx);
  });
}

/** Writes what changed in a call, whole. @param result set when the call is over. */
export async function updateCall(
  db: Kysely<Tables>,
  call: Call,
  { changed, result, atUs }: { changed: readonly CallMember[]; result: string | null; atUs: number },
  also: Also,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const member of changed) {
      await tx
        .updateTable('call_members')
        .set({ state: member.state, device_id: member.deviceId, changed_us: atUs })
        .where('call_id', '=', call.callId)
        .where('user_id', '=', member.userId)
        .execute();
    }
    await tx
      .updateTable('calls')
      .set({ state: call.state, accepted_us: call.acceptedUs, ...(result === null ? {} : { result, ended_us: atUs }) })
      .where('call_id', '=', call.callId)
      .execute();
    await also(tx);
  });
}

/** The calls that an earlier process left running. */
export async function liveCalls(db: Kysely<Tables>): Promise<Call[]> {
  const rows = await db.selectFrom('calls').selectAll().where('state', '!=', 'ended').orderBy('started_us').execute();
  if (rows.length === 0) return [];
  const members = await db
    .selectFrom('call_members')
    .selectAll()
    .where(
      'call_id',
      'in',
      rows.map((row) => row.call_id),
    )
    .orderBy('role')
    .execute();
  return rows.map((row) => ({
    callId: row.call_id,
    sdkAppId: row.sdk_app_id,
    callerId: row.caller_id,
    mediaType: row.media_type,
    callType: row.call_type,
    roomId: row.room_id,
    roomIdType: row.room_id_type,
    userData: row.user_data,
    chatGroupId: row.chat_group_id,
    timeoutMs: row.timeout_ms,
    startedUs: row.started_us,
    acceptedUs: row.accepted_us,
    state: row.state,
    members: members
      .filter((member) => member.call_id === row.call_id)
      .map((member) => ({
        userId: member.user_id,
        role: member.role,
        state: member.state,
        deviceId: member.device_id,
      })),
  }));
}
