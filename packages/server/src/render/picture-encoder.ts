import { availableParallelism } from 'node:os';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PROFILE_H264_HIGH,
  AVCOL_PRI_SMPTE170M,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_SMPTE170M,
  AVCOL_TRC_SMPTE170M,
} from 'node-av/constants';
import { Codec, CodecContext, type Frame, Packet, Rational } from 'node-av/lib';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { AvError } from './av-error.ts';
import { avcDecoderConfiguration, lengthPrefixed } from './h264-bytes.ts';

/** A coded sample of a track, as it lies in an MP4 file. */
export type CodedSample = {
  index: number;
  key: boolean;
  data: Buffer;
  /** Of copied pictures, which do not come evenly: when it is shown, and which of the sample descriptions it needs. */
  copied?: { ticks: number; description: number };
};

/** Encodes the canvas as H.264 (x264): closed groups of pictures, no B pictures, so that segments can be cut anywhere between them. */
export class PictureEncoder implements Disposable {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #keyInterval: number;

  constructor({ widthPx, heightPx, fps, bitrateBps, keyframeIntervalS }: TaskParameters['video']) {
    const encoder = Codec.findEncoderByName('libx264' as never);
    if (encoder === null) throw new AvError('no encoder for h264', 0);
    this.#keyInterval = fps * keyframeIntervalS;
    const context = this.#context;
    context.allocContext3(encoder);
    context.width = widthPx;
    context.height = heightPx;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.profile = AV_PROFILE_H264_HIGH;
    context.timeBase = new Rational(1, fps);
    context.framerate = new Rational(fps, 1);
    context.bitRate = BigInt(bitrateBps);
    context.rcMaxRate = BigInt(Math.round(bitrateBps * 1.5));
    context.rcBufferSize = bitrateBps * 2;
    context.gopSize = this.#keyInterval;
    context.maxBFrames = 0;
    context.threadCount = Math.min(2, availableParallelism());
    context.colorRange = AVCOL_RANGE_MPEG;
    context.colorSpace = AVCOL_SPC_SMPTE170M;
    context.colorPrimaries = AVCOL_PRI_SMPTE170M;
    context.colorTrc = AVCOL_TRC_SMPTE170M;
    context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    // Options are set one by one: a Dictionary given to open2Sync is freed twice and ends the process at exit.
    for (const [name, value] of [
      ['preset', 'veryfast'],
      ['forced-idr', '1'],
      ['sc_threshold', '0'],
    ] as const) {
      AvError.check(context.setOption(name, value), `option ${name}`);
    }
    AvError.check(context.open2Sync(encoder, null), 'open x264');
    this.#packet.alloc();
  }

  /** The decoder configuration record (avcC). */
  get configuration(): Buffer {
    return avcDecoderConfiguration(this.#context.extraData ?? Buffer.alloc(0));
  }

  /** Encodes picture `index` of the file; gives what is ready, which may be older ones. @throws {AvError}. */
  encode(picture: Frame, index: number): CodedSample[] {
    picture.pts = BigInt(index);
    picture.pictType = index % this.#keyInterval === 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    AvError.check(this.#context.sendFrameSync(picture), 'encode picture');
    return this.#receive();
  }

  /** Ends the encoding and gives the rest. */
  flush(): CodedSample[] {
    AvError.check(this.#context.sendFrameSync(null), 'flush x264');
    return this.#receive();
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#context.freeContext();
  }

  #receive(): CodedSample[] {
    const samples: CodedSample[] = [];
    while (this.#context.receivePacketSync(this.#packet) >= 0) {
      const { pts, isKeyframe, data } = this.#packet;
      samples.push({ index: Number(pts), key: isKeyframe, data: lengthPrefixed(data ?? Buffer.alloc(0)) });
      this.#packet.unref();
    }
    return samples;
  }
}
