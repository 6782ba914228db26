import { AV_CODEC_FLAG_QSCALE, AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_JPEG, FF_QP2LAMBDA } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import type { Size } from '../timeline/index.ts';
import { AvError } from './av-error.ts';

/** Scale of the quantizers: 3 of 8, which is about quality 80 of other encoders. */
const QUANTIZER = 3;

/** A picture as JPEG files have them: BT.601, full range, 4:2:0; all zero. Its receiver frees it. @throws {AvError}. */
export function jpegPicture({ widthPx, heightPx }: Size): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = widthPx;
  frame.height = heightPx;
  frame.format = AV_PIX_FMT_YUVJ420P;
  frame.colorRange = AVCOL_RANGE_JPEG;
  AvError.check(frame.getBuffer(0), 'picture');
  return frame;
}

/** The picture as a JPEG file. @param picture Made by `jpegPicture`. @throws {AvError}. */
export function encodeJpeg(picture: Frame): Buffer {
  using context = new CodecContext();
  using packet = new Packet();
  const encoder = Codec.findEncoderByName('mjpeg' as never);
  if (encoder === null) throw new AvError('no encoder for jpeg', 0);
  context.allocContext3(encoder);
  context.width = picture.width;
  context.height = picture.height;
  context.pixelFormat = AV_PIX_FMT_YUVJ420P;
  context.colorRange = AVCOL_RANGE_JPEG;
  context.timeBase = new Rational(1, 1);
  context.threadCount = 1;
  context.setFlags(AV_CODEC_FLAG_QSCALE);
  context.globalQuality = QUANTIZER * FF_QP2LAMBDA;
  AvError.check(context.open2Sync(encoder, null), 'open mjpeg');
  packet.alloc();
  picture.pts = 0n;
  picture.quality = QUANTIZER * FF_QP2LAMBDA;
  AvError.check(context.sendFrameSync(picture), 'encode jpeg');
  AvError.check(context.receivePacketSync(packet), 'encode jpeg');
  return Buffer.from(packet.data ?? Buffer.alloc(0));
}
