import type { Logger } from 'pino';
import { CallreelError } from '../base/callreel-error.ts';
import { JanusConnection, JanusError, type JanusMessage } from './janus-connection.ts';
import {
  endJanus,
  findRunningJanus,
  type JanusProcessOptions,
  janusRuns,
  type RunningJanus,
  startJanus,
  touchClaim,
} from './janus-process.ts';
import { JanusRoom } from './janus-room.ts';
import type { Sfu, SfuRoom, SfuRoomListener, SfuRoomState } from './sfu.ts';

/** Janus drops a session that says nothing; half a minute leaves room for many lost ones. */
const KEEPALIVE_MS = 25_000;

/** Pause between two tries to reach Janus again. */
const RETRY_MS = 200;

/** Settings of {@link JanusSfu}. */
export type JanusSfuOptions = JanusProcessOptions & { log: Logger };

/**
 * Janus as the media server.
 *
 * Life: {@link JanusSfu.start} claims the Janus of an earlier process or starts one. A lost connection is made
 * again and all sessions are claimed; a lost Janus is started again and its rooms are told.
 */
export class JanusSfu implements Sfu {
  readonly #options: JanusSfuOptions;
  readonly #rooms = new Map<number, JanusRoom>();
  #running: RunningJanus;
  #connection: JanusConnection | null = null;
  #keepalive: NodeJS.Timeout | null = null;
  #closing = false;

  private constructor(options: JanusSfuOptions, running: RunningJanus) {
    this.#options = options;
    this.#running = running;
  }

  /**
   * @param keepRunning whether a Janus that runs already is taken over whatever its settings: true while
   *   rooms of an earlier process are open.
   * @throws {CallreelError} `MediaServerMissing`, `MediaServerFailed`.
   */
  static async start(options: JanusSfuOptions, keepRunning: boolean): Promise<JanusSfu> {
    const found = await findRunningJanus(options);
    if (found !== null && !keepRunning && !found.sameSettings) await endJanus(found);
    const reuse = found !== null && (keepRunning || found.sameSettings);
    const running = reuse ? found : await startJanus(options);
    options.log.info({ instance: running.instance, claimed: reuse }, 'media server runs');
    const sfu = new JanusSfu(options, running);
    await sfu.#connect();
    sfu.#keepalive = setInterval(() => sfu.#keepAlive(), KEEPALIVE_MS);
    sfu.#keepAlive();
    return sfu;
  }

  get ready(): boolean {
    return this.#connection !== null;
  }

  /** Name of the run of Janus; changes when it had to be started again. */
  get instance(): string {
    return this.#running.instance;
  }

  /** The connection for a request. @throws {CallreelError} `MediaUnavailable`. */
  get connection(): JanusConnection {
    if (this.#connection === null) throw new CallreelError('MediaUnavailable');
    return this.#connection;
  }

  async open(
    room: { roomKey: string; captureFolder: string; maxUsers: number },
    listener: SfuRoomListener,
  ): Promise<SfuRoom> {
    const session = (await this.connection.request({ janus: 'create' })).data?.id;
    if (session === undefined) throw new CallreelError('MediaUnavailable');
    const state: SfuRoomState = {
      roomKey: room.roomKey,
      captureFolder: room.captureFolder,
      instance: this.instance,
      session,
      control: 0,
      publishers: {},
      subscribers: {},
      feeds: 0,
    };
    const opened = new JanusRoom(this, state, listener, this.#options.log);
    this.#rooms.set(session, opened);
    await opened.create(room.maxUsers);
    return opened;
  }

  async resume(state: SfuRoomState, listener: SfuRoomListener): Promise<SfuRoom | null> {
    if (state.instance !== this.instance) return null;
    const room = new JanusRoom(this, structuredClone(state), listener, this.#options.log);
    this.#rooms.set(state.session, room);
    if (await this.#claim(room)) return room;
    this.#rooms.delete(state.session);
    return null;
  }

  /** A room says that it is over. */
  forget(session: number): void {
    this.#rooms.delete(session);
  }

  async close({ keep }: { keep: boolean }): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#keepalive !== null) clearInterval(this.#keepalive);
    this.#connection?.close();
    this.#connection = null;
    if (!keep) await endJanus(this.#running);
  }

  async #connect(): Promise<void> {
    this.#connection = await JanusConnection.open({
      socketPath: this.#running.socketPath,
      secret: this.#running.secret,
      onEvent: (message) => this.#event(message),
      onClosed: () => {
        this.#connection = null;
        if (!this.#closing) this.#detached(this.#recover());
      },
    });
  }

  async #recover(): Promise<void> {
    this.#options.log.warn('connection to the media server lost');
    while (!this.#closing && (await janusRuns(this.#running))) {
      try {
        await this.#connect();
        for (const room of [...this.#rooms.values()]) if (!(await this.#claim(room))) await room.lost();
        this.#options.log.info('connection to the media server is back');
        return;
      } catch (error) {
        this.#options.log.debug({ err: error }, 'media server cannot be reached yet');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    while (!this.#closing) {
      try {
        this.#running = await startJanus(this.#options);
        await this.#connect();
        break;
      } catch (error) {
        this.#options.log.error({ err: error }, 'media server cannot be started');
        await new Promise((resolve) => setTimeout(resolve, 10 * RETRY_MS));
      }
    }
    if (this.#closing) return;
    this.#options.log.warn({ instance: this.instance }, 'media server was lost; a new one runs');
    await Promise.all([...this.#rooms.values()].map((room) => room.lost()));
  }

  async #claim(room: JanusRoom): Promise<boolean> {
    try {
      await this.connection.request({ janus: 'claim', session_id: room.state.session });
      await room.reconcile();
      return true;
    } catch (error) {
      if (error instanceof JanusError) return false;
      throw error;
    }
  }

  #keepAlive(): void {
    this.#detached(touchClaim(this.#options.folder));
    const connection = this.#connection;
    if (connection === null) return;
    for (const session of this.#rooms.keys()) {
      this.#detached(connection.request({ janus: 'keepalive', session_id: session }));
    }
  }

  #event(message: JanusMessage): void {
    const room = message.session_id === undefined ? undefined : this.#rooms.get(message.session_id);
    if (room !== undefined) this.#detached(room.event(message));
  }

  /** Lets work run whose failure nobody waits for: it is logged. */
  #detached(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#options.log.error({ err: error }, 'media server work failed'));
  }
}
