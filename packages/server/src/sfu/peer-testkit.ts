import {
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  RtpHeader,
  RtpPacket,
} from 'werift';

const VIDEO_ORIENTATION_URI = 'urn:3gpp:video-orientation';

/** A WebRTC peer in Node that publishes counted packets: enough to see what the media server does with them. */
export class TestPeer {
  readonly connection: RTCPeerConnection;
  readonly #tracks: { track: MediaStreamTrack; payloadType: number; timestampStep: number; sequence: number }[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** Packets that arrived from the others. */
  received = 0;

  /** @param videoCodec The only one that is offered. */
  constructor(videoCodec: 'VP8' | 'VP9' | 'AV1' = 'VP8') {
    this.connection = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      iceServers: [],
      iceUseIpv6: false,
      codecs: {
        audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 })],
        video: [
          new RTCRtpCodecParameters({
            mimeType: `video/${videoCodec}`,
            clockRate: 90000,
            rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
          }),
        ],
      },
      headerExtensions: { video: [new RTCRtpHeaderExtensionParameters({ uri: VIDEO_ORIENTATION_URI })] },
    });
    this.connection.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(() => {
        this.received += 1;
      });
    });
  }

  /** An offer of one sound and one picture. */
  async offer(): Promise<string> {
    for (const kind of ['audio', 'video'] as const) {
      const track = new MediaStreamTrack({ kind });
      this.connection.addTransceiver(track, { direction: 'sendonly' });
      this.#tracks.push({
        track,
        payloadType: kind === 'audio' ? 96 : 97,
        timestampStep: kind === 'audio' ? 960 : 1800,
        sequence: 0,
      });
    }
    const offer = await this.connection.createOffer();
    this.#askNoStunServer();
    await this.connection.setLocalDescription(offer);
    // The peer begins DTLS: it would lose the first word of Janus, which comes before it listens, and wait a second.
    return (this.connection.localDescription?.sdp ?? '').replaceAll('a=setup:actpass', 'a=setup:active');
  }

  /** Takes the answer and waits until packets can flow. */
  async connect(answer: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
    await this.#connected();
  }

  /** Answers an offer of the media server. */
  async answer(offer: string): Promise<string> {
    await this.connection.setRemoteDescription({ type: 'offer', sdp: offer });
    const answer = await this.connection.createAnswer();
    this.#askNoStunServer();
    await this.connection.setLocalDescription(answer);
    return this.connection.localDescription?.sdp ?? '';
  }

  /** Sends a packet on every track each 20 ms. */
  send(): void {
    this.#timer ??= setInterval(() => {
      for (const each of this.#tracks) {
        each.sequence += 1;
        const header = new RtpHeader({
          payloadType: each.payloadType,
          sequenceNumber: each.sequence & 0xffff,
          timestamp: each.sequence * each.timestampStep,
          marker: true,
          ssrc: 1,
        });
        each.track.writeRtp(new RtpPacket(header, Buffer.alloc(100, each.sequence & 0xff)));
      }
    }, 20);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.connection.close();
  }

  /** Without servers given, werift asks one of its own choice, and waits five seconds where there is none. */
  #askNoStunServer(): void {
    for (const { connection } of this.connection.iceTransports) delete connection.stunServer;
  }

  async #connected(): Promise<void> {
    if (this.connection.connectionState === 'connected') return;
    await this.connection.connectionStateChange.watch((state) => state === 'connected');
  }
}
