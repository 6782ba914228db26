import type { IceCandidate, RoomSnapshot, StreamKind } from '@callreel/protocol';
import type { SignallingClient } from '../signalling/index.ts';
import { preferCodec, type VideoCodec } from './codec-preference.ts';
import type { LocalMedia } from './local-media.ts';
import { withOpusFec, withStartBitrate } from './session-description.ts';

/** Most that one camera may send, in bits a second: plenty for 640 × 360 at 30 pictures a second. */
const VIDEO_MAX_BPS = 900_000;

/** What a sender begins with, in kbit/s; it finds out within a second whether the way carries it. */
const VIDEO_START_KBPS = 700;

/** What a {@link Publisher} needs. */
export type PublisherOptions = {
  signalling: Pick<SignallingClient, 'request'>;
  local: LocalMedia;
  /** Whether a stream of pictures is offered from the beginning. */
  camera: boolean;
  videoCodec: VideoCodec;
  /** The connection is broken for good: make a new publisher. */
  onFailed: () => void;
};

/**
 * The connection that carries what this device sends. The offer is made and its candidates are gathered at
 * once, so that nothing but one round trip lies between the answer of a call and the first packet.
 *
 * Life: made → `publish` → connected → failed or closed. One that failed, or whose streams change, is replaced:
 * the server takes each of them once.
 */
export class Publisher {
  readonly #pc = new RTCPeerConnection();
  readonly #options: PublisherOptions;
  readonly #audio: RTCRtpTransceiver;
  readonly #video: RTCRtpTransceiver | null;
  readonly #offered: Promise<void>;
  #callId: string | null = null;
  #streamIds: readonly string[] = [];
  #published = false;
  #used = false;
  readonly #toldMuted: Record<StreamKind, boolean | null> = { audio: null, video: null };
  #late: IceCandidate[] = [];

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#audio = this.#pc.addTransceiver('audio', { direction: 'sendonly' });
    this.#video = options.camera ? this.#addVideo() : null;
    this.#pc.addEventListener('icecandidate', ({ candidate }) => this.#onCandidate(candidate));
    this.#pc.addEventListener('connectionstatechange', () => {
      if (this.#pc.connectionState === 'failed') options.onFailed();
    });
    this.#offered = this.#offer();
    // Reported by publish(), which awaits it.
    this.#offered.catch(() => undefined);
  }

  /** Whether the server has taken the streams and the connection has not failed. */
  get healthy(): boolean {
    return this.#published && this.#pc.connectionState !== 'failed' && this.#pc.connectionState !== 'closed';
  }

  /** Whether a room has everything that was published here. */
  standsIn(room: RoomSnapshot): boolean {
    return this.#streamIds.every((id) => room.streams.some(({ streamId }) => streamId === id));
  }

  /** Whether it has been offered to the server, with success or not. */
  get used(): boolean {
    return this.#used;
  }

  /** What the server was told last about a stream; null when that is not known. */
  toldMuted(kind: StreamKind): boolean | null {
    return this.#toldMuted[kind];
  }

  /** Notes what the server is being told about a stream. */
  setToldMuted(kind: StreamKind, muted: boolean | null): void {
    this.#toldMuted[kind] = muted;
  }

  /** Whether pictures are offered. */
  get hasVideo(): boolean {
    return this.#video !== null;
  }

  /** Sends what the local media hold now; what they do not hold is not sent. */
  async sync(): Promise<void> {
    await Promise.all([
      this.#audio.sender.replaceTrack(this.#options.local.audio),
      this.#video?.sender.replaceTrack(this.#options.local.video),
    ]);
  }

  /** Offers the streams to the server and connects. Throws what the server answers, or why the browser cannot. */
  async publish(callId: string): Promise<void> {
    this.#used = true;
    await this.sync();
    await this.#offered;
    const sdp = this.#pc.localDescription?.sdp ?? '';
    // Candidates found until now stand in the offer itself.
    this.#late = this.#pc.iceGatheringState === 'complete' ? [null] : [];
    this.#callId = null;
    const streams = this.#streams();
    const answer = await this.#options.signalling.request('room.publish', { callId, sdp, streams });
    for (const { kind, muted } of streams) this.#toldMuted[kind] = muted;
    this.#streamIds = answer.streamIds;
    await this.#pc.setRemoteDescription({
      type: 'answer',
      sdp: withStartBitrate(withOpusFec(answer.sdp), VIDEO_START_KBPS),
    });
    this.#published = true;
    this.#callId = callId;
    for (const candidate of this.#late.splice(0)) this.#trickle(callId, candidate);
  }

  /** Ends the connection. May be called twice. */
  close(): void {
    this.#pc.close();
  }

  #addVideo(): RTCRtpTransceiver {
    const video = this.#pc.addTransceiver('video', {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: VIDEO_MAX_BPS, maxFramerate: 30 }],
    });
    const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
    if (codecs.length > 0) video.setCodecPreferences(preferCodec(codecs, this.#options.videoCodec));
    return video;
  }

  async #offer(): Promise<void> {
    await this.#pc.setLocalDescription(await this.#pc.createOffer());
  }

  #streams(): { mid: string; kind: StreamKind; source: 'main'; muted: boolean }[] {
    const { local } = this.#options;
    const audio = {
      mid: this.#audio.mid ?? '',
      kind: 'audio' as const,
      source: 'main' as const,
      muted: !local.microphoneOn,
    };
    if (this.#video === null) return [audio];
    return [audio, { mid: this.#video.mid ?? '', kind: 'video', source: 'main', muted: !local.cameraOn }];
  }

  #onCandidate(candidate: RTCIceCandidate | null): void {
    const plain = plainCandidate(candidate);
    if (this.#callId === null) this.#late.push(plain);
    else this.#trickle(this.#callId, plain);
  }

  #trickle(callId: string, candidate: IceCandidate): void {
    // A lost candidate shows as a failed connection, which is made anew.
    this.#options.signalling
      .request('room.candidate', { callId, connection: 'publisher', candidate })
      .catch(() => undefined);
  }
}

/** The candidate as it goes over the wire; null for the end of them, which browsers also tell as an empty one. */
export function plainCandidate(candidate: RTCIceCandidate | null): IceCandidate {
  if (candidate === null || candidate.candidate === '') return null;
  const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
  return { candidate: text, sdpMid, sdpMLineIndex, usernameFragment };
}
