import type { CallMediaType, RoomSnapshot, ServerEvents, StreamKind } from '@callreel/protocol';
import { CallkitError, type SignallingClient } from '../signalling/index.ts';
import type { CallMedia, View } from './call-media.ts';
import type { VideoCodec } from './codec-preference.ts';
import { LocalMedia } from './local-media.ts';
import { Publisher } from './publisher.ts';
import { Subscriber } from './subscriber.ts';
import { type UserTracks, Views } from './views.ts';

/** What {@link BrowserCallMedia} needs. */
export type CallMediaOptions = {
  signalling: Pick<SignallingClient, 'request'>;
  selfId: string;
  videoCodec: VideoCodec;
  onError: (error: CallkitError) => void;
  onDevicesChanged: () => void;
};

// The media server is back within some seconds after a crash; asking more often helps nobody.
const RETRY_PAUSE_MS = 700;

/** {@link CallMedia} over the browser's WebRTC: one connection to send, one to receive, each made anew when it fails. */
export class BrowserCallMedia implements CallMedia {
  readonly #options: CallMediaOptions;
  readonly #local: LocalMedia;
  readonly #views: Views;
  #subscriber: Subscriber;
  #publisher: Publisher | null = null;
  #prepared: Promise<void> = Promise.resolve();
  #withVideo = false;
  #callId: string | null = null;
  #room: RoomSnapshot | null = null;
  #tracks: ReadonlyMap<string, MediaStreamTrack> = new Map();
  readonly #life = new AbortController();
  #publishing: AbortController | null = null;
  #subscribing: AbortController | null = null;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#local = new LocalMedia((device) => this.#onDeviceEnded(device));
    this.#views = new Views(options.selfId, () => options.onError(new CallkitError('SoundBlocked')));
    this.#subscriber = this.#newSubscriber();
  }

  get devices(): { microphone: boolean; camera: boolean } {
    return { microphone: this.#local.microphoneOn, camera: this.#local.cameraOn };
  }

  async prepare(type: CallMediaType): Promise<void> {
    this.#withVideo = type === 'video';
    this.#publisher = this.#newPublisher();
    this.#prepared = this.#open();
    await this.#prepared;
  }

  enter(callId: string, room: RoomSnapshot, rejoined: boolean): void {
    this.#callId = callId;
    this.#room = room;
    this.#showTracks();
    this.#republish();
    // Who comes later than the others asks for what is there; what comes afterwards is offered unasked.
    if (rejoined || this.#othersStreams(room).size > 0) this.#resubscribe(rejoined);
  }

  update(room: RoomSnapshot, resumed: boolean): void {
    const before = this.#room;
    // Who hangs up closes the connections first, and the server tells that the streams are gone.
    if (before === null || this.#life.signal.aborted) return;
    this.#room = room;
    this.#showTracks();
    if (before.mediaEpoch !== room.mediaEpoch) {
      this.#republish();
      this.#resubscribe(true);
      return;
    }
    const stands = this.#publishing !== null || (this.#publisher?.healthy === true && this.#publisher.standsIn(room));
    if (!stands) this.#republish();
    if (!resumed) return;
    this.#tellMuted(['audio', 'video']);
    const others = this.#othersStreams(room);
    if (others.size > 0 && !this.#subscriber.healthy) this.#resubscribe(true);
    else if (!this.#subscriber.carries(others)) this.#resubscribe(false);
  }

  offered(offer: ServerEvents['room.offer']): void {
    this.#subscriber.offered(offer);
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (on) await this.#local.openMicrophone();
    else this.#local.muteMicrophone();
    this.#options.onDevicesChanged();
    await this.#publisher?.sync();
    this.#tellMuted(['audio']);
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) await this.#local.openCamera();
    else this.#local.closeCamera();
    if (this.#life.signal.aborted) return;
    this.#options.onDevicesChanged();
    this.#showTracks();
    this.#tellMuted(['video']);
    if (on && !this.#withVideo) {
      // A connection has the streams that it began with: pictures need another one.
      this.#withVideo = true;
      if (this.#callId !== null) this.#republish();
      return;
    }
    await this.#publisher?.sync();
  }

  setView(userId: string, view: View | null): void {
    this.#views.setView(userId, view);
  }

  async resumeSound(): Promise<void> {
    await this.#views.resumeSound();
  }

  close(): void {
    this.#life.abort();
    this.#publishing?.abort();
    this.#subscribing?.abort();
    this.#publisher?.close();
    this.#subscriber.close();
    this.#views.close();
    this.#local.close();
  }

  async #open(): Promise<void> {
    const errors = await this.#local.open(this.#withVideo);
    if (this.#life.signal.aborted) return;
    for (const error of errors) this.#options.onError(error);
    this.#options.onDevicesChanged();
    this.#showTracks();
  }

  #newPublisher(): Publisher {
    const publisher: Publisher = new Publisher({
      signalling: this.#options.signalling,
      local: this.#local,
      camera: this.#withVideo,
      videoCodec: this.#options.videoCodec,
      onFailed: () => {
        if (this.#publisher === publisher) this.#republish();
      },
    });
    return publisher;
  }

  #newSubscriber(): Subscriber {
    const subscriber: Subscriber = new Subscriber({
      signalling: this.#options.signalling,
      onTracks: (tracks) => {
        this.#tracks = tracks;
        this.#showTracks();
      },
      onFailed: (error) => {
        if (error !== null && !error.retry) this.#options.onError(error);
        if (this.#subscriber === subscriber) this.#resubscribe(true);
      },
    });
    return subscriber;
  }

  /** Publishes over the prepared connection, or a new one when that has been used. */
  #republish(): void {
    this.#publishing?.abort();
    const publishing = new AbortController();
    this.#publishing = publishing;
    this.#untilDone(publishing, async (callId) => {
      await this.#prepared;
      if (publishing.signal.aborted) return;
      if (this.#publisher === null || this.#publisher.used || this.#publisher.hasVideo !== this.#withVideo) {
        this.#publisher?.close();
        this.#publisher = this.#newPublisher();
      }
      const publisher = this.#publisher;
      await publisher.publish(callId);
      await publisher.sync();
    })
      .then(() => {
        if (this.#publishing !== publishing) return;
        this.#publishing = null;
        // Devices may have been switched while the offer was under way.
        this.#tellMuted(['audio', 'video']);
      })
      .catch((thrown: unknown) => this.#options.onError(CallkitError.of(thrown)));
  }

  #resubscribe(restart: boolean): void {
    this.#subscribing?.abort();
    const subscribing = new AbortController();
    this.#subscribing = subscribing;
    if (restart) {
      this.#subscriber.close();
      this.#subscriber = this.#newSubscriber();
    }
    this.#untilDone(subscribing, async (callId) => {
      await this.#options.signalling.request('room.subscribe', { callId, restart });
    }).catch((thrown: unknown) => this.#options.onError(CallkitError.of(thrown)));
  }

  /** Tries until it works, is given up, or fails with an error that will not pass. Throws only the last kind. */
  async #untilDone({ signal }: AbortController, attempt: (callId: string) => Promise<void>): Promise<void> {
    while (!signal.aborted && this.#callId !== null) {
      try {
        await attempt(this.#callId);
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = CallkitError.of(thrown);
        if (!error.retry || error.code === 'InternalError') throw error;
      }
      await pause(RETRY_PAUSE_MS, signal);
    }
  }

  #tellMuted(kinds: readonly StreamKind[]): void {
    const [callId, room] = [this.#callId, this.#room];
    if (callId === null || room === null || this.#publisher?.healthy !== true) return;
    for (const kind of kinds) {
      if (kind === 'video' && !this.#publisher.hasVideo) continue;
      const muted = kind === 'audio' ? !this.#local.microphoneOn : !this.#local.cameraOn;
      if (this.#publisher.toldMuted(kind) === muted) continue;
      this.#publisher.setToldMuted(kind, muted);
      this.#options.signalling
        .request('room.mute', { callId, kind, source: 'main', muted })
        .catch((thrown: unknown) => {
          this.#publisher?.setToldMuted(kind, null);
          const error = CallkitError.of(thrown);
          // After a reconnection it is told again.
          if (!error.retry && !this.#life.signal.aborted) this.#options.onError(error);
        });
    }
  }

  #othersStreams(room: RoomSnapshot): Set<string> {
    return new Set(
      room.streams.filter(({ userId }) => userId !== this.#options.selfId).map(({ streamId }) => streamId),
    );
  }

  #onDeviceEnded(device: 'Microphone' | 'Camera'): void {
    this.#options.onError(new CallkitError(`${device}Ended`));
    this.#options.onDevicesChanged();
    this.#showTracks();
    this.#tellMuted(['audio', 'video']);
    this.#publisher?.sync().catch((thrown: unknown) => this.#options.onError(CallkitError.of(thrown)));
  }

  #showTracks(): void {
    const users = new Map<string, UserTracks>([[this.#options.selfId, { audio: null, video: this.#local.video }]]);
    for (const { streamId, userId, kind, source } of this.#room?.streams ?? []) {
      const track = this.#tracks.get(streamId);
      if (track === undefined || source !== 'main' || userId === this.#options.selfId) continue;
      users.set(userId, { ...(users.get(userId) ?? { audio: null, video: null }), [kind]: track });
    }
    this.#views.setTracks(users);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
