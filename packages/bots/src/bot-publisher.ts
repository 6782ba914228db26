import { CallkitError, type SignallingClient } from '@callreel/callkit/signalling';
import type { StreamKind, StreamSource } from '@callreel/protocol';
import { type DtlsKeys, MediaStreamTrack } from 'werift';
import { newConnection, useOwnAddressesOnly } from './bot-connection.ts';
import type { Loop } from './loop.ts';
import type { Pacer } from './pacer.ts';
import { RtpLine } from './rtp-line.ts';
import type { BotVideoCodec } from './video-loop.ts';

/** A stream that a bot publishes. */
export type BotStream = {
  kind: StreamKind;
  source: StreamSource;
  loop: Loop;
  /** Of pictures: byte of the video-orientation header, `0 0 0 0 C F R1 R0`; nothing is said when it is not given. */
  orientation?: number;
};

/** What a {@link BotPublisher} needs. */
export type BotPublisherOptions = {
  signalling: Pick<SignallingClient, 'request'>;
  callId: string;
  /** What is sent; at most one of each kind and source. */
  streams: readonly BotStream[];
  videoCodec: BotVideoCodec;
  pacer: Pacer;
  keys: DtlsKeys | undefined;
};

/** A bot's sending connection. Life: `publish` → connected → `close`, which may be called twice. */
export class BotPublisher {
  readonly #options: BotPublisherOptions;
  readonly #pc;
  readonly #lines = new Map<BotStream, RtpLine>();
  readonly #ends: (() => void)[] = [];
  #closed = false;

  constructor(options: BotPublisherOptions) {
    this.#options = options;
    this.#pc = newConnection({ video: options.videoCodec, keys: options.keys });
  }

  /** Packets sent until now. */
  get packets(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.packets, 0);
  }

  /** Sends nothing of a stream from now on, or sends it again; sound goes on as silence. */
  mute(kind: StreamKind, source: StreamSource, muted: boolean): void {
    for (const [stream, line] of this.#lines) if (stream.kind === kind && stream.source === source) line.muted = muted;
  }

  /** Offers the streams, and sends them from the moment the connection stands. Throws what the server answers. */
  async publish(): Promise<void> {
    const { signalling, callId, streams, pacer } = this.#options;
    const transceivers = streams.map((stream) => ({
      stream,
      transceiver: this.#pc.addTransceiver(new MediaStreamTrack({ kind: stream.kind }), { direction: 'sendonly' }),
    }));
    const offer = await this.#pc.createOffer();
    useOwnAddressesOnly(this.#pc);
    await this.#pc.setLocalDescription(offer);
    const declared = transceivers.map(({ stream: { kind, source }, transceiver: { mid = '' } }) => ({
      mid,
      kind,
      source,
    }));
    // The bot begins DTLS: the first word of the other side would come before werift listens, and be said again a second later.
    const sdp = (this.#pc.localDescription?.sdp ?? '').replaceAll('a=setup:actpass', 'a=setup:active');
    const answer = await signalling.request('room.publish', { callId, sdp, streams: declared });
    if (this.#closed) throw new CallkitError('NoCall');
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    const orientationId = Number(/^a=extmap:(\d+)\S* urn:3gpp:video-orientation/m.exec(sdp)?.[1]);
    for (const { stream, transceiver } of transceivers) {
      const line = new RtpLine(transceiver.sender, stream.loop);
      if (stream.orientation !== undefined) line.orientation = { id: orientationId, byte: stream.orientation };
      this.#lines.set(stream, line);
      this.#ends.push(pacer.add(stream.loop, line.send));
    }
    // Also ends a pacing that a close() met half-way.
    if (this.#closed) this.close();
  }

  /** Ends the connection. */
  close(): void {
    this.#closed = true;
    for (const end of this.#ends.splice(0)) end();
    void this.#pc.close();
  }
}
