import { CallkitError, type SignallingClient } from '@callreel/callkit/signalling';
import type { ServerEvents } from '@callreel/protocol';
import type { DtlsKeys, RTCPeerConnection } from 'werift';
import { newConnection, useOwnAddressesOnly } from './bot-connection.ts';

type Offer = ServerEvents['room.offer'];

/**
 * A bot's receiving connection: answers the server's offers one after the other and counts what comes. An
 * offer of a new connection of the media server gets a new one here. `close()` may be called twice.
 */
export class BotSubscriber {
  readonly #signalling: SignallingClient;
  readonly #keys: DtlsKeys | undefined;
  readonly #onError: (error: CallkitError) => void;
  readonly #counts = { audio: 0, video: 0 };
  readonly #heard = new Set<string>();
  #pc: RTCPeerConnection | null = null;
  #connectionId = '';
  #turn: Promise<void> = Promise.resolve();
  #newestOfferId = 0;
  #closed = false;

  constructor(signalling: SignallingClient, keys: DtlsKeys | undefined, onError: (error: CallkitError) => void) {
    this.#signalling = signalling;
    this.#keys = keys;
    this.#onError = onError;
  }

  /** Packets received until now, of all others together. */
  get packets(): Readonly<{ audio: number; video: number }> {
    return this.#counts;
  }

  /** Answers an offer, unless a newer one has come before its turn. */
  offered(offer: Offer): void {
    this.#newestOfferId = offer.offerId;
    this.#turn = this.#turn
      .then(() => this.#answer(offer))
      .catch((thrown: unknown) => {
        const error = CallkitError.of(thrown);
        if (!this.#closed && error.code !== 'OfferStale') this.#onError(error);
      });
  }

  /** Ends the connection. */
  close(): void {
    this.#closed = true;
    void this.#pc?.close();
    this.#pc = null;
  }

  async #answer({ callId, offerId, sdp }: Offer): Promise<void> {
    if (this.#closed || offerId !== this.#newestOfferId) return;
    // Of a new connection of the media server its ICE credentials are new, too.
    const connectionId = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1] ?? '';
    if (this.#pc === null || connectionId !== this.#connectionId) {
      void this.#pc?.close();
      this.#heard.clear();
      this.#pc = newConnection({ keys: this.#keys });
      this.#connectionId = connectionId;
    }
    const pc = this.#pc;
    await pc.setRemoteDescription({ type: 'offer', sdp });
    for (const { receiver, kind, id } of pc.getTransceivers()) {
      if (this.#heard.has(id)) continue;
      this.#heard.add(id);
      const counted = kind === 'video' ? 'video' : 'audio';
      receiver.track.onReceiveRtp.subscribe(() => void this.#counts[counted]++);
    }
    useOwnAddressesOnly(pc);
    await pc.setLocalDescription(await pc.createAnswer());
    await this.#signalling.request('room.answer', { callId, offerId, sdp: pc.localDescription?.sdp ?? '' });
  }
}
