import { CallkitError, type SignallingClient } from '@callreel/callkit/signalling';
import { type DtlsKeys, MediaStreamTrack } from 'werift';
import { newConnection, useOwnAddressesOnly } from './bot-connection.ts';
import type { BotLoops } from './loops.ts';
import type { Pacer } from './pacer.ts';
import { RtpLine } from './rtp-line.ts';
import type { BotVideoCodec } from './video-loop.ts';

/** What a {@link BotPublisher} needs. */
export type BotPublisherOptions = {
  signalling: SignallingClient;
  callId: string;
  loops: BotLoops;
  videoCodec: BotVideoCodec;
  /** Whether pictures are sent besides sound. */
  pictures: boolean;
  pacer: Pacer;
  keys: DtlsKeys | undefined;
};

/** A bot's sending connection. Life: `publish` → connected → `close`, which may be called twice. */
export class BotPublisher {
  readonly #options: BotPublisherOptions;
  readonly #pc;
  readonly #lines: RtpLine[] = [];
  readonly #ends: (() => void)[] = [];
  #closed = false;

  constructor(options: BotPublisherOptions) {
    this.#options = options;
    this.#pc = newConnection({ video: options.videoCodec, keys: options.keys });
  }

  /** Packets sent until now. */
  get packets(): number {
    return this.#lines.reduce((sum, line) => sum + line.packets, 0);
  }

  /** Offers sound and pictures, and sends them from the moment the connection stands. Throws what the server answers. */
  async publish(): Promise<void> {
    const { signalling, callId, loops, pacer, pictures } = this.#options;
    const kinds = pictures ? (['audio', 'video'] as const) : (['audio'] as const);
    const transceivers = kinds.map((kind) =>
      this.#pc.addTransceiver(new MediaStreamTrack({ kind }), { direction: 'sendonly' }),
    );
    const offer = await this.#pc.createOffer();
    useOwnAddressesOnly(this.#pc);
    await this.#pc.setLocalDescription(offer);
    const streams = transceivers.map(({ mid = '', kind }) => ({
      mid,
      kind: kind === 'video' ? ('video' as const) : ('audio' as const),
      source: 'main' as const,
    }));
    // The bot begins DTLS: the first word of the other side would come before werift listens, and be said again a second later.
    const sdp = (this.#pc.localDescription?.sdp ?? '').replaceAll('a=setup:actpass', 'a=setup:active');
    const answer = await signalling.request('room.publish', { callId, sdp, streams });
    if (this.#closed) throw new CallkitError('NoCall');
    await this.#pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    for (const { sender, kind } of transceivers) {
      const loop = kind === 'video' ? loops.video : loops.audio;
      const line = new RtpLine(sender, loop);
      this.#lines.push(line);
      this.#ends.push(pacer.add(loop, line.send));
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
