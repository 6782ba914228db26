import { createServer } from 'node:net';
import { join } from 'node:path';
import { createApi } from '../api/index.ts';
import { Applications, ConsoleUsers, type Credentials, createFirstCredentials, RestKeys } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import {
  CallreelError,
  type Config,
  createLog,
  type DataFolder,
  type Log,
  nowUs,
  openDataFolder,
} from '../base/index.ts';
import { type CallRecord, Calls, type DeviceRef, listCalls, rememberUser } from '../call/index.ts';
import { type AddressOf, CallbackLog, callChanged, Deliveries, Outbox, RoomTeller } from '../callback/index.ts';
import { Catalogue, type Library } from '../library/index.ts';
import { listTasks, PictureFetches, Recorder } from '../recording/index.ts';
import { listRoomLives, listRoomStays, type Room, Rooms } from '../room/index.ts';
import { JanusSfu } from '../sfu/index.ts';
import { Signalling } from '../signalling/index.ts';
import { LocalStore, type Store } from '../store/index.ts';
import { UsageBook, type UsageReader } from '../usage/index.ts';
import { CallRooms } from './call-rooms.ts';
import { CaptureJournals } from './capture-journals.ts';
import { DialectUsage } from './dialect-usage.ts';
import { FileKeeper } from './file-keeper.ts';
import { FileUploads } from './file-uploads.ts';
import { RecordingOrders } from './recording-orders.ts';
import { requestHandlers } from './request-handlers.ts';
import { RoomOrders } from './room-orders.ts';
import { TaskTeller } from './task-teller.ts';

/** An orphaned Janus waits this long for a new server: long enough for any upgrade, short enough not to hold ports for ever. */
const ORPHAN_TIMEOUT_MINUTES = 10;

/** What a started platform says of itself. */
export type PlatformFacts = {
  /** `http://host:port`. */
  address: string;
  /** Set by the start that created them. */
  credentials: Credentials | null;
};

/** The stages of a running platform that commands and tests look at. */
export type PlatformParts = {
  facts: PlatformFacts;
  applications: Applications;
  callbacks: CallbackLog;
  calls: Calls;
  callRecords: (query: { sdkAppId?: number; limit: number }) => Promise<CallRecord[]>;
  library: Library;
  recorder: Recorder;
  store: Store;
  usage: UsageReader;
};

/**
 * The running platform.
 *
 * Life: {@link Platform.start} takes over whatever an earlier process left running, then serves; {@link
 * Platform.close} lets go: calls that are under way go on in Janus and wait for the next start.
 */
export class Platform {
  readonly facts: PlatformFacts;
  readonly parts: Omit<PlatformParts, 'facts'>;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | null = null;

  private constructor(parts: PlatformParts, close: () => Promise<void>) {
    const { facts, ...rest } = parts;
    this.facts = facts;
    this.parts = rest;
    this.#close = close;
  }

  /**
   * @param log default: JSON lines on standard output.
   * @throws {CallreelError} `PortTaken`, `DataFolderInUse`, `DataFolderUnusable`, `MediaServerMissing`, `MediaServerFailed`.
   */
  static async start(
    config: Config,
    { log = createLog({ level: config.logLevel }) }: { log?: Log } = {},
  ): Promise<Platform> {
    // Undone from the last to the first, when a start fails and at the end.
    const undo: (() => Promise<void> | void)[] = [];
    const close = async (): Promise<void> => {
      for (const step of undo.splice(0).reverse()) await step();
    };
    try {
      await mustBeFree(config);
      const folder = await openDataFolder(config.data);
      undo.push(() => folder.close());
      const database = await openDatabase({ dataFolder: folder.path, databaseUrl: config.databaseUrl });
      undo.push(() => database.close());
      return await startOn({ config, log, folder, database, undo, close, make: (parts) => new Platform(parts, close) });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Lets go of everything. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }
}

type Start = {
  config: Config;
  log: Log;
  folder: DataFolder;
  database: Database;
  undo: (() => Promise<void> | void)[];
  close: () => Promise<void>;
  make: (parts: PlatformParts) => Platform;
};

async function startOn({ config, log, folder, database, undo, make }: Start): Promise<Platform> {
  const { db } = database;
  const credentials = await createFirstCredentials(db, folder.credentialsPath);
  const applications = new Applications(db);
  const store = await LocalStore.open(folder.filesPath);
  undo.push(() => store.close());
  const library = new Catalogue(db);
  const usage = new UsageBook(db);

  const callbacks = tellApplications({ config, log, db, applications });
  undo.push(() => callbacks.close());
  // Which port it is may only be known when it listens.
  let address = addressOn(config, config.port);
  const teller = new TaskTeller(callbacks.outbox, () => config.publicUrl ?? address);
  const allowed = config.outbound.allowPrivate ? { allows: () => true } : {};
  const telling = { db, log, teller, outbox: callbacks.outbox };
  const giveUpMs = config.recording.storeGiveUpHours * 3_600_000;
  const uploads = new FileUploads({ ...telling, ...allowed, nowUs, giveUpMs });
  const files = new FileKeeper({ ...telling, store, uploads });

  const journals = new CaptureJournals(folder.capturesPath);
  undo.push(() => journals.close());
  const callRooms: CallRooms = new CallRooms(
    () => ({ calls, rooms, signalling }),
    (sdkAppId) => recorder.capturesAll(sdkAppId),
    log,
  );
  const recorder: Recorder = new Recorder({
    db,
    log,
    settingsOf: (sdkAppId) => applications.recordingSettings(sdkAppId),
    pictures: new PictureFetches(log, allowed),
    rendersFolder: join(folder.path, 'renders'),
    capturesFolder: folder.capturesPath,
    captureRetentionHours: config.captureRetentionHours,
    maxRenders: config.render.maxConcurrent,
    maxTasks: config.recording.maxTasks,
    outlet: {
      keep: (task, file) => files.keep(task, file),
      tell: (transaction, task, news) => teller.tell(transaction, task, news),
      told: () => callbacks.outbox.committed(),
      usage: ({ taskId, room: { sdkAppId } }, counts, how) => usage.record({ taskId, sdkAppId }, counts, how),
      sign: ({ sdkAppId, roomId, roomSessionId }, recording) => {
        const room = rooms.find(sdkAppId, roomId);
        // The room may be over before its task is.
        if (room?.identity.roomSessionId !== roomSessionId) return;
        room
          .setRecording(recording)
          .catch((error: unknown) => log.error({ err: error, roomSessionId }, 'recording sign could not be switched'));
      },
      capture: async ({ sdkAppId, roomId, roomSessionId }, captured) => {
        const room = rooms.find(sdkAppId, roomId);
        if (room?.identity.roomSessionId !== roomSessionId) return;
        await room
          .setCaptured(captured)
          .catch((error: unknown) => log.error({ err: error, roomSessionId }, 'capture could not be switched'));
      },
      open: async (room) => void (await rooms.open({ ...room, captured: true })),
      spent: ({ sdkAppId, roomId, roomSessionId }) => {
        if (calls.inRoom(sdkAppId, roomId) !== null) return;
        rooms
          .close(roomSessionId)
          .catch((error: unknown) => log.error({ err: error, roomSessionId }, 'an empty room could not be closed'));
      },
    },
  });
  undo.push(async () => {
    await recorder.close();
    await uploads.close();
  });

  const open = await Rooms.left(db);
  const sfu = await JanusSfu.start(
    {
      folder: join(folder.path, 'janus'),
      rtpPortRange: config.media.rtpPortRange,
      publicAddress: config.publicAddress,
      janusPath: config.media.janusPath,
      orphanTimeoutMinutes: ORPHAN_TIMEOUT_MINUTES,
      log,
    },
    open.length > 0,
  );
  // Calls under way go on in Janus without us, and wait for the next process.
  undo.push(() => sfu.close({ keep: rooms.size > 0 }));
  const rooms: Rooms = new Rooms({
    db,
    sfu,
    log,
    capturesFolder: folder.capturesPath,
    mediaTimeoutMs: config.mediaTimeoutS * 1000,
    outlet: {
      event: (room, event) =>
        journals.record(room, event, async (journal, written) => {
          await callbacks.rooms.tell(room, written);
          await recorder.roomEvent(room, journal, written);
        }),
      notify: (room, userIds, notice) => callRooms.notify(room, userIds, notice),
      userLost: (room, userId) => callRooms.userLost(room, userId),
    },
  });
  undo.push(() => rooms.letGo());
  const calls: Calls = new Calls({
    db,
    log,
    outlet: callRooms.callOutlet,
    outbox: {
      write: async (transaction, call, change) => {
        await callbacks.outbox.write(transaction, callChanged(call, change));
      },
      committed: () => callbacks.outbox.committed(),
    },
    ringTimeoutMs: config.call.ringTimeoutS * 1000,
    absenceTimeoutMs: config.mediaTimeoutS * 1000,
  });
  undo.push(() => calls.letGo());

  const roomsOf = ({ sdkAppId, userId, deviceId }: DeviceRef): Room[] =>
    [...rooms].filter(
      ({ identity, users }) =>
        identity.sdkAppId === sdkAppId && users.some((user) => user.userId === userId && user.deviceId === deviceId),
    );
  const api = await createApi({
    log,
    demo: config.demo,
    trustProxy: config.trustProxy,
    applications,
    consoleUsers: new ConsoleUsers(db, { sessionHours: config.sessionHours }),
    restKeys: new RestKeys(db),
    library,
    store,
    calls: { list: (query) => listCalls(db, query) },
    recordings: { list: (query) => listTasks(db, query) },
    callbacks: callbacks.log,
    taskOrders: recorder.orders,
    usage,
    dialect: {
      recording: new RecordingOrders(recorder.orders, (room) => journals.of(room, false)),
      rooms: new RoomOrders({ calls, rooms }),
      history: {
        rooms: (query) => listRoomLives(db, query),
        stays: (query) => listRoomStays(db, query),
      },
      usage: new DialectUsage(usage),
    },
    checks: { database: () => database.ping(), mediaServer: async () => void sfu.connection },
  });
  undo.push(() => api.close());
  const signalling = new Signalling({
    http: api.server,
    log,
    handlers: requestHandlers({ calls, rooms }),
    presence: {
      came: (device) => {
        calls.deviceBack(device);
        for (const room of roomsOf(device)) room.deviceBack(device.userId);
      },
      went: (device) => {
        calls.deviceGone(device);
        for (const room of roomsOf(device)) room.deviceGone(device.userId);
      },
    },
    verify: async ({ sdkAppId, userId, userSig }) => {
      const expiresAtMs =
        config.demo && userSig === undefined
          ? null
          : (await applications.verifyUserSig({ sdkAppId, userId, userSig })).expiresAtMs;
      if (expiresAtMs === null) await applications.get(sdkAppId);
      await rememberUser(db, sdkAppId, userId);
      return { expiresAtMs };
    },
  });
  undo.push(() => signalling.close());

  // What an earlier process left: first what was to be told of it, in the order in which it happened.
  for (const { identity } of open) {
    const journal = journals.of(identity, false);
    if (journal !== null) await callbacks.rooms.resume(identity, journal.events());
  }
  callbacks.deliveries.start();
  // Then the recordings, so that nothing of the rooms escapes them.
  await recorder.resume(
    open.flatMap(({ identity }) => {
      const journal = journals.of(identity, false);
      return journal === null ? [] : [{ identity, journal }];
    }),
  );
  await rooms.resume(open, (identity) => journals.of(identity, false));
  recorder.tellRooms();
  await calls.resume((call) => rooms.find(call.sdkAppId, call.roomId) !== null);
  for (const { identity } of [...rooms])
    if (calls.inRoom(identity.sdkAppId, identity.roomId) === null && !recorder.needs(identity.roomSessionId))
      await rooms.close(identity.roomSessionId);

  await listen(api, config);
  const bound = api.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : config.port;
  address = addressOn(config, port);
  log.info({ port }, 'platform serves');
  return make({
    facts: { address, credentials },
    applications,
    callbacks: callbacks.log,
    calls,
    callRecords: (query) => listCalls(db, query),
    library,
    recorder,
    store,
    usage,
  });
}

/** The parts that tell applications what happens. */
function tellApplications({
  config,
  log,
  db,
  applications,
}: {
  config: Config;
  log: Log;
  db: Database['db'];
  applications: Applications;
}) {
  const addressOf: AddressOf = async (asked, sdkAppId, kind) =>
    (await applications.callbackSettings(sdkAppId, asked))[kind] ?? null;
  const sending = { nowUs, ...(config.outbound.allowPrivate ? { allows: () => true } : {}) };
  const outbox = new Outbox({ addressOf, nowUs });
  const rooms = new RoomTeller({ db, outbox, log });
  const deliveries = new Deliveries({ ...config.callback, ...sending, db, log, addressOf });
  outbox.onWritten(() => deliveries.wake());
  const callbackLog = new CallbackLog({ ...sending, db, addressOf, wake: () => deliveries.wake() });
  return {
    outbox,
    rooms,
    deliveries,
    log: callbackLog,
    close: async (): Promise<void> => {
      await rooms.close();
      await deliveries.close();
      await callbackLog.close();
    },
  };
}

/** Under which address this machine reaches the server. */
function addressOn({ host }: Config, port: number): string {
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}`;
}

/** Looks before anything is started: a taken port should not cost a start of Janus. */
async function mustBeFree({ port, host }: Config): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CallreelError('PortTaken', `port is ${port}.`, { cause: error })
          : new CallreelError(
              'ConfigInvalid',
              `host "${host}" and port ${port} cannot be listened on (${error.code}).`,
              { cause: error },
            ),
      ),
    );
    probe.listen({ port, host }, () => probe.close(() => resolve()));
  });
}

async function listen(
  api: { listen(options: { port: number; host: string }): Promise<string> },
  { port, host }: Config,
): Promise<void> {
  try {
    await api.listen({ port, host });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new CallreelError('PortTaken', `port is ${port}.`, { cause: error });
    throw error;
  }
}
