-- The schema after all migrations; `make reference` writes it, a test compares it.

CREATE TABLE applications (
  sdk_app_id bigint NOT NULL,
  name text NOT NULL,
  secret_key text NOT NULL,
  recording jsonb NOT NULL,
  created_us bigint NOT NULL,
  callbacks jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT applications_pkey PRIMARY KEY (sdk_app_id)
);

CREATE TABLE call_members (
  call_id text NOT NULL,
  user_id text NOT NULL,
  role text NOT NULL,
  state text NOT NULL,
  device_id text,
  changed_us bigint NOT NULL,
  CONSTRAINT call_members_call_id_fkey FOREIGN KEY (call_id) REFERENCES calls(call_id) ON DELETE CASCADE,
  CONSTRAINT call_members_pkey PRIMARY KEY (call_id, user_id),
  CONSTRAINT call_members_role_check CHECK ((role = ANY (ARRAY['caller'::text, 'callee'::text]))),
  CONSTRAINT call_members_state_check CHECK ((state = ANY (ARRAY['ringing'::text, 'active'::text, 'left'::text, 'rejected'::text, 'noResponse'::text, 'lineBusy'::text, 'canceled'::text, 'offline'::text])))
);
CREATE INDEX call_members_user ON public.call_members USING btree (user_id);

CREATE TABLE callback_attempts (
  delivery_id text NOT NULL,
  attempt integer NOT NULL,
  at_us bigint NOT NULL,
  duration_ms bigint NOT NULL,
  status integer,
  error text,
  answer text,
  CONSTRAINT callback_attempts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES callback_events(delivery_id) ON DELETE CASCADE,
  CONSTRAINT callback_attempts_pkey PRIMARY KEY (delivery_id, attempt)
);

CREATE TABLE callback_events (
  delivery_id text NOT NULL,
  event_number bigint NOT NULL DEFAULT nextval('callback_events_event_number_seq'::regclass),
  sdk_app_id bigint NOT NULL,
  order_key text NOT NULL,
  kind text NOT NULL,
  event_group integer,
  event_type text NOT NULL,
  payload text NOT NULL,
  created_us bigint NOT NULL,
  state text NOT NULL,
  attempts integer NOT NULL,
  ended_us bigint,
  CONSTRAINT callback_events_event_number_key UNIQUE (event_number),
  CONSTRAINT callback_events_kind_check CHECK ((kind = ANY (ARRAY['room'::text, 'media'::text, 'recording'::text, 'call'::text, 'own'::text]))),
  CONSTRAINT callback_events_pkey PRIMARY KEY (delivery_id),
  CONSTRAINT callback_events_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id),
  CONSTRAINT callback_events_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'givenUp'::text])))
);
CREATE INDEX callback_events_application ON public.callback_events USING btree (sdk_app_id, event_number DESC);
CREATE INDEX callback_events_ended ON public.callback_events USING btree (ended_us) WHERE (state <> 'pending'::text);
CREATE INDEX callback_events_pending ON public.callback_events USING btree (sdk_app_id, order_key, event_number) WHERE (state = 'pending'::text);

CREATE TABLE callback_journals (
  room_session_id text NOT NULL,
  seq bigint NOT NULL,
  closed_us bigint,
  CONSTRAINT callback_journals_pkey PRIMARY KEY (room_session_id)
);

CREATE TABLE callback_queues (
  sdk_app_id bigint NOT NULL,
  order_key text NOT NULL,
  next_attempt_us bigint NOT NULL,
  lease text,
  leased_until_us bigint NOT NULL,
  CONSTRAINT callback_queues_pkey PRIMARY KEY (sdk_app_id, order_key),
  CONSTRAINT callback_queues_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id)
);
CREATE INDEX callback_queues_next ON public.callback_queues USING btree (next_attempt_us);

CREATE TABLE calls (
  call_id text NOT NULL,
  sdk_app_id bigint NOT NULL,
  caller_id text NOT NULL,
  media_type text NOT NULL,
  call_type text NOT NULL,
  room_id text NOT NULL,
  room_id_type text NOT NULL,
  state text NOT NULL,
  user_data text NOT NULL,
  chat_group_id text NOT NULL,
  timeout_ms bigint NOT NULL,
  started_us bigint NOT NULL,
  accepted_us bigint,
  ended_us bigint,
  result text,
  CONSTRAINT calls_call_type_check CHECK ((call_type = ANY (ARRAY['single'::text, 'multi'::text]))),
  CONSTRAINT calls_media_type_check CHECK ((media_type = ANY (ARRAY['audio'::text, 'video'::text]))),
  CONSTRAINT calls_pkey PRIMARY KEY (call_id),
  CONSTRAINT calls_room_id_type_check CHECK ((room_id_type = ANY (ARRAY['number'::text, 'string'::text]))),
  CONSTRAINT calls_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id),
  CONSTRAINT calls_state_check CHECK ((state = ANY (ARRAY['calling'::text, 'active'::text, 'ended'::text])))
);
CREATE INDEX calls_live ON public.calls USING btree (state) WHERE (state <> 'ended'::text);
CREATE INDEX calls_room ON public.calls USING btree (sdk_app_id, room_id);
CREATE INDEX calls_started ON public.calls USING btree (started_us DESC, call_id DESC);

CREATE TABLE console_sessions (
  token_hash text NOT NULL,
  user_id text NOT NULL,
  expires_us bigint NOT NULL,
  CONSTRAINT console_sessions_pkey PRIMARY KEY (token_hash),
  CONSTRAINT console_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES console_users(user_id) ON DELETE CASCADE
);
CREATE INDEX console_sessions_expires ON public.console_sessions USING btree (expires_us);

CREATE TABLE console_users (
  user_id text NOT NULL,
  name text NOT NULL,
  password_hash text NOT NULL,
  role text NOT NULL,
  created_us bigint NOT NULL,
  CONSTRAINT console_users_name_key UNIQUE (name),
  CONSTRAINT console_users_pkey PRIMARY KEY (user_id),
  CONSTRAINT console_users_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'operator'::text, 'reviewer'::text])))
);

CREATE TABLE media_records (
  file_id text NOT NULL,
  sdk_app_id bigint NOT NULL,
  task_id text NOT NULL,
  room_id text NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  size_bytes bigint NOT NULL,
  duration_us bigint NOT NULL,
  start_us bigint NOT NULL,
  width_px integer NOT NULL,
  height_px integer NOT NULL,
  sha256 text NOT NULL,
  object_key text NOT NULL,
  created_us bigint NOT NULL,
  stills jsonb,
  CONSTRAINT media_records_pkey PRIMARY KEY (file_id),
  CONSTRAINT media_records_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id),
  CONSTRAINT media_records_task_id_name_key UNIQUE (task_id, name),
  CONSTRAINT media_records_type_check CHECK ((type = ANY (ARRAY['mp4'::text, 'aac'::text, 'hls'::text, 'webm'::text])))
);
CREATE INDEX media_records_created ON public.media_records USING btree (created_us DESC, file_id DESC);
CREATE INDEX media_records_name ON public.media_records USING btree (sdk_app_id, name text_pattern_ops);

CREATE TABLE migrations (
  number integer NOT NULL,
  name text NOT NULL,
  ran_us bigint NOT NULL DEFAULT ((EXTRACT(epoch FROM clock_timestamp()) * (1000000)::numeric))::bigint,
  CONSTRAINT migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE rest_keys (
  secret_id text NOT NULL,
  secret_key text NOT NULL,
  sdk_app_id bigint,
  created_us bigint NOT NULL,
  revoked_us bigint,
  scopes text[] NOT NULL DEFAULT '{all}'::text[],
  name text NOT NULL DEFAULT ''::text,
  CONSTRAINT rest_keys_pkey PRIMARY KEY (secret_id),
  CONSTRAINT rest_keys_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id)
);

CREATE TABLE room_sessions (
  room_session_id text NOT NULL,
  sdk_app_id bigint NOT NULL,
  room_id text NOT NULL,
  room_id_type text NOT NULL,
  state text NOT NULL,
  opened_us bigint NOT NULL,
  closed_us bigint,
  snapshot jsonb NOT NULL,
  CONSTRAINT room_sessions_pkey PRIMARY KEY (room_session_id),
  CONSTRAINT room_sessions_room_id_type_check CHECK ((room_id_type = ANY (ARRAY['number'::text, 'string'::text]))),
  CONSTRAINT room_sessions_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id),
  CONSTRAINT room_sessions_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text])))
);
CREATE INDEX room_sessions_by_time ON public.room_sessions USING btree (sdk_app_id, opened_us);
CREATE INDEX room_sessions_state ON public.room_sessions USING btree (state);
CREATE UNIQUE INDEX room_sessions_open ON public.room_sessions USING btree (sdk_app_id, room_id_type, room_id) WHERE (state = 'open'::text);

CREATE TABLE room_stays (
  room_session_id text NOT NULL,
  user_id text NOT NULL,
  entered_us bigint NOT NULL,
  left_us bigint,
  CONSTRAINT room_stays_pkey PRIMARY KEY (room_session_id, user_id, entered_us),
  CONSTRAINT room_stays_room_session_id_fkey FOREIGN KEY (room_session_id) REFERENCES room_sessions(room_session_id)
);

CREATE TABLE signed_requests (
  request text NOT NULL,
  until_us bigint NOT NULL,
  CONSTRAINT signed_requests_pkey PRIMARY KEY (request)
);
CREATE INDEX signed_requests_until ON public.signed_requests USING btree (until_us);

CREATE TABLE tasks (
  task_id text NOT NULL,
  sdk_app_id bigint NOT NULL,
  room_session_id text NOT NULL,
  room_id text NOT NULL,
  room_id_type text NOT NULL,
  origin text NOT NULL,
  state text NOT NULL,
  parameters jsonb NOT NULL,
  started_us bigint NOT NULL,
  until_us bigint,
  stop_reason text,
  report jsonb,
  paused boolean NOT NULL DEFAULT false,
  robot_id text,
  name_prefix text,
  expires_us bigint,
  storage jsonb,
  upload jsonb,
  CONSTRAINT tasks_origin_check CHECK ((origin = ANY (ARRAY['automatic'::text, 'rest'::text]))),
  CONSTRAINT tasks_pkey PRIMARY KEY (task_id),
  CONSTRAINT tasks_room_id_type_check CHECK ((room_id_type = ANY (ARRAY['number'::text, 'string'::text]))),
  CONSTRAINT tasks_room_session_id_fkey FOREIGN KEY (room_session_id) REFERENCES room_sessions(room_session_id),
  CONSTRAINT tasks_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id),
  CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['running'::text, 'stopped'::text, 'rendered'::text, 'failed'::text])))
);
CREATE INDEX tasks_room_session ON public.tasks USING btree (room_session_id);
CREATE INDEX tasks_running ON public.tasks USING btree (sdk_app_id) WHERE (state = 'running'::text);
CREATE INDEX tasks_started ON public.tasks USING btree (started_us DESC, task_id DESC);
CREATE INDEX tasks_state ON public.tasks USING btree (state);

CREATE TABLE usage_counts (
  task_id text NOT NULL,
  sdk_app_id bigint NOT NULL,
  mode text NOT NULL,
  class text NOT NULL,
  bucket_us bigint NOT NULL,
  recorded_us bigint NOT NULL,
  CONSTRAINT usage_counts_class_check CHECK ((class = ANY (ARRAY['audio'::text, 'sd'::text, 'hd'::text, 'fullHd'::text, '2k'::text, '4k'::text]))),
  CONSTRAINT usage_counts_mode_check CHECK ((mode = ANY (ARRAY['mixed'::text, 'single'::text]))),
  CONSTRAINT usage_counts_pkey PRIMARY KEY (task_id, mode, class, bucket_us),
  CONSTRAINT usage_counts_recorded_us_check CHECK ((recorded_us > 0)),
  CONSTRAINT usage_counts_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id)
);
CREATE INDEX usage_counts_bucket ON public.usage_counts USING btree (bucket_us, sdk_app_id);

CREATE TABLE users (
  sdk_app_id bigint NOT NULL,
  user_id text NOT NULL,
  first_seen_us bigint NOT NULL,
  CONSTRAINT users_pkey PRIMARY KEY (sdk_app_id, user_id),
  CONSTRAINT users_sdk_app_id_fkey FOREIGN KEY (sdk_app_id) REFERENCES applications(sdk_app_id)
);
