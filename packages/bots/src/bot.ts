import { CallkitError, Emitter, newDeviceId, SignallingClient } from '@callreel/callkit/signalling';
import type { CallEndReason, CallInfo, CallMediaType, RoomSnapshot, SignIn } from '@callreel/protocol';
import type { DtlsKeys } from 'werift';
import { BotPublisher } from './bot-publisher.ts';
import { BotSubscriber } from './bot-subscriber.ts';
import type { BotLoops } from './loops.ts';
import type { Pacer } from './pacer.ts';
import type { BotVideoCodec } from './video-loop.ts';

/** How to make a {@link Bot}. */
export type BotOptions = {
  /** Origin of the server. */
  server: string;
  sdkAppId: number;
  userId: string;
  /** May be missing only when the server runs in demo mode. */
  userSig?: string | undefined;
  loops: BotLoops;
  videoCodec: BotVideoCodec;
  pacer: Pacer;
  /** Whether the streams of the others are received, default true. */
  receive?: boolean;
  /** A certificate that several bots share: making one costs more than anything else in a connection. */
  keys?: DtlsKeys | undefined;
};

/** What a bot tells. */
export type BotEvents = {
  /** The call was answered and its room is open. */
  begun: [callId: string];
  /** The call is over; `totalMs` is null when it had not begun. */
  ended: [callId: string, reason: CallEndReason, totalMs: number | null];
  error: [error: CallkitError];
};

/** What went over a bot's connections in its last call. */
export type BotTraffic = { sent: number; receivedAudio: number; receivedVideo: number };

const NO_TRAFFIC: BotTraffic = Object.freeze({ sent: 0, receivedAudio: 0, receivedVideo: 0 });

/**
 * A simulated user: signs in, calls or answers, sends its loops and counts what it gets.
 *
 * States: idle → calling or answering → in the call → idle. After a lost signalling connection the call goes
 * on; only a lost media server makes it connect anew. `close()` may be called twice.
 */
export class Bot {
  readonly userId: string;
  readonly #options: BotOptions;
  readonly #signalling: SignallingClient;
  readonly #events = new Emitter<BotEvents>();
  #callId: string | null = null;
  /** True while the server is asked to place a call. */
  #placing = false;
  #info: CallInfo | null = null;
  #mediaEpoch = 0;
  #publisher: BotPublisher | null = null;
  #subscriber: BotSubscriber | null = null;
  /** What connections have carried that are closed by now. */
  #carried: BotTraffic = NO_TRAFFIC;

  constructor(options: BotOptions) {
    this.#options = options;
    this.userId = options.userId;
    const { sdkAppId, userId, userSig } = options;
    const signIn: SignIn = { sdkAppId, userId, deviceId: newDeviceId(), ...(userSig === undefined ? {} : { userSig }) };
    this.#signalling = new SignallingClient({ server: options.server, signIn: () => signIn });
    this.#listen();
  }

  /** What has gone over the connections of the call, or of the last one. */
  get traffic(): BotTraffic {
    const { sent, receivedAudio, receivedVideo } = this.#carried;
    return {
      sent: sent + (this.#publisher?.packets ?? 0),
      receivedAudio: receivedAudio + (this.#subscriber?.packets.audio ?? 0),
      receivedVideo: receivedVideo + (this.#subscriber?.packets.video ?? 0),
    };
  }

  /** Hears an event. Returns a function that ends the hearing. */
  on<N extends keyof BotEvents>(name: N, listener: (...args: BotEvents[N]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Signs in. Throws what the server answers. */
  async signIn(): Promise<void> {
    await this.#signalling.connect();
  }

  /** Calls somebody. Settles when it rings there, with the id of the call. Throws what the server answers. */
  async call(userIdList: string[], type: CallMediaType = 'video'): Promise<string> {
    this.#placing = true;
    try {
      const { info } = await this.#signalling.request('call.start', { userIdList, type, timeoutS: 30 });
      this.#callId ??= info.callId;
      return info.callId;
    } finally {
      this.#placing = false;
    }
  }

  /** Leaves the call, if there is one. Throws what the server answers. */
  async hangup(): Promise<void> {
    if (this.#callId === null) return;
    const callId = this.#callId;
    await this.#signalling.request('call.hangup', { callId });
    this.#ended(callId, 'hangup', null);
  }

  /** Signs out. */
  close(): void {
    this.#disconnect();
    this.#signalling.close();
    this.#callId = null;
  }

  #listen(): void {
    const signalling = this.#signalling;
    const inCall = (callId: string): boolean => callId === this.#callId;
    signalling.on('connected', (first) => void (first || this.#guard(this.#resume())));
    signalling.on('refused', (error) => this.#events.emit('error', error));
    signalling.on('call.received', ({ info }) => void this.#guard(this.#accept(info)));
    signalling.on('call.begun', ({ info, room }) => {
      // Under load the answer to call.start and this come in one read from the network: the event is heard first.
      if (this.#placing && info.callerId === this.userId) this.#callId ??= info.callId;
      if (inCall(info.callId)) void this.#guard(this.#enter(info, room));
    });
    signalling.on('call.ended', ({ info, reason, totalMs }) => this.#ended(info.callId, reason, totalMs));
    signalling.on('call.notConnected', ({ info, reason }) => this.#ended(info.callId, reason, null));
    signalling.on('room.offer', (offer) => void (inCall(offer.callId) && this.#subscriber?.offered(offer)));
    signalling.on('room.changed', ({ callId, room }) => void (inCall(callId) && this.#guard(this.#look(room))));
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (thrown) {
      this.#events.emit('error', CallkitError.of(thrown));
    }
  }

  async #accept(info: CallInfo): Promise<void> {
    if (this.#callId !== null) return;
    this.#callId = info.callId;
    const { room } = await this.#signalling.request('call.accept', { callId: info.callId });
    await this.#enter(info, room);
  }

  async #enter(info: CallInfo, room: RoomSnapshot): Promise<void> {
    this.#info = info;
    this.#mediaEpoch = room.mediaEpoch;
    this.#carried = NO_TRAFFIC;
    this.#events.emit('begun', info.callId);
    await this.#connect(info);
    // Who comes later than the others asks for what is there; what comes afterwards is offered unasked.
    const late = room.streams.some(({ userId }) => userId !== this.userId);
    if (late && this.#subscriber !== null)
      await this.#signalling.request('room.subscribe', { callId: info.callId, restart: false });
  }

  async #connect(info: CallInfo): Promise<void> {
    this.#disconnect();
    const { loops, videoCodec, pacer, keys, receive = true } = this.#options;
    if (receive)
      this.#subscriber = new BotSubscriber(this.#signalling, keys, (error) => this.#events.emit('error', error));
    const publisher = new BotPublisher({
      signalling: this.#signalling,
      callId: info.callId,
      streams: [
        { kind: 'audio', source: 'main', loop: loops.audio },
        ...(info.mediaType === 'video' ? [{ kind: 'video', source: 'main', loop: loops.video } as const] : []),
      ],
      videoCodec,
      pacer,
      keys,
    });
    this.#publisher = publisher;
    await publisher.publish().catch((thrown: unknown) => {
      // Hung up, or connected anew, while the server was being asked.
      if (this.#publisher === publisher) throw thrown;
    });
  }

  async #look(room: RoomSnapshot): Promise<void> {
    if (this.#info === null || this.#publisher === null || room.mediaEpoch === this.#mediaEpoch) return;
    this.#mediaEpoch = room.mediaEpoch;
    const info = this.#info;
    await this.#connect(info);
    if (this.#subscriber !== null)
      await this.#signalling.request('room.subscribe', { callId: info.callId, restart: true });
  }

  async #resume(): Promise<void> {
    const callId = this.#callId;
    const { calls } = await this.#signalling.request('call.resume', {});
    if (callId === null || callId !== this.#callId) return;
    const mine = calls.find(({ info }) => info.callId === callId);
    if (mine === undefined) this.#ended(callId, 'offline', null);
    else if (mine.state === 'active' && this.#publisher === null) await this.#enter(mine.info, mine.room);
    else if (mine.state === 'active') await this.#look(mine.room);
  }

  #ended(callId: string, reason: CallEndReason, totalMs: number | null): void {
    if (callId !== this.#callId) return;
    this.#disconnect();
    this.#callId = null;
    this.#info = null;
    this.#events.emit('ended', callId, reason, totalMs);
  }

  /** Lets the present connections go; what they have carried stays counted. */
  #disconnect(): void {
    this.#carried = this.traffic;
    this.#publisher?.close();
    this.#subscriber?.close();
    this.#publisher = null;
    this.#subscriber = null;
  }
}
