import {
  AV_LOG_ERROR,
  AV_PIX_FMT_YUV420P,
  AV_PKT_FLAG_KEY,
  Encoder,
  FF_ENCODER_LIBVPX_VP8,
  FF_ENCODER_LIBX264,
  Frame,
  Log,
  type Packet,
} from 'node-av';
import type { Loop } from './loop.ts';
import { packetiseH264, packetiseVp8 } from './packetise.ts';
import { paint } from './picture.ts';
import { FRAME_RATE, LOOP_S, PICTURE, type Signal } from './signal.ts';

/** Video codec of a bot. */
export type BotVideoCodec = 'vp8' | 'h264';

const BITRATE = 500_000;

// Three key pictures a second: whoever asks for one has it within 333 ms by waiting, so that the loop need
// never leave the wall clock. Every flash is one.
const KEY_INTERVAL_FRAMES = FRAME_RATE / 3;

/** Encodes {@link LOOP_S} seconds of a signal's picture. Takes about a second of one core. */
export async function encodeVideoLoop(signal: Signal, codec: BotVideoCodec): Promise<Loop> {
  Log.setLevel(AV_LOG_ERROR);
  using encoder = await openEncoder(codec);
  const units: { payloads: Buffer[]; key: boolean }[] = [];
  const keep = (packets: Packet[]): void => {
    for (const packet of packets) {
      if (packet.data !== null) {
        const bytes = Buffer.from(packet.data);
        units.push({
          payloads: codec === 'vp8' ? packetiseVp8(bytes) : packetiseH264(bytes),
          key: (packet.flags & AV_PKT_FLAG_KEY) !== 0,
        });
      }
      packet.free();
    }
  };
  for (let number = 0; number < LOOP_S * FRAME_RATE; number++) {
    using frame = Frame.fromVideoBuffer(paint(signal, number), {
      ...PICTURE,
      format: AV_PIX_FMT_YUV420P,
      pts: BigInt(number),
      timeBase: { num: 1, den: FRAME_RATE },
    });
    keep(await encoder.encodeAll(frame));
  }
  keep(await encoder.encodeAll(null));
  if (units.length !== LOOP_S * FRAME_RATE || units[0]?.key !== true)
    throw new Error(`The encoder made ${units.length} pictures of ${LOOP_S * FRAME_RATE}.`);
  return { units, clockRate: 90_000, unitsPerSecond: FRAME_RATE };
}

function openEncoder(codec: BotVideoCodec): Promise<Encoder> {
  const common = { bitrate: BITRATE, gopSize: KEY_INTERVAL_FRAMES, maxBFrames: 0, threadCount: 1 } as const;
  if (codec === 'vp8')
    return Encoder.create(FF_ENCODER_LIBVPX_VP8, {
      ...common,
      options: { deadline: 'realtime', 'cpu-used': 8, 'lag-in-frames': 0, 'auto-alt-ref': 0 },
    });
  // Constrained baseline at level 3.1 (42e01f), parameter sets before every key picture.
  return Encoder.create(FF_ENCODER_LIBX264, {
    ...common,
    options: {
      preset: 'veryfast',
      tune: 'zerolatency',
      profile: 'baseline',
      level: '3.1',
      'x264-params': `keyint=${KEY_INTERVAL_FRAMES}:min-keyint=${KEY_INTERVAL_FRAMES}:scenecut=0:repeat-headers=1:sliced-threads=0`,
    },
  });
}
