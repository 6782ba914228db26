import { BotPublisher, type BotStream, type BotVideoCodec, type Pacer } from '@callreel/bots';
import { newDeviceId, SignallingClient } from '@callreel/callkit/signalling';
import type { StreamKind, StreamSource } from '@callreel/protocol';
import { type LossyRelay, throughRelay, withoutAddresses } from './lossy-relay.ts';
import type { ServerProcess } from './server-process.ts';
import { type PlainPicture, pictureLoop, soundLoop } from './signal-loop.ts';

/** What a planned caller is seen and heard by. */
export type PlannedSignal = PlainPicture & {
  pitchHz: number;
  /** Default `vp8`. */
  codec?: BotVideoCodec;
  /** Byte of the video-orientation header. */
  orientation?: number;
};

/**
 * A caller who does just what a test says, when it says so: calls, answers, publishes, shares a screen, switches off,
 * leaves. Sends over real WebRTC and receives nothing. `close()` may be called twice.
 */
export class PlannedCaller {
  readonly userId: string;
  readonly signal: PlannedSignal;
  readonly #signalling: SignallingClient;
  readonly #pacer: Pacer;
  readonly #rung: Promise<string>;
  readonly #begun: Promise<string>;
  #callId = '';
  #isIn = false;
  #relay: LossyRelay | null = null;
  #publisher: BotPublisher | null = null;

  private constructor(signalling: SignallingClient, userId: string, signal: PlannedSignal, pacer: Pacer) {
    this.userId = userId;
    this.signal = signal;
    this.#signalling = signalling;
    this.#pacer = pacer;
    this.#rung = new Promise((resolve) => signalling.on('call.received', ({ info }) => resolve(info.callId)));
    this.#begun = new Promise((resolve) => signalling.on('call.begun', ({ info }) => resolve(info.callId)));
  }

  /** A caller who is signed in to a server in demo mode. */
  static async signIn(
    server: ServerProcess,
    pacer: Pacer,
    userId: string,
    signal: PlannedSignal,
  ): Promise<PlannedCaller> {
    const { app } = await server.credentials();
    const signIn = { sdkAppId: app.sdkAppId, userId, deviceId: newDeviceId() };
    const signalling = new SignallingClient({ server: server.address, signIn: () => signIn });
    const caller = new PlannedCaller(signalling, userId, signal, pacer);
    await signalling.connect();
    return caller;
  }

  /** The call that this caller is in. */
  get callId(): string {
    return this.#callId;
  }

  /** Whether this caller speaks, or sits there in silence. */
  get isIn(): boolean {
    return this.#isIn;
  }

  /** What is published from now on goes this way. */
  goThrough(relay: LossyRelay): void {
    this.#relay = relay;
  }

  /** Calls the others; answers as soon as it rings there. @param roomId of the room; default: one that the server chooses. */
  async call(others: readonly PlannedCaller[], roomId?: number): Promise<void> {
    const userIdList = others.map(({ userId }) => userId);
    const room = roomId === undefined ? {} : { roomId };
    const { info } = await this.#signalling.request('call.start', { userIdList, type: 'video', timeoutS: 60, ...room });
    this.#callId = info.callId;
  }

  /** Waits until somebody has answered, then sends. */
  async begin(options?: { screen?: PlannedSignal; camera?: boolean }): Promise<void> {
    await this.#begun;
    this.#isIn = true;
    await this.publish(options);
  }

  /** Answers the call that rings, and sends. */
  async join(options?: { screen?: PlannedSignal; camera?: boolean; silent?: boolean }): Promise<void> {
    this.#callId = await this.#rung;
    await this.#signalling.request('call.accept', { callId: this.#callId });
    this.#isIn = true;
    if (options?.silent !== true) await this.publish(options);
  }

  /** Sends camera and microphone, or with `screen` also a shared screen with its sound; anew when something is sent already. */
  async publish({ screen, camera = true }: { screen?: PlannedSignal; camera?: boolean } = {}): Promise<void> {
    this.#publisher?.close();
    const streams = [
      ...(await streamsOf(this.signal, 'main')).filter(({ kind }) => camera || kind === 'audio'),
      ...(screen === undefined ? [] : await streamsOf(screen, 'aux')),
    ];
    this.#publisher = new BotPublisher({
      signalling: this.#relay === null ? this.#signalling : relayed(this.#signalling, this.#relay),
      callId: this.#callId,
      streams,
      videoCodec: this.signal.codec ?? 'vp8',
      pacer: this.#pacer,
      keys: undefined,
    });
    await this.#publisher.publish();
  }

  /** Switches camera or microphone off or on, as a page does: it says so, and sends nothing or silence. */
  async mute(kind: StreamKind, muted: boolean, source: StreamSource = 'main'): Promise<void> {
    const told = { callId: this.#callId, kind, source, muted };
    if (muted) this.#publisher?.mute(kind, source, true);
    await this.#signalling.request('room.mute', told);
    if (!muted) this.#publisher?.mute(kind, source, false);
  }

  /** Sends nothing any more, as a page that is closed; {@link PlannedCaller.publish} comes back. */
  stopSending(): void {
    this.#publisher?.close();
    this.#publisher = null;
  }

  /** Waits until the server has the caller again; to be called before it is gone. */
  back(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#signalling.on('connected', () => {
        forget();
        resolve();
      });
    });
  }

  /** Leaves the call. */
  async hangup(): Promise<void> {
    await this.#signalling.request('call.hangup', { callId: this.#callId });
    this.#isIn = false;
    this.#publisher?.close();
    this.#publisher = null;
  }

  /** Signs out. */
  close(): void {
    this.#publisher?.close();
    this.#publisher = null;
    this.#signalling.close();
  }
}

async function streamsOf(
  { pitchHz, orientation, codec, ...picture }: PlannedSignal,
  source: StreamSource,
): Promise<BotStream[]> {
  return [
    { kind: 'audio', source, loop: await soundLoop(pitchHz) },
    { kind: 'video', source, loop: pictureLoop(picture, codec), ...(orientation === undefined ? {} : { orientation }) },
  ];
}

/** The signalling of a caller whose media goes through a relay. */
function relayed(signalling: SignallingClient, relay: LossyRelay): Pick<SignallingClient, 'request'> {
  return {
    async request(name, body) {
      const isOffer = name === 'room.publish' && 'sdp' in body;
      const result = await signalling.request(name, isOffer ? { ...body, sdp: withoutAddresses(body.sdp) } : body);
      return isOffer && 'sdp' in result ? { ...result, sdp: await throughRelay(result.sdp, relay) } : result;
    },
  };
}
