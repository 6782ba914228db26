import type { Kysely } from 'kysely';
import type { Tables } from '../base/db/tables.ts';

/** What is kept of a call. */
export type CallRecord = {
  callId: string;
  sdkAppId: number;
  callerId: string;
  calleeIdList: string[];
  mediaType: 'audio' | 'video';
  callType: 'single' | 'multi';
  roomId: string;
  state: 'calling' | 'active' | 'ended';
  startedUs: number;
  acceptedUs: number | null;
  endedUs: number | null;
  /** How it ended: `hangup`, `reject`, `noResponse`, `canceled`, `offline`, `lineBusy`, `endByServer`; null while it lives. */
  result: string | null;
};

/** The newest calls first. @param sdkAppId only those of one application. */
export async function listCalls(
  db: Kysely<Tables>,
  { sdkAppId, limit }: { sdkAppId?: number; limit: number },
): Promise<CallRecord[]> {
  let query = db.selectFrom('calls').selectAll().orderBy('started_us', 'desc').limit(limit);
  if (sdkAppId !== undefined) query = query.where('sdk_app_id', '=', sdkAppId);
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.call_id);
  const callees = await db
    .selectFrom('call_members')
    .select(['call_id', 'user_id'])
    .where('call_id', 'in', ids)
    .where('role', '=', 'callee')
    .execute();
  return rows.map((row) => ({
    callId: row.call_id,
    sdkAppId: row.sdk_app_id,
    callerId: row.caller_id,
    calleeIdList: callees.filter((callee) => callee.call_id === row.call_id).map((callee) => callee.user_id),
    mediaType: row.media_type,
    callType: row.call_type,
    roomId: row.room_id,
    state: row.state,
    startedUs: row.started_us,
    acceptedUs: row.accepted_us,
    endedUs: row.ended_us,
    result: row.result,
  }));
}
