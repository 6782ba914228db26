import {
  type Ack,
  type ErrorBody,
  type RequestBodyOf,
  type RequestName,
  type RequestResult,
  type ServerEventName,
  type ServerEvents,
  SIGNALLING_PATH,
  type SignIn,
} from '@callreel/protocol';
import { io, type Socket } from 'socket.io-client';
import { CallkitError } from './callkit-error.ts';
import { Emitter } from './emitter.ts';

/** What a {@link SignallingClient} tells besides the server's own events. */
export type ConnectionEvents = {
  /** The device is signed in: `first` or again after a lost connection. */
  connected: [first: boolean];
  /** The connection is lost; it is being made again. */
  disconnected: [];
  /** One attempt to connect failed; the next one follows. */
  unreachable: [error: CallkitError];
  /** The server does not accept this device, or has thrown it out. There will be no further attempt. */
  refused: [error: CallkitError];
};

type Events = { [N in ServerEventName]: [body: ServerEvents[N]] } & ConnectionEvents;

type Outgoing = { [N in RequestName]: (body: RequestBodyOf<N>, ack: (ack: unknown) => void) => void };
type Incoming = { [N in ServerEventName]: (body: ServerEvents[N]) => void };

/** How to make a {@link SignallingClient}. */
export type SignallingOptions = {
  /** Origin of the server: `https://calls.example.com`. */
  server: string;
  /** Who signs in; asked again for each connection, so that a renewed UserSig is used. */
  signIn: () => SignIn;
  /** How long an answer may take, default 10 000 ms. */
  requestTimeoutMs?: number;
};

const EVENT_NAMES = Object.keys({
  'call.received': 0,
  'call.begun': 0,
  'call.ended': 0,
  'call.notConnected': 0,
  'call.userDeclined': 0,
  'room.userEntered': 0,
  'room.userLeft': 0,
  'room.changed': 0,
  'room.offer': 0,
  'device.kicked': 0,
} satisfies Record<ServerEventName, 0>) as ServerEventName[];

// A restarted server is back within a second or two; nobody should wait longer than that for it.
const RECONNECT_FIRST_MS = 300;
const RECONNECT_LONGEST_MS = 2000;

/**
 * One device's connection to the server. Works in browsers and in Node.
 *
 * Life: `connect()` once; then connected and disconnected in turn, for ever, until `close()` or a refusal.
 * A request made while disconnected waits for the connection, at most its time-out.
 */
export class SignallingClient {
  readonly #socket: Socket<Incoming, Outgoing>;
  readonly #events = new Emitter<Events>();
  readonly #requestTimeoutMs: number;
  #everConnected = false;
  #closed = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ server, signIn, requestTimeoutMs = 10_000 }: SignallingOptions) {
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#socket = io(server, {
      path: SIGNALLING_PATH,
      transports: ['websocket'],
      auth: (give) => give(signIn()),
      autoConnect: false,
      // Several engines on one page are several devices: they must not share a connection.
      forceNew: true,
      reconnectionDelay: RECONNECT_FIRST_MS,
      reconnectionDelayMax: RECONNECT_LONGEST_MS,
    });
    this.#socket.on('connect', () => {
      const first = !this.#everConnected;
      this.#everConnected = true;
      this.#events.emit('connected', first);
    });
    this.#socket.on('disconnect', () => this.#onDisconnect());
    this.#socket.on('connect_error', (error) => this.#onConnectError(error));
    for (const name of EVENT_NAMES) this.#forward(name);
  }

  /** True while the server hears this device. */
  get connected(): boolean {
    return this.#socket.connected;
  }

  /**
   * Connects and signs in. Settles with the first success or refusal, however many attempts that takes.
   * Throws the server's error when it refuses this device, `ConnectionLost` when closed meanwhile.
   */
  async connect(): Promise<void> {
    if (this.#closed) throw new CallkitError('ConnectionLost');
    if (this.connected) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const forget = [this.on('connected', () => resolve()), this.on('refused', reject)];
    this.#socket.connect();
    try {
      await promise;
    } finally {
      for (const off of forget) off();
    }
  }

  /** Hears an event. Returns a function that ends the hearing. */
  on<N extends keyof Events>(name: N, listener: (...args: Events[N]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Asks the server. Throws a {@link CallkitError}: the server's own; `ConnectionLost` when the connection
   * broke before the answer came (the server may or may not have acted); `RequestTimedOut`.
   */
  async request<N extends RequestName>(name: N, body: RequestBodyOf<N>): Promise<RequestResult[N]> {
    if (this.#closed) throw new CallkitError('ConnectionLost');
    const ack = await this.#emit(name, body);
    if (!isAck<RequestResult[N]>(ack))
      throw new CallkitError('AnswerMalformed', { message: `The answer to ${name} cannot be understood.` });
    if (!ack.ok) throw CallkitError.fromBody(ack.error);
    return ack.data;
  }

  /** Ends the connection for good. May be called twice. No event follows. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    this.#events.clear();
  }

  #emit(name: RequestName, body: unknown): Promise<unknown> {
    // socket.io types each event on its own; the pair (name, body) was checked by request().
    const untyped: Socket = this.#socket;
    return new Promise((resolve, reject) => {
      untyped.timeout(this.#requestTimeoutMs).emit(name, body, (error: Error | null, ack: unknown) => {
        if (error === null) resolve(ack);
        else reject(new CallkitError(this.#socket.connected ? 'RequestTimedOut' : 'ConnectionLost', { cause: error }));
      });
    });
  }

  #forward<N extends ServerEventName>(name: N): void {
    const untyped: Socket = this.#socket;
    const event: string = name;
    untyped.on(event, (body: ServerEvents[N]) => {
      if (name === 'device.kicked') this.#onKicked(body as ServerEvents['device.kicked']);
      this.#events.emit(name, ...([body] as Events[N]));
    });
  }

  #onDisconnect(): void {
    if (this.#closed) return;
    this.#events.emit('disconnected');
    // socket.io does not reconnect by itself when the server closed the connection, as one that shuts down does.
    if (!this.#socket.active) this.#reconnectLater();
  }

  #onConnectError(error: Error): void {
    if (this.#closed) return;
    if (this.#socket.active) {
      this.#events.emit('unreachable', new CallkitError('ServerUnreachable', { cause: error }));
      return;
    }
    const body: unknown = 'data' in error ? error.data : undefined;
    const refusal = isErrorBody(body)
      ? CallkitError.fromBody(body)
      : new CallkitError('InternalError', { cause: error });
    if (refusal.retry) {
      this.#events.emit('unreachable', refusal);
      this.#reconnectLater();
    } else {
      this.#refuse(refusal);
    }
  }

  #onKicked({ error }: ServerEvents['device.kicked']): void {
    this.#refuse(CallkitError.fromBody(error));
  }

  #refuse(error: CallkitError): void {
    if (this.#closed) return;
    this.#end();
    this.#events.emit('refused', error);
  }

  #reconnectLater(): void {
    clearTimeout(this.#retryTimer);
    const delayMs = RECONNECT_FIRST_MS + Math.random() * (RECONNECT_LONGEST_MS - RECONNECT_FIRST_MS);
    this.#retryTimer = setTimeout(() => this.#socket.connect(), delayMs);
  }

  #end(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#socket.disconnect();
  }
}

function isAck<T>(value: unknown): value is Ack<T> {
  if (typeof value !== 'object' || value === null || !('ok' in value)) return false;
  return value.ok === true ? 'data' in value : value.ok === false && 'error' in value && isErrorBody(value.error);
}

function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'retry' in value;
}
