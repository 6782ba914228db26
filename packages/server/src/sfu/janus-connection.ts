import { randomUUID } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import WebSocket from 'ws';
import { CallreelError } from '../base/callreel-error.ts';

const Id = Type.Integer({ minimum: 1 });

const JanusMessage = Type.Object({
  janus: Type.String(),
  transaction: Type.Optional(Type.String()),
  session_id: Type.Optional(Id),
  sender: Type.Optional(Id),
  data: Type.Optional(Type.Object({ id: Id })),
  error: Type.Optional(Type.Object({ code: Type.Integer(), reason: Type.String() })),
  plugindata: Type.Optional(Type.Object({ data: Type.Record(Type.String(), Type.Unknown()) })),
  jsep: Type.Optional(Type.Object({ type: Type.String(), sdp: Type.String() })),
  reason: Type.Optional(Type.String()),
  receiving: Type.Optional(Type.Boolean()),
  type: Type.Optional(Type.String()),
  mid: Type.Optional(Type.String()),
});

/** A message of Janus, as far as it is looked at. */
export type JanusMessage = Static<typeof JanusMessage>;

/** An error that Janus answered: its own numbers (`458` no such session, `428` no such feed, …). */
export class JanusError extends Error {
  override readonly name = 'JanusError';
  readonly janusCode: number;

  constructor(janusCode: number, reason: string) {
    super(`Janus answered ${janusCode}: ${reason}`);
    this.janusCode = janusCode;
  }
}

/** Longest wait for an answer: Janus answers in milliseconds unless it hangs. */
const ANSWER_TIMEOUT_MS = 10_000;

type Pending = {
  resolve: (message: JanusMessage) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  untilEvent: boolean;
};

/**
 * One WebSocket to Janus. Life: {@link JanusConnection.open}, requests, `closed` once when it is gone for any
 * reason; requests that still wait are rejected with `MediaUnavailable` then.
 */
export class JanusConnection {
  readonly #socket: WebSocket;
  readonly #secret: string;
  readonly #pending = new Map<string, Pending>();
  readonly #onEvent: (message: JanusMessage) => void;

  private constructor(
    socket: WebSocket,
    secret: string,
    onEvent: (message: JanusMessage) => void,
    onClosed: () => void,
  ) {
    this.#socket = socket;
    this.#secret = secret;
    this.#onEvent = onEvent;
    socket.on('message', (data) => this.#receive(data.toString()));
    socket.on('close', () => {
      for (const pending of this.#pending.values()) {
        clearTimeout(pending.timer);
        pending.reject(new CallreelError('MediaUnavailable'));
      }
      this.#pending.clear();
      onClosed();
    });
  }

  /** Connects. `onEvent` hears what Janus says by itself. @throws when nothing listens at the socket. */
  static async open(options: {
    socketPath: string;
    secret: string;
    onEvent: (message: JanusMessage) => void;
    onClosed: () => void;
  }): Promise<JanusConnection> {
    const socket = new WebSocket(`ws+unix://${options.socketPath}:/`, 'janus-protocol');
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    // An error of an open socket is always followed by `close`, which does the work.
    socket.on('error', () => socket.terminate());
    return new JanusConnection(socket, options.secret, options.onEvent, options.onClosed);
  }

  /** Sends one request of the core API (`create`, `attach`, `claim`, …) and waits for its answer. */
  request(body: Record<string, unknown> & { janus: string }): Promise<JanusMessage> {
    return this.#send(body, false);
  }

  /**
   * Sends one request to the plugin behind a handle, and waits for its event.
   * @throws {JanusError} when the plugin answers with an error.
   */
  async message(
    address: { session: number; handle: number },
    body: Record<string, unknown>,
    jsep?: { type: string; sdp: string },
  ): Promise<{ data: Record<string, unknown>; sdp: string | null }> {
    const answer = await this.#send(
      {
        janus: 'message',
        session_id: address.session,
        handle_id: address.handle,
        body,
        ...(jsep === undefined ? {} : { jsep }),
      },
      true,
    );
    const data = answer.plugindata?.data ?? {};
    if (typeof data['error_code'] === 'number') throw new JanusError(data['error_code'], String(data['error']));
    return { data, sdp: answer.jsep?.sdp ?? null };
  }

  /** Ends the connection; Janus keeps its sessions for the time of a reclaim. */
  close(): void {
    this.#socket.terminate();
  }

  #send(body: Record<string, unknown>, untilEvent: boolean): Promise<JanusMessage> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new CallreelError('MediaUnavailable'));
    const transaction = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(transaction);
        reject(new CallreelError('MediaUnavailable', 'It did not answer in time.'));
      }, ANSWER_TIMEOUT_MS);
      this.#pending.set(transaction, { resolve, reject, timer, untilEvent });
      this.#socket.send(JSON.stringify({ ...body, transaction, apisecret: this.#secret }));
    });
  }

  #receive(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!Value.Check(JanusMessage, message)) throw new Error('Janus sent a message of unknown form.');
    const pending = message.transaction === undefined ? undefined : this.#pending.get(message.transaction);
    if (message.transaction === undefined || pending === undefined) {
      this.#onEvent(message);
      return;
    }
    // An asynchronous plugin request is acknowledged first; its result follows as an event.
    if (message.janus === 'ack' && pending.untilEvent) return;
    this.#pending.delete(message.transaction);
    clearTimeout(pending.timer);
    if (message.janus === 'error')
      pending.reject(new JanusError(message.error?.code ?? 0, message.error?.reason ?? 'unknown'));
    else pending.resolve(message);
  }
}
