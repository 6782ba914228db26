import type { Generated, JSONColumnType } from 'kysely';

/**
 * The tables, as the migrations make them. Times are microseconds since the Unix epoch (`_us`).
 * A stage reads and writes only its own tables, in its `queries.ts`.
 */
export type Tables = {
  /** apps/ */
  applications: {
    sdk_app_id: number;
    name: string;
    secret_key: string;
    /** `RecordingSettings`. */
    recording: JSONColumnType<object>;
    created_us: number;
    /** `CallbackSettings`. */
    callbacks: JSONColumnType<object, string | undefined>;
  };
  /** apps/ */
  rest_keys: {
    secret_id: string;
    secret_key: string;
    sdk_app_id: number | null;
    created_us: number;
    revoked_us: number | null;
    /** What it may do: `RestKeyScope`s. */
    scopes: Generated<string[]>;
    /** What its owner calls it. */
    name: Generated<string>;
  };
  /** apps/: actions and signatures of requests that changed something, until they are too old to be taken again. */
  signed_requests: { request: string; until_us: number };
  /** apps/ */
  console_users: {
    user_id: string;
    name: string;
    password_hash: string;
    role: 'owner' | 'operator' | 'reviewer';
    created_us: number;
  };
  /** apps/ */
  console_sessions: { token_hash: string; user_id: string; expires_us: number };
  /** call/: users who have signed in at least once; only they can be called. */
  users: { sdk_app_id: number; user_id: string; first_seen_us: number };
  /** call/ */
  calls: {
    call_id: string;
    sdk_app_id: number;
    caller_id: string;
    media_type: 'audio' | 'video';
    /** `single` or `multi`. */
    call_type: 'single' | 'multi';
    room_id: string;
    room_id_type: 'number' | 'string';
    state: 'calling' | 'active' | 'ended';
    user_data: string;
    chat_group_id: string;
    timeout_ms: number;
    started_us: number;
    accepted_us: number | null;
    ended_us: number | null;
    /** End reason of the whole call; null while it lives. */
    result: string | null;
  };
  /** call/ */
  call_members: {
    call_id: string;
    user_id: string;
    role: 'caller' | 'callee';
    state: 'ringing' | 'active' | 'left' | 'rejected' | 'noResponse' | 'lineBusy' | 'canceled' | 'offline';
    /** Device that is in the call. */
    device_id: string | null;
    changed_us: number;
  };
  /** room/ */
  room_sessions: {
    room_session_id: string;
    sdk_app_id: number;
    room_id: string;
    room_id_type: 'number' | 'string';
    state: 'open' | 'closed';
    opened_us: number;
    closed_us: number | null;
    /** `RoomState`: enough to go on after a crash. */
    snapshot: JSONColumnType<object>;
  };
  /** room/: who was in a room, and when; `left_us` null: is still there. */
  room_stays: { room_session_id: string; user_id: string; entered_us: number; left_us: number | null };
  /** recording/ */
  tasks: {
    task_id: string;
    sdk_app_id: number;
    room_session_id: string;
    room_id: string;
    room_id_type: 'number' | 'string';
    origin: 'automatic' | 'rest';
    /** Only moves forward. */
    state: 'running' | 'stopped' | 'rendered' | 'failed';
    parameters: JSONColumnType<object>;
    started_us: number;
    until_us: number | null;
    stop_reason: string | null;
    /** Of running tasks: nothing is in the file until it goes on. */
    paused: Generated<boolean>;
    /** Of tasks that a back end has ordered: the user id that its robot goes by. */
    robot_id: string | null;
    /** What the names of the files begin with. */
    name_prefix: string | null;
    /** From when on orders about the task are refused; null: never. */
    expires_us: number | null;
    /** `CloudStorageTarget` with its secret key, where the files go into such a store, until the task is over. */
    storage: JSONColumnType<object> | null;
    /** `TaskUpload`, where files have been uploaded or were to be. */
    upload: JSONColumnType<object> | null;
    /** `RenderReport` when rendered, `RenderRefusal` when failed. */
    report: JSONColumnType<object> | null;
  };
  /** library/ */
  media_records: {
    file_id: string;
    sdk_app_id: number;
    task_id: string;
    room_id: string;
    name: string;
    type: 'mp4' | 'aac' | 'hls' | 'webm';
    size_bytes: number;
    duration_us: number;
    start_us: number;
    width_px: number;
    height_px: number;
    sha256: string;
    /** Key in the store. */
    object_key: string;
    created_us: number;
    /** `MediaStills`. */
    stills: JSONColumnType<object> | null;
  };
  /** usage/ */
  usage_counts: {
    task_id: string;
    sdk_app_id: number;
    mode: 'mixed' | 'single';
    class: 'audio' | 'sd' | 'hd' | 'fullHd' | '2k' | '4k';
    /** Beginning of the five minutes. */
    bucket_us: number;
    /** Above 0. */
    recorded_us: number;
  };
  /** callback/: the outbox, one row an event. */
  callback_events: {
    /** Goes with every try; the same for all tries of one event. */
    delivery_id: string;
    /** Order of writing. */
    event_number: Generated<number>;
    sdk_app_id: number;
    /** Events of one key are delivered in order. */
    order_key: string;
    kind: 'room' | 'media' | 'recording' | 'call' | 'own';
    /** `EventGroupId`; null for callbacks of calls, which have none. */
    event_group: number | null;
    /** `EventType`, or the `CallbackCommand` of a call. */
    event_type: string;
    /** The body, exactly as it is posted. */
    payload: string;
    created_us: number;
    state: 'pending' | 'delivered' | 'givenUp';
    /** Tries that have begun. */
    attempts: number;
    /** When it was delivered or given up. */
    ended_us: number | null;
  };
  /** callback/: the tries that came to an end. */
  callback_attempts: {
    delivery_id: string;
    /** Counts from 1; a try that a crash ended leaves a gap. */
    attempt: number;
    at_us: number;
    duration_ms: number;
    /** HTTP status; null when nothing was answered. */
    status: number | null;
    /** Why it counts as failed; null when it does not. */
    error: string | null;
    /** What was answered, its first 2 KB. */
    answer: string | null;
  };
  /** callback/: one row for each order key with something pending. */
  callback_queues: {
    sdk_app_id: number;
    order_key: string;
    next_attempt_us: number;
    /** Names the try that is under way, until `leased_until_us`. */
    lease: string | null;
    leased_until_us: number;
  };
  /** callback/: how far the journal of a room session has been told. */
  callback_journals: { room_session_id: string; seq: number; closed_us: number | null };
  /** base/: numbered migrations that have run. */
  migrations: { number: number; name: string; ran_us: Generated<number> };
};
