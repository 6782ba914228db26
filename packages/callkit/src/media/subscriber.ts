import type { IceCandidate, ServerEvents } from '@callreel/protocol';
import { CallkitError, type SignallingClient } from '../signalling/index.ts';
import { plainCandidate } from './publisher.ts';
import { connectionIdOf } from './session-description.ts';

type Offer = ServerEvents['room.offer'];

/** What a {@link Subscriber} needs. */
export type SubscriberOptions = {
  signalling: Pick<SignallingClient, 'request'>;
  /** The tracks changed: what arrives now, by stream id. */
  onTracks: (tracks: ReadonlyMap<string, MediaStreamTrack>) => void;
  /** The connection is broken, or an offer could not be answered: ask for a new one. */
  onFailed: (error: CallkitError | null) => void;
};

/**
 * The connection that carries the streams of the others. The server offers, this answers; of offers that
 * come faster than they can be answered only the newest counts. An offer of a new connection of the
 * media server gets a new one here.
 */
export class Subscriber {
  readonly #options: SubscriberOptions;
  #pc: RTCPeerConnection | null = null;
  #connectionId = '';
  #newest: Offer | null = null;
  #working = false;
  #closed = false;
  #streamIds: ReadonlySet<string> = new Set();

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /** Whether there is a connection that has not failed. */
  get healthy(): boolean {
    return this.#pc !== null && this.#pc.connectionState !== 'failed';
  }

  /** Whether the newest offer brings exactly these streams. */
  carries(streamIds: ReadonlySet<string>): boolean {
    return streamIds.size === this.#streamIds.size && [...streamIds].every((id) => this.#streamIds.has(id));
  }

  /** Takes an offer of the server. */
  offered(offer: Offer): void {
    this.#newest = offer;
    this.#streamIds = new Set(offer.streams.map(({ streamId }) => streamId));
    if (!this.#working) void this.#work();
  }

  /** Ends the connection. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#newest = null;
    this.#pc?.close();
    this.#pc = null;
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#newest !== null && !this.#closed) {
      const offer = this.#newest;
      this.#newest = null;
      try {
        await this.#answer(offer);
      } catch (thrown) {
        const error = CallkitError.of(thrown);
        // Stale: a newer offer is on its way. Lost: the resumed call tells what is to be done.
        if (!this.#closed && error.code !== 'OfferStale' && error.code !== 'ConnectionLost')
          this.#options.onFailed(error);
      }
    }
    this.#working = false;
  }

  async #answer({ callId, offerId, sdp, streams }: Offer): Promise<void> {
    const connectionId = connectionIdOf(sdp);
    if (this.#pc === null || connectionId !== this.#connectionId || this.#pc.connectionState === 'failed')
      this.#pc = this.#connection();
    this.#connectionId = connectionId;
    const pc = this.#pc;
    const late: IceCandidate[] = [];
    let trickle = (candidate: IceCandidate): void => void late.push(candidate);
    pc.onicecandidate = ({ candidate }) => trickle(plainCandidate(candidate));
    await pc.setRemoteDescription({ type: 'offer', sdp });
    const tracks = new Map<string, MediaStreamTrack>();
    for (const { mid, streamId } of streams) {
      const transceiver = pc.getTransceivers().find((one) => one.mid === mid);
      if (transceiver !== undefined) tracks.set(streamId, transceiver.receiver.track);
    }
    await pc.setLocalDescription(await pc.createAnswer());
    if (this.#closed) return;
    this.#options.onTracks(tracks);
    await this.#options.signalling.request('room.answer', { callId, offerId, sdp: pc.localDescription?.sdp ?? '' });
    // A lost candidate shows as a failed connection, which is made anew.
    trickle = (candidate) => {
      this.#options.signalling
        .request('room.candidate', { callId, connection: 'subscriber', candidate })
        .catch(() => undefined);
    };
    for (const candidate of late) trickle(candidate);
  }

  #connection(): RTCPeerConnection {
    this.#pc?.close();
    const pc = new RTCPeerConnection();
    pc.addEventListener('connectionstatechange', () => {
      if (pc.connectionState === 'failed' && this.#pc === pc) this.#options.onFailed(null);
    });
    return pc;
  }
}
