import { AV_CHANNEL_LAYOUT_STEREO, AV_SAMPLE_FMT_FLT } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import { AvError } from './av-error.ts';

/** The most that an Opus packet holds: 120 ms at 48 kHz. */
const LONGEST_SAMPLES = 5760;
/** The bit of an Opus packet's first byte that says stereo (RFC 6716 3.1). */
const STEREO_BIT = 4;

/** Decodes Opus packets at 48 kHz: mono packets to one channel, stereo ones to two. */
export class SoundDecoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  readonly #channels = [new Float32Array(LONGEST_SAMPLES), new Float32Array(LONGEST_SAMPLES)];
  #undecodable = 0;

  constructor() {
    const decoder = Codec.findDecoderByName('libopus' as never);
    if (decoder === null) throw new AvError('no decoder for opus', 0);
    this.#context.allocContext3(decoder);
    this.#context.threadCount = 1;
    this.#context.sampleRate = 48_000;
    this.#context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
    // Decoding in float: the mix is in float, and loud callers must not be cut twice.
    this.#context.setOption('request_sample_fmt', 'flt');
    AvError.check(this.#context.open2Sync(decoder, null), 'open opus');
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** Packets that could not be decoded. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /**
   * Samples of a lost frame as the decoder guesses them from what came before; they fade when many are lost in a
   * row. `like` is the packet before them. Must come before the packet behind them is decoded.
   *
   * A packet that consists of its first byte only is what stands for a lost frame (RFC 6716 4.4 and libopus).
   */
  conceal(like: Buffer): Float32Array[] | null {
    // One frame, of the same length and mode.
    return this.decode(Buffer.from([(like[0] ?? 0) & 0xfc]));
  }

  /** Samples of a packet, one array a channel, valid until the next call; null when it cannot be decoded. */
  decode(packet: Buffer): Float32Array[] | null {
    this.#packet.data = packet;
    const sent = this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    const received = sent < 0 ? sent : this.#context.receiveFrameSync(this.#frame);
    if (received < 0) {
      this.#undecodable += 1;
      return null;
    }
    // Both channels of a mono packet are the same; one is half of the work for all that comes after.
    const channels = ((packet[0] ?? 0) & STEREO_BIT) === 0 ? 1 : 2;
    const samples = this.#take(channels);
    this.#frame.unref();
    return samples;
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }

  #take(count: number): Float32Array[] {
    const { nbSamples, channels, format } = this.#frame;
    const length = Math.min(nbSamples, LONGEST_SAMPLES);
    const { buffer, byteOffset } = this.#frame.data?.[0] ?? Buffer.alloc(0);
    const size = length * channels;
    const isFloat = format === AV_SAMPLE_FMT_FLT;
    const interleaved = isFloat ? new Float32Array(buffer, byteOffset, size) : new Int16Array(buffer, byteOffset, size);
    return this.#channels.slice(0, Math.min(count, channels)).map((samples, channel) => {
      deinterleave(interleaved, samples, { channel, channels, length, gain: isFloat ? 1 : 1 / 32_768 });
      return samples.subarray(0, length);
    });
  }
}

function deinterleave(
  source: Float32Array | Int16Array,
  target: Float32Array,
  { channel, channels, length, gain }: { channel: number; channels: number; length: number; gain: number },
): void {
  for (let index = 0; index < length; index += 1) target[index] = (source[index * channels + channel] ?? 0) * gain;
}
