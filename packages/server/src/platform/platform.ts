import { createServer } from 'node:net';
import { join } from 'node:path';
import { createApi } from '../api/index.ts';
import { Applications, ConsoleUsers, type Credentials, createFirstCredentials, RestKeys } from '../apps/index.ts';
import { type Database, openDatabase } from '../base/db/index.ts';
import { CallreelError, type Config, createLog, type DataFolder, type Log, openDataFolder } from '../base/index.ts';
import { type CallRecord, Calls, type DeviceRef, listCalls, rememberUser } from '../call/index.ts';
import { Catalogue, type Library, type MediaStills } from '../library/index.ts';
import { listTasks, PictureFetches, Recorder, type RenderedFile } from '../recording/index.ts';
import { type Room, Rooms } from '../room/index.ts';
import { JanusSfu } from '../sfu/index.ts';
import { Signalling } from '../signalling/index.ts';
import { LocalStore, type Store } from '../store/index.ts';
import { UsageBook, type UsageReader } from '../usage/index.ts';
import { CallRooms } from './call-rooms.ts';
import { CaptureJournals } from './capture-journals.ts';
import { requestHandlers } from './request-handlers.ts';

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
    pictures: new PictureFetches(log, config.outbound.allowPrivate ? { allows: () => true } : {}),
    rendersFolder: join(folder.path, 'renders'),
    capturesFolder: folder.capturesPath,
    captureRetentionHours: config.captureRetentionHours,
    maxRenders: config.render.maxConcurrent,
    outlet: {
      keep: (task, file) => keep({ store, library, log }, task, file),
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
    },
  });
  undo.push(() => recorder.close());

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
        journals.record(room, event, (journal, written) => recorder.roomEvent(room, journal, written)),
      notify: (room, userIds, notice) => callRooms.notify(room, userIds, notice),
      userLost: (room, userId) => callRooms.userLost(room, userId),
    },
  });
  undo.push(() => rooms.letGo());
  const calls: Calls = new Calls({
    db,
    log,
    outlet: callRooms.callOutlet,
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
    taskOrders: recorder.orders,
    usage,
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

  // What an earlier process left: first the recordings, so that nothing of the rooms escapes them.
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
    if (calls.inRoom(identity.sdkAppId, identity.roomId) === null) await rooms.close(identity.roomSessionId);

  await listen(api, config);
  const bound = api.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : config.port;
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  log.info({ port }, 'platform serves');
  return make({
    facts: { address: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, credentials },
    applications,
    calls,
    callRecords: (query) => listCalls(db, query),
    library,
    recorder,
    store,
    usage,
  });
}

async function keep(
  { store, library, log }: { store: Store; library: Library; log: Log },
  task: { taskId: string; room: { sdkAppId: number; roomId: string } },
  file: RenderedFile,
): Promise<void> {
  const folder = `${task.room.sdkAppId}/${task.taskId}`;
  const objectKey = `${folder}/${file.name}`;
  const { name, type, sizeBytes, sha256, durationUs, startUs, widthPx, heightPx } = file;
  // What a playlist names comes before it: a playlist in the store can be played.
  for (const part of file.parts ?? []) await store.put(`${folder}/${part.name}`, part.path);
  await store.put(objectKey, file.path);
  await library.add({
    sdkAppId: task.room.sdkAppId,
    taskId: task.taskId,
    roomId: task.room.roomId,
    name,
    type,
    sizeBytes,
    sha256,
    durationUs,
    startUs,
    widthPx,
    heightPx,
    objectKey,
    stills: await keepStills({ store, log }, folder, file),
  });
}

/** Puts a file's stills beside it. Where that fails the file is kept without them. */
async function keepStills(
  { store, log }: { store: Store; log: Log },
  folder: string,
  { stills }: RenderedFile,
): Promise<MediaStills | null> {
  if (stills === undefined) return null;
  const { poster, thumbnails } = stills;
  try {
    for (const { name, path } of [poster, thumbnails.picture, thumbnails.index])
      await store.put(`${folder}/${name}`, path);
    return { poster: poster.name, thumbnails: thumbnails.picture.name, thumbnailsIndex: thumbnails.index.name };
  } catch (error) {
    log.warn({ err: error, folder }, 'stills could not be kept');
    return null;
  }
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
