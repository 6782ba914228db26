import { AV_CODEC_FLAG_LOW_DELAY } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import type { CapturedCodec, EncodedFrame } from '../capture/index.ts';
import { AvError } from './av-error.ts';

/**
 * Decodes the pictures of one stream. Shows whole pictures only: after a loss, or after a picture that cannot
 * be decoded, everything up to the next key frame is passed over.
 */
export class VideoDecoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  #current = new Frame();
  #spare = new Frame();
  #hasPicture = false;
  #waitsForKey = true;
  #undecodable = 0;

  constructor(codec: CapturedCodec) {
    const decoder = Codec.findDecoderByName((codec === 'h264' ? 'h264' : 'vp8') as never);
    if (decoder === null) throw new AvError(`no decoder for ${codec}`, 0);
    this.#context.allocContext3(decoder);
    // One thread: more would hold pictures back, and a stream is decoded many times faster than it runs.
    this.#context.threadCount = 1;
    this.#context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
    AvError.check(this.#context.open2Sync(decoder, null), 'open decoder');
    this.#packet.alloc();
    this.#current.alloc();
    this.#spare.alloc();
  }

  /** The last whole picture, or null. It stays as it is until the next `decode`. */
  get picture(): Frame | null {
    return this.#hasPicture ? this.#current : null;
  }

  /** Pictures that the decoder refused or gave back broken. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Takes the next coded picture. Returns whether `picture` is a new one. */
  decode(frame: EncodedFrame): boolean {
    if (frame.afterLoss) this.#waitsForKey = true;
    if (this.#waitsForKey && !frame.key) return false;
    if (this.#waitsForKey) this.#context.flushBuffers();
    this.#waitsForKey = false;
    this.#packet.data = frame.data;
    this.#packet.isKeyframe = frame.key;
    const sent = this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (sent < 0) return this.#refuse();
    let fresh = false;
    while (this.#context.receiveFrameSync(this.#spare) >= 0) {
      if (this.#spare.decodeErrorFlags !== 0 || (this.#spare.flags & CORRUPT) !== 0) return this.#refuse();
      [this.#current, this.#spare] = [this.#spare, this.#current];
      this.#hasPicture = true;
      fresh = true;
    }
    return fresh;
  }

  [Symbol.dispose](): void {
    this.#hasPicture = false;
    this.#packet.free();
    this.#current.free();
    this.#spare.free();
    this.#context.freeContext();
  }

  #refuse(): false {
    this.#undecodable += 1;
    this.#waitsForKey = true;
    return false;
  }
}

/** AV_FRAME_FLAG_CORRUPT. */
const CORRUPT = 1;
