import { AV_CODEC_FLAG_LOW_DELAY } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import type { CapturedCodec, EncodedFrame, Orientation } from '../capture/index.ts';
import { AvError } from './av-error.ts';

/** Decoders by codec. Those of FFmpeg itself where there are any: they say when a picture is damaged. */
const DECODERS: Readonly<Partial<Record<CapturedCodec, string>>> = Object.freeze({
  vp8: 'vp8',
  vp9: 'vp9',
  h264: 'h264',
  av1: 'libdav1d',
});

/** Larger pictures are taken for damage: more than any camera or screen sends, and 25 MB each. */
const LARGEST_PICTURE_PIXELS = 4096 * 4096;
/** Pictures that a decoder may hold back: the most that H.264 allows, and one. */
const LARGEST_DELAY = 17;

/** A decoded picture. `frame` belongs to the receiver until he gives it back with `release`. */
export type DecodedPicture = { frame: Frame; mediaUs: number; orientation: Orientation };

/** What became of a coded picture: it was decoded, passed over until a key frame comes, or could not be decoded. */
export type DecodeResult = 'taken' | 'passedOver' | 'refused';

/**
 * Decodes the pictures of one stream and gives them in the order in which they are shown. Gives whole pictures
 * only: after a loss, or after a picture that cannot be decoded, everything up to the next key frame is passed over.
 */
export class VideoDecoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #ready: DecodedPicture[] = [];
  readonly #spare: Frame[] = [];
  /** What was put in and has not come out, by the number that goes through the decoder with it. */
  readonly #inside = new Map<number, Omit<DecodedPicture, 'frame'>>();
  #number = 0;
  #waitsForKey = true;
  #undecodable = 0;

  constructor(codec: CapturedCodec) {
    const decoder = Codec.findDecoderByName((DECODERS[codec] ?? codec) as never);
    if (decoder === null) throw new AvError(`no decoder for ${codec}`, 0);
    this.#context.allocContext3(decoder);
    // One thread: more would hold pictures back, and a stream is decoded many times faster than it runs.
    this.#context.threadCount = 1;
    // With this flag H.264 would come out in the order of coding.
    if (codec !== 'h264') this.#context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
    this.#context.setOption('max_pixels', String(LARGEST_PICTURE_PIXELS));
    AvError.check(this.#context.open2Sync(decoder, null), 'open decoder');
    this.#packet.alloc();
  }

  /** Pictures that the decoder refused or gave back broken. */
  get undecodable(): number {
    return this.#undecodable;
  }

  /** Whether a picture of the time up to `untilUs` is still inside and comes out with later ones. */
  owes(untilUs: number): boolean {
    for (const { mediaUs } of this.#inside.values()) if (mediaUs <= untilUs) return true;
    return false;
  }

  /** The next decoded picture when it belongs to the time up to `untilUs`. */
  shift(untilUs: number): DecodedPicture | null {
    const picture = this.#ready[0];
    return picture === undefined || picture.mediaUs > untilUs ? null : (this.#ready.shift() ?? null);
  }

  /** Takes a picture back that is not shown any more. */
  release({ frame }: DecodedPicture): void {
    frame.unref();
    this.#spare.push(frame);
  }

  /** Takes the next coded picture. */
  decode({ data, key, afterLoss, mediaUs, orientation }: EncodedFrame): DecodeResult {
    if (afterLoss) this.#waitsForKey = true;
    if (this.#waitsForKey && !key) return 'passedOver';
    if (this.#waitsForKey) this.#restart();
    this.#waitsForKey = false;
    this.#number += 1;
    this.#inside.set(this.#number, { mediaUs, orientation });
    this.#packet.data = data;
    this.#packet.isKeyframe = key;
    this.#packet.pts = BigInt(this.#number);
    const sent = this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    if (sent < 0 || !this.#receive()) return this.#refuse();
    // A decoder that never gives a picture back must not be waited for.
    for (const number of this.#inside.keys()) if (number <= this.#number - LARGEST_DELAY) this.#inside.delete(number);
    return 'taken';
  }

  /** Gets out what is still inside. The next picture must be a key frame. */
  drain(): void {
    if (this.#inside.size > 0) {
      this.#context.sendPacketSync(null);
      this.#receive();
    }
    this.#inside.clear();
    this.#waitsForKey = true;
  }

  [Symbol.dispose](): void {
    for (const { frame } of this.#ready.splice(0)) frame.free();
    for (const frame of this.#spare.splice(0)) frame.free();
    this.#packet.free();
    this.#context.freeContext();
  }

  /** Returns false when a picture is damaged. */
  #receive(): boolean {
    for (;;) {
      const frame = this.#spare.pop() ?? newFrame();
      if (this.#context.receiveFrameSync(frame) < 0) {
        this.#spare.push(frame);
        return true;
      }
      const isDamaged = frame.decodeErrorFlags !== 0 || (frame.flags & CORRUPT) !== 0;
      const facts = this.#leave(Number(frame.pts));
      if (isDamaged || facts === null || frame.width < 2 || frame.height < 2) {
        frame.unref();
        this.#spare.push(frame);
        if (isDamaged) return false;
        continue;
      }
      this.#ready.push({ frame, ...facts });
    }
  }

  /** What was put in with a picture that has come out. What should have come before it never will. */
  #leave(number: number): Omit<DecodedPicture, 'frame'> | null {
    const facts = this.#inside.get(number);
    if (facts === undefined) return null;
    for (const [other, { mediaUs }] of this.#inside) if (mediaUs <= facts.mediaUs) this.#inside.delete(other);
    return facts;
  }

  #restart(): void {
    this.drain();
    this.#context.flushBuffers();
  }

  #refuse(): 'refused' {
    this.#undecodable += 1;
    this.#inside.clear();
    this.#waitsForKey = true;
    return 'refused';
  }
}

/** AV_FRAME_FLAG_CORRUPT. */
const CORRUPT = 1;

function newFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}
