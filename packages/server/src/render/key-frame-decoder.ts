import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import { AvError } from './av-error.ts';

/** Decodes single key frames of our own files, each on its own. */
export class KeyFrameDecoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();

  /** @param configuration The decoder configuration record (avcC). @throws {AvError}. */
  constructor(configuration: Buffer) {
    const decoder = Codec.findDecoderByName('h264' as never);
    if (decoder === null) throw new AvError('no decoder for h264', 0);
    this.#context.allocContext3(decoder);
    this.#context.threadCount = 1;
    this.#context.extraData = configuration;
    // What it takes away at the edges of blocks is not seen in a picture that is made small.
    AvError.check(this.#context.setOption('skip_loop_filter', 'all'), 'option skip_loop_filter');
    AvError.check(this.#context.open2Sync(decoder, null), 'open h264');
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** The picture of a sample as it lies in an MP4 file. Valid until the next call. @throws {AvError}. */
  decode(sample: Buffer): Frame {
    this.#frame.unref();
    this.#packet.data = sample;
    this.#packet.isKeyframe = true;
    const sent = this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    AvError.check(sent, 'decode key frame');
    // Nothing comes behind it.
    this.#context.sendPacketSync(null);
    const received = this.#context.receiveFrameSync(this.#frame);
    this.#context.flushBuffers();
    AvError.check(received, 'decode key frame');
    return this.#frame;
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }
}
