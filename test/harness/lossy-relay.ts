import { createSocket, type Socket } from 'node:dgram';

/** What a {@link LossyRelay} does to media packets, in both directions. */
export type Impairment = {
  /** Share of packets that are lost, 0 to 1. */
  loss: number;
  /** Each packet is held for a time between 0 and this, so that packets overtake each other. */
  jitterMs: number;
  /** The same seed makes the same sequence of fates. */
  seed: number;
};

/**
 * A bad network between a caller and the media server: relays datagrams as netem would, in user space, since containers rarely
 * have the kernel's module. Only media is lost and late, that is RTP and RTCP: connections that cannot be set up are not what is
 * asked here, and werift's DTLS does not bear that its messages overtake each other. `close()` may be called twice.
 */
export class LossyRelay {
  readonly #impairment: Impairment;
  readonly #random: () => number;
  readonly #sockets: Socket[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #media = 0;
  #lost = 0;

  constructor(impairment: Impairment) {
    this.#impairment = impairment;
    this.#random = randomFrom(impairment.seed);
  }

  /** Media packets that came by, and those of them that were lost. */
  get counts(): { media: number; lost: number } {
    return { media: this.#media, lost: this.#lost };
  }

  /** Opens a way to an address; answers the port of 127.0.0.1 that leads there. */
  async to(host: string, port: number): Promise<number> {
    const near = await this.#open('127.0.0.1');
    const far = await this.#open();
    let caller: { address: string; port: number } | null = null;
    near.on('message', (datagram, from) => {
      caller = from;
      this.#pass(datagram, () => far.send(datagram, port, host));
    });
    far.on('message', (datagram) =>
      this.#pass(datagram, () => {
        if (caller !== null) near.send(datagram, caller.port, caller.address);
      }),
    );
    return near.address().port;
  }

  /** Closes all ways. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  async #open(host?: string): Promise<Socket> {
    const socket = createSocket('udp4');
    this.#sockets.push(socket);
    // A port that is not open any more at the other end is what a bad network has, too.
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) =>
      socket.bind({ port: 0, ...(host === undefined ? {} : { address: host }) }, resolve),
    );
    return socket;
  }

  #pass(datagram: Buffer, send: () => void): void {
    const { loss, jitterMs } = this.#impairment;
    // RFC 7983: 128 to 191 is RTP or RTCP.
    const isMedia = ((datagram[0] ?? 0) & 0xc0) === 0x80;
    const [fate, delay] = [this.#random(), this.#random()];
    if (!isMedia) {
      send();
      return;
    }
    this.#media += 1;
    if (fate < loss) {
      this.#lost += 1;
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send();
    }, delay * jitterMs);
    this.#timers.add(timer);
  }
}

/** Numbers from 0 to 1 by a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An answer of the media server whose one address is that of the relay. */
export async function throughRelay(answer: string, relay: LossyRelay): Promise<string> {
  const lines: string[] = [];
  let isFound = false;
  for (const line of answer.split('\r\n')) {
    const [, foundation, priority, host, port] =
      /^a=candidate:(\S+) 1 udp (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host/i.exec(line) ?? [];
    if (!line.startsWith('a=candidate:')) lines.push(line);
    else if (host !== undefined && !isFound) {
      isFound = true;
      const near = await relay.to(host, Number(port));
      lines.push(`a=candidate:${foundation} 1 udp ${priority} 127.0.0.1 ${near} typ host`);
    }
  }
  return lines.join('\r\n');
}

/**
 * An offer whose addresses lead nowhere, so that the media server does not find a way around the relay. Without any it would not
 * begin to look for one.
 */
export function withoutAddresses(offer: string): string {
  return offer
    .split('\r\n')
    .map((line) => line.replace(/^(a=candidate:\S+ 1 udp \d+) \S+ \d+ typ .*$/i, '$1 127.0.0.1 9 typ host'))
    .join('\r\n');
}

/** Name under which a page finds {@link throughRelay}. */
export const RELAY_FUNCTION = 'callreelThroughRelay';

/** Lets a page send what it publishes through the relay. The addresses in its offers are names that the media server cannot resolve. */
export const RELAY_SCRIPT = `(() => {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
    return set.call(this, { type, sdp: type === 'answer' ? await window.${RELAY_FUNCTION}(sdp) : sdp });
  };
})();`;
