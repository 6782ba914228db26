import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/trtc/v20190722/trtc_client.js';
import { Api as TlsSig } from 'tls-sig-api-v2';
import { Applications, ConsoleUsers, type Credentials, createFirstCredentials, RestKeys } from '../../../apps/index.ts';
import { type Database, openDatabase } from '../../../base/db/index.ts';
import { createLog, type Log, nowUs } from '../../../base/index.ts';
import { CallbackLog } from '../../../callback/index.ts';
import { Catalogue } from '../../../library/index.ts';
import { DEFAULT_TASK_PARAMETERS } from '../../../recording/index.ts';
import { LocalStore } from '../../../store/index.ts';
import type { DialectDeps } from '../../deps.ts';
import { type ApiInstance, createApi } from '../../index.ts';
import { RateLimiter } from '../rate-limiter.ts';
import { MemoryRecording } from './memory-recording.ts';
import { MemoryRooms } from './memory-rooms.ts';
import { type Signing, signRequest } from './sign-request.ts';

/** Application that is there besides the first one. */
export const OTHER_APP = 1_500_000_001;

/** What an answer of the dialect holds. */
export type DialectAnswer = { RequestId: string; Error?: { Code: string; Message: string }; [name: string]: unknown };

/** A key as requests are signed with. */
export type TestKey = { secretId: string; secretKey: string };

/** The API with the dialect over real HTTP; rooms and recordings are held in memory. */
export class DialectServer {
  readonly recording: MemoryRecording;
  readonly rooms: MemoryRooms;
  readonly api: ApiInstance;
  readonly database: Database;
  readonly credentials: Credentials;
  readonly restKeys: RestKeys;
  readonly log: Log;
  /** Lines of the log. */
  readonly logged: string[];
  /** `host:port`. */
  readonly host: string;
  readonly #close: () => Promise<void>;

  private constructor(parts: {
    api: ApiInstance;
    database: Database;
    credentials: Credentials;
    restKeys: RestKeys;
    log: Log;
    logged: string[];
    recording: MemoryRecording;
    rooms: MemoryRooms;
    close: () => Promise<void>;
  }) {
    this.api = parts.api;
    this.database = parts.database;
    this.credentials = parts.credentials;
    this.restKeys = parts.restKeys;
    this.log = parts.log;
    this.logged = parts.logged;
    this.recording = parts.recording;
    this.rooms = parts.rooms;
    this.#close = parts.close;
    const address = this.api.server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
    this.host = `127.0.0.1:${address.port}`;
  }

  /** Starts it on a free port. */
  static async start(options: Partial<DialectDeps> = {}): Promise<DialectServer> {
    const folder = mkdtempSync(join(tmpdir(), 'callreel-dialect-'));
    const database = await openDatabase({ dataFolder: folder, databaseUrl: null });
    const { db } = database;
    const credentials = await createFirstCredentials(db, join(folder, 'credentials.json'));
    if (credentials === null) throw new Error('There were credentials already.');
    await db
      .insertInto('applications')
      .values({
        sdk_app_id: OTHER_APP,
        name: 'other',
        secret_key: 'other',
        recording: JSON.stringify({ mode: 'rest', template: DEFAULT_TASK_PARAMETERS, indexAlways: false }),
        created_us: 1,
      })
      .execute();
    const store = await LocalStore.open(join(folder, 'files'));
    const [recording, rooms, restKeys] = [new MemoryRecording(), new MemoryRooms(), new RestKeys(db)];
    const logged: string[] = [];
    const log = createLog({ to: { write: (line) => logged.push(line) } });
    const none = { list: async () => [] };
    const api = await createApi({
      log,
      applications: new Applications(db),
      consoleUsers: new ConsoleUsers(db),
      restKeys,
      library: new Catalogue(db),
      store,
      calls: none,
      recordings: none,
      callbacks: new CallbackLog({ db, nowUs, addressOf: async () => null, wake: () => undefined }),
      taskOrders: {
        owner: async () => null,
        start: async () => ({ taskId: '' }),
        modify: async () => undefined,
        pause: async () => undefined,
        resume: async () => undefined,
        stop: async () => undefined,
      },
      dialect: {
        recording,
        rooms,
        history: rooms,
        usage: null,
        // Tests of the limit bring one of their own.
        limiter: new RateLimiter({ perSecond: Number.POSITIVE_INFINITY }),
        ...options,
      },
      usage: { days: async () => [], points: async () => [] },
      checks: { database: () => database.ping(), mediaServer: async () => undefined },
      demo: false,
    });
    await api.listen({ port: 0, host: '127.0.0.1' });
    const close = async (): Promise<void> => {
      await api.close();
      await store.close();
      await database.close();
      rmSync(folder, { recursive: true });
    };
    return new DialectServer({ api, database, credentials, restKeys, log, logged, recording, rooms, close });
  }

  /** The first application. */
  get sdkAppId(): number {
    return this.credentials.app.sdkAppId;
  }

  /** The first key, which may do everything in the first application. */
  get key(): TestKey {
    return this.credentials.rest;
  }

  /** The known system's own client. */
  sdk({ secretId, secretKey }: TestKey = this.key, reqMethod: 'GET' | 'POST' = 'POST'): InstanceType<typeof Client> {
    return new Client({
      credential: { secretId, secretKey },
      region: 'ap-guangzhou',
      profile: { httpProfile: { endpoint: this.host, protocol: 'http://', reqMethod } },
    });
  }

  /** The UserSig of somebody in the first application. */
  userSig(userId: string): string {
    return new TlsSig(this.sdkAppId, this.credentials.app.secretKey).genUserSig(userId, 600);
  }

  /** A key of one's own. */
  async newKey(options: Parameters<RestKeys['create']>[0]): Promise<TestKey> {
    const { key, secretKey } = await this.restKeys.create(options);
    return { secretId: key.secretId, secretKey };
  }

  /** Sends a request as it is. */
  async send(
    headers: Record<string, string>,
    {
      method = 'POST',
      query = '',
      body,
    }: { method?: string; query?: string; body?: string | Uint8Array<ArrayBuffer> } = {},
  ): Promise<{ status: number; answer: DialectAnswer }> {
    const response = await fetch(`http://${this.host}/${query === '' ? '' : `?${query}`}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    const parsed: unknown = await response.json();
    if (typeof parsed !== 'object' || parsed === null || !('Response' in parsed))
      throw new Error(`No answer of the dialect: ${JSON.stringify(parsed)}`);
    return { status: response.status, answer: parsed.Response as DialectAnswer };
  }

  /** Signs a request and sends it: the answer. */
  async ask(action: string, parameters: unknown, signing: Partial<Signing> = {}): Promise<DialectAnswer> {
    const body = typeof parameters === 'string' ? parameters : JSON.stringify(parameters);
    // Else the same request within a second would be one that is sent again.
    const signed = { 'x-tc-traceid': randomUUID() };
    const headers = signRequest({ ...this.key, host: this.host, action, body, signed, ...signing });
    return (await this.send(headers, { body })).answer;
  }

  /** What a `CreateCloudRecording` asks for at least. */
  createRequest(changes: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      SdkAppId: this.sdkAppId,
      RoomId: '1001',
      UserId: 'robot',
      UserSig: this.userSig('robot'),
      RecordParams: { RecordMode: 2 },
      StorageParams: { CloudVod: {} },
      ...changes,
    };
  }

  /** Lets go of everything. */
  close(): Promise<void> {
    return this.#close();
  }
}
