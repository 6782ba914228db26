import { AV_PIX_FMT_RGBA, SWS_BICUBIC } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, SoftwareScaleContext } from 'node-av/lib';
import { NoPicture, PICTURE_MAX_SIDE_PX, pictureKindOf } from '../recording/picture-kind.ts';
import type { Size } from '../timeline/index.ts';

/** A decoded picture: red, green, blue and opacity of every pixel, row by row, without gaps. */
export type StillPicture = Size & { rgba: Uint8ClampedArray<ArrayBuffer> };

const DECODERS = Object.freeze({ png: 'png', jpg: 'mjpeg' });

/** Decodes a png or jpg. @throws {NoPicture}. */
export function decodeStill(bytes: Buffer): StillPicture {
  const { kind } = pictureKindOf(bytes);
  const decoder = Codec.findDecoderByName(DECODERS[kind] as never);
  if (decoder === null) throw new NoPicture(`There is no decoder for ${kind}.`);
  const context = new CodecContext();
  const packet = new Packet();
  using decoded = new OwnFrame();
  try {
    context.allocContext3(decoder);
    context.threadCount = 1;
    context.setOption('max_pixels', String(PICTURE_MAX_SIDE_PX * PICTURE_MAX_SIDE_PX));
    packet.alloc();
    packet.data = bytes;
    const isDecoded =
      context.open2Sync(decoder, null) >= 0 &&
      context.sendPacketSync(packet) >= 0 &&
      context.sendPacketSync(null) >= 0 &&
      context.receiveFrameSync(decoded.frame) >= 0;
    const { width, height } = decoded.frame;
    // The decoder reads the size from the same place, but it is the one that is believed.
    if (!isDecoded || width < 1 || height < 1 || Math.max(width, height) > PICTURE_MAX_SIDE_PX)
      throw new NoPicture('It cannot be decoded.');
    return rgbaOf(decoded.frame);
  } finally {
    packet.free();
    context.freeContext();
  }
}

function rgbaOf(picture: Frame): StillPicture {
  const { width, height, format } = picture;
  using converted = new OwnFrame();
  const target = converted.frame;
  target.width = width;
  target.height = height;
  target.format = AV_PIX_FMT_RGBA;
  const context = new SoftwareScaleContext();
  try {
    context.getContext(width, height, format as never, width, height, AV_PIX_FMT_RGBA, SWS_BICUBIC);
    const isConverted = target.getBuffer(0) >= 0 && context.scaleFrameSync(target, picture) >= 0;
    const source = target.data?.[0];
    const strideBytes = target.linesize[0];
    if (!isConverted || source === undefined || strideBytes === undefined)
      throw new NoPicture('Its colours cannot be read.');
    const rgba = new Uint8ClampedArray(width * height * 4);
    for (let row = 0; row < height; row += 1)
      rgba.set(source.subarray(row * strideBytes, row * strideBytes + width * 4), row * width * 4);
    return { widthPx: width, heightPx: height, rgba };
  } finally {
    context.freeContext();
  }
}

/** A frame that is given back at the end of its block. */
class OwnFrame implements Disposable {
  readonly frame = new Frame();

  constructor() {
    this.frame.alloc();
  }

  [Symbol.dispose](): void {
    this.frame.free();
  }
}
