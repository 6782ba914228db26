import { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_S16, Encoder, FF_ENCODER_LIBOPUS, Frame, type Packet } from 'node-av';
import type { Loop } from './loop.ts';
import { type Signal, TONE_MS } from './signal.ts';

const SAMPLE_RATE = 48_000;
const PACKETS_PER_SECOND = 50;
const PACKET_SAMPLES = SAMPLE_RATE / PACKETS_PER_SECOND;

const LEVEL = 0.4;

// libopus' look-ahead at 48 kHz for `application: audio`: 6.5 ms, the `pre-skip` of RFC 7845. A decoder fed by RTP
// does not take it off, so what is encoded is moved forward by as much.
const DELAY_SAMPLES = 312;

/** One second of a signal's sound: the tone, then silence. */
export function toneSamples(pitchHz: number): Int16Array {
  const samples = new Int16Array(SAMPLE_RATE);
  const toneCount = (TONE_MS * SAMPLE_RATE) / 1000;
  const rampCount = SAMPLE_RATE / 500;
  for (let n = 0; n < toneCount; n++) {
    // Two milliseconds of rise and fall: without them the tone clicks over all pitches.
    const envelope = Math.min(1, n / rampCount, (toneCount - n) / rampCount);
    samples[n] = Math.round(32_767 * LEVEL * envelope * Math.sin((2 * Math.PI * pitchHz * n) / SAMPLE_RATE));
  }
  return samples;
}

/** Encodes one second of a signal's sound, shifted by the encoder's delay so that the tone is heard on the second. */
export async function encodeAudioLoop(signal: Signal): Promise<Loop> {
  using encoder = await Encoder.create(FF_ENCODER_LIBOPUS, {
    bitrate: 32_000,
    options: { application: 'audio', frame_duration: 20, vbr: 'off' },
  });
  const tone = toneSamples(signal.pitchHz);
  const payloads: Buffer[] = [];
  const keep = (packets: Packet[]): void => {
    for (const packet of packets) {
      if (packet.data !== null) payloads.push(Buffer.from(packet.data));
      packet.free();
    }
  };
  // The first second lets the encoder settle; the second one is kept.
  for (let number = 0; number < 2 * PACKETS_PER_SECOND + 1; number++) {
    const samples = new Int16Array(PACKET_SAMPLES);
    for (let n = 0; n < PACKET_SAMPLES; n++)
      samples[n] = tone[(number * PACKET_SAMPLES + n + DELAY_SAMPLES) % SAMPLE_RATE] ?? 0;
    using frame = Frame.fromAudioBuffer(Buffer.from(samples.buffer), {
      nbSamples: PACKET_SAMPLES,
      format: AV_SAMPLE_FMT_S16,
      sampleRate: SAMPLE_RATE,
      channelLayout: { nbChannels: 1, order: AV_CHANNEL_ORDER_NATIVE, mask: 4n },
      pts: BigInt(number * PACKET_SAMPLES),
      timeBase: { num: 1, den: SAMPLE_RATE },
    });
    keep(await encoder.encodeAll(frame));
  }
  keep(await encoder.encodeAll(null));
  const second = payloads.slice(PACKETS_PER_SECOND, 2 * PACKETS_PER_SECOND);
  if (second.length !== PACKETS_PER_SECOND) throw new Error(`The encoder made ${payloads.length} packets.`);
  return {
    units: second.map((payload) => ({ payloads: [payload], key: true })),
    clockRate: SAMPLE_RATE,
    unitsPerSecond: PACKETS_PER_SECOND,
  };
}
