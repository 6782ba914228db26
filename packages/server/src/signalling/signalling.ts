import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import {
  ERROR_CATALOGUE,
  type ErrorBody,
  type RequestBodyOf,
  type RequestName,
  type RequestResult,
  type ServerEventName,
  type ServerEvents,
  SIGNALLING_MAX_BYTES,
  SIGNALLING_PATH,
  type SignIn,
} from '@callreel/protocol';
import { Server, type Socket } from 'socket.io';
import { CallreelError } from '../base/callreel-error.ts';
import type { Log } from '../base/log.ts';
import type { Addressee, DeviceRef } from '../call/index.ts';
import { errorBody } from './error-body.ts';
import { checkBody, checkSignIn, isRequestName } from './message-check.ts';
import { RateLimit } from './rate-limit.ts';

/** What answers the requests of devices; an error of the catalogue refuses one. */
export type RequestHandlers = {
  [N in RequestName]: (device: DeviceRef, body: RequestBodyOf<N>) => Promise<RequestResult[N]>;
};

/** Hears of devices that come and go. */
export interface Presence {
  /** Signed in, for the first time or again. */
  came(device: DeviceRef): void;
  /** The last connection of the device is gone. */
  went(device: DeviceRef): void;
}

/** What signalling works with. */
export type SignallingParts = {
  http: HttpServer;
  log: Log;
  handlers: RequestHandlers;
  presence: Presence;
  /** Verifies who signs in. @throws {CallreelError} one of the sign-in errors. */
  verify(signIn: SignIn): Promise<{ expiresAtMs: number | null }>;
};

/** A device that talks faster than this is broken or hostile. */
const RATE = { perSecond: 50, burst: 500 };

/** Node's timers hold 31 bits of ms; a UserSig that lives longer is looked at again. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * The socket.io server.
 *
 * Life: serves from the construction until {@link Signalling.close}. Each device has one connection: a second one
 * with the same device id ends the first.
 */
export class Signalling {
  readonly #parts: SignallingParts;
  readonly #io: Server;
  readonly #devices = new Map<string, Socket>();

  constructor(parts: SignallingParts) {
    this.#parts = parts;
    this.#io = new Server(parts.http, {
      path: SIGNALLING_PATH,
      serveClient: false,
      transports: ['websocket'],
      // Up to here a message is answered with an error; beyond, the connection is cut.
      maxHttpBufferSize: 4 * SIGNALLING_MAX_BYTES,
      pingInterval: 5_000,
      pingTimeout: 5_000,
    });
    this.#io.use((socket, next) => {
      this.#signIn(socket).then(
        () => next(),
        (error: unknown) => {
          const refusal: Error & { data?: ErrorBody } = new Error('refused');
          refusal.data = this.#bodyOf(error, 'sign-in');
          next(refusal);
        },
      );
    });
    this.#io.on('connection', (socket) => this.#connected(socket));
  }

  /** Tells devices; who is not connected now does not hear it, and asks when it comes back. */
  notify<N extends ServerEventName>(to: Addressee, name: N, body: ServerEvents[N]): void {
    const whole = to.deviceId === undefined ? userRoom(to) : deviceRoom({ ...to, deviceId: to.deviceId });
    const target = this.#io.to(whole);
    (to.exceptDeviceId === undefined ? target : target.except(deviceRoom({ ...to, deviceId: to.exceptDeviceId }))).emit(
      name,
      body,
    );
  }

  /** Whether a device is connected now. */
  isConnected(device: DeviceRef): boolean {
    return this.#devices.has(deviceRoom(device));
  }

  /** Ends all connections. May be called twice. */
  async close(): Promise<void> {
    await this.#io.close();
  }

  async #signIn(socket: Socket): Promise<void> {
    const signIn = checkSignIn(socket.handshake.auth);
    const { expiresAtMs } = await this.#parts.verify(signIn);
    const device: DeviceRef = { sdkAppId: signIn.sdkAppId, userId: signIn.userId, deviceId: signIn.deviceId };
    socket.data = { device, expiresAtMs } satisfies SocketData;
  }

  #connected(socket: Socket): void {
    // Set by #signIn, without which there is no connection.
    const { device, expiresAtMs } = socket.data as SocketData;
    const room = deviceRoom(device);
    const earlier = this.#devices.get(room);
    this.#devices.set(room, socket);
    if (earlier !== undefined) this.#kick(earlier, new CallreelError('SignedInElsewhere'));
    const joined = socket.join([userRoom(device), room]);
    if (joined instanceof Promise)
      joined.catch((error: unknown) => this.#parts.log.error({ err: error }, 'device could not be registered'));
    this.#parts.presence.came(device);
    const rate = new RateLimit(RATE, performance.now());
    socket.onAny((name: string, ...args: unknown[]) => {
      const ack = args.at(-1);
      this.#request(device, rate, name, args[0]).then(
        (data) => answer(ack, { ok: true, data }),
        (error: unknown) => answer(ack, { ok: false, error: this.#bodyOf(error, name) }),
      );
    });
    const expiry = expiresAtMs === null ? null : this.#expireAt(socket, expiresAtMs);
    socket.once('disconnect', () => {
      expiry?.stop();
      if (this.#devices.get(room) !== socket) return;
      this.#devices.delete(room);
      this.#parts.presence.went(device);
    });
  }

  async #request(device: DeviceRef, rate: RateLimit, name: string, body: unknown): Promise<unknown> {
    if (!rate.take(performance.now())) throw new CallreelError('RequestTooFrequent');
    if (!isRequestName(name)) throw new CallreelError('MessageUnknown', `"${name.slice(0, 40)}"`);
    return this.#handle(device, name, body);
  }

  #handle<N extends RequestName>(device: DeviceRef, name: N, body: unknown): Promise<RequestResult[N]> {
    return this.#parts.handlers[name](device, checkBody(name, body));
  }

  #expireAt(socket: Socket, expiresAtMs: number): { stop: () => void } {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const leftMs = expiresAtMs - Date.now();
      timer = setTimeout(
        () => (leftMs > TIMER_MAX_MS ? arm() : this.#kick(socket, new CallreelError('UserSigExpired'))),
        Math.min(Math.max(leftMs, 0), TIMER_MAX_MS),
      );
    };
    arm();
    return { stop: () => clearTimeout(timer) };
  }

  #kick(socket: Socket, reason: CallreelError): void {
    socket.emit('device.kicked', { error: this.#bodyOf(reason, 'device.kicked') });
    socket.disconnect(true);
  }

  #bodyOf(error: unknown, request: string): ErrorBody {
    const requestId = randomUUID();
    if (!(error instanceof CallreelError) || ERROR_CATALOGUE[error.code].fault !== 'caller')
      this.#parts.log.error({ err: error, requestId, request }, 'request failed');
    else this.#parts.log.debug({ code: error.code, requestId, request }, 'request refused');
    return errorBody(error, requestId);
  }
}

type SocketData = { device: DeviceRef; expiresAtMs: number | null };

/** A client that gives no acknowledgement function does not want an answer. */
function answer(ack: unknown, body: unknown): void {
  if (typeof ack === 'function') ack(body);
}

function userRoom({ sdkAppId, userId }: { sdkAppId: number; userId: string }): string {
  return `user ${sdkAppId} ${userId}`;
}

function deviceRoom({ sdkAppId, userId, deviceId }: DeviceRef): string {
  return `device ${sdkAppId} ${deviceId} ${userId}`;
}
