import { AV_CHANNEL_LAYOUT_STEREO, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import { AvError } from './av-error.ts';

/** Decodes Opus packets to stereo at 48 kHz. */
export class SoundDecoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
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

  /** Samples of a packet, one array a channel; null when it cannot be decoded. */
  decode(packet: Buffer): Float32Array[] | null {
    this.#packet.data = packet;
    const sent = this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    const received = sent < 0 ? sent : this.#context.receiveFrameSync(this.#frame);
    if (received < 0) {
      this.#undecodable += 1;
      return null;
    }
    const samples = channelsOf(this.#frame);
    this.#frame.unref();
    return samples;
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }
}

function channelsOf(frame: Frame): Float32Array[] {
  const { nbSamples, channels, format } = frame;
  const data = frame.data ?? [];
  if (format === AV_SAMPLE_FMT_FLTP) return data.slice(0, channels).map((plane) => floats(plane, nbSamples).slice());
  if (format === AV_SAMPLE_FMT_FLT) {
    const interleaved = floats(data[0] ?? Buffer.alloc(0), nbSamples * channels);
    return deinterleave(interleaved, channels, nbSamples, 1);
  }
  const plane = data[0] ?? Buffer.alloc(0);
  const words = new Int16Array(plane.buffer, plane.byteOffset, nbSamples * channels);
  return deinterleave(words, channels, nbSamples, 1 / 32768);
}

function deinterleave(
  samples: Float32Array | Int16Array,
  channels: number,
  length: number,
  gain: number,
): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(length);
    for (let index = 0; index < length; index += 1) plane[index] = (samples[index * channels + channel] ?? 0) * gain;
    return plane;
  });
}

function floats(plane: Buffer, length: number): Float32Array {
  return new Float32Array(plane.buffer, plane.byteOffset, length);
}
