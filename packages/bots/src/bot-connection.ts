import {
  type DtlsKeys,
  type PeerConfig,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpHeaderExtensionParameters,
  useSdesMid,
  useVideoOrientation,
} from 'werift';
import type { BotVideoCodec } from './video-loop.ts';

const FEEDBACK = [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'ccm', parameter: 'fir' }];

const OPUS = {
  mimeType: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
  payloadType: 111,
  parameters: 'minptime=10;useinbandfec=1',
};
const VP8 = { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96, rtcpFeedback: FEEDBACK };
const H264 = {
  mimeType: 'video/H264',
  clockRate: 90_000,
  payloadType: 102,
  rtcpFeedback: FEEDBACK,
  parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
};

/** A connection of a bot. `video` limits it to one codec, as a sender needs it; default: all. */
export function newConnection({
  video,
  keys,
}: {
  video?: BotVideoCodec;
  keys?: DtlsKeys | undefined;
} = {}): RTCPeerConnection {
  const videos = video === 'vp8' ? [VP8] : video === 'h264' ? [H264] : [VP8, H264];
  const mid: RTCRtpHeaderExtensionParameters = useSdesMid();
  const orientation: RTCRtpHeaderExtensionParameters = useVideoOrientation();
  const config: Partial<PeerConfig> = {
    bundlePolicy: 'max-bundle',
    codecs: {
      audio: [new RTCRtpCodecParameters(OPUS)],
      video: videos.map((codec) => new RTCRtpCodecParameters(codec)),
    },
    headerExtensions: { audio: [mid], video: [mid, orientation] },
    // A server on the same machine is reached over loopback.
    iceServers: [],
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
    ...(keys === undefined ? {} : { dtls: { keys } }),
  };
  return new RTCPeerConnection(config);
}

/**
 * Keeps a connection from asking werift's default STUN server, a public one, which it does even when told of none
 * (werift 0.23): own addresses are all that a bot needs, and each answer that does not come costs five seconds.
 * To be called between the making of a description and its setting as the local one.
 */
export function useOwnAddressesOnly(pc: RTCPeerConnection): void {
  for (const { connection } of pc.iceTransports) delete connection.stunServer;
}
