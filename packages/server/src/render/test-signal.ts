import { execFileSync } from 'node:child_process';
import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_LOW_DELAY,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_SAMPLE_FMT_FLT,
} from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet, Rational } from 'node-av/lib';
import type { CapturedCodec } from '../capture/index.ts';
import {
  av1Payloads,
  h264Payloads,
  mjrHead,
  mjrRecord,
  rtpPacket,
  type TestPacket,
  type TestStream,
  vp8Payloads,
  vp9Payloads,
} from '../capture/mjr-testkit.ts';
import { evenBelow } from '../timeline/index.ts';
import { AvError } from './av-error.ts';
import { Canvas } from './canvas.ts';
import { yuvOf } from './yuv-color.ts';

/** A coded frame of the test signal, in units of its RTP clock from the beginning. */
export type SignalFrame = {
  rtpTime: number;
  data: Buffer;
  /** Byte of the video-orientation extension of its last packet. */
  orientation?: number;
};

/** How long flash and tone last in every period of one second. */
export const PULSE_MS = 100;

/** What the test picture looks like: `color` with a white flash of 100 ms at the beginning of every second. */
export type TestPicture = {
  codec: Exclude<CapturedCodec, 'opus'>;
  /** H.264 only: `high` has B-frames and four slices a picture; parameter sets stand at the beginning only. */
  profile?: 'baseline' | 'high';
  color: string;
  /** Colour of the lower half, if it has another. */
  lowerColor?: string;
  seconds: number;
  fps?: number;
  widthPx?: number;
  heightPx?: number;
  /** Time of the first frame within the signal, in s: the flashes keep their places. */
  fromS?: number;
  /** Colour of a border, a fifth of the width at both sides and of the height above and below; none by default. */
  borderColor?: string;
  /** The same picture all the time: without flash, and nothing moves. Default false. */
  still?: boolean;
  /** Frames between key frames; by default only the first is one. */
  keyInterval?: number;
};

const ENCODERS = { vp8: 'libvpx', vp9: 'libvpx-vp9', av1: 'libsvtav1', h264: 'libx264' } as const;
const VPX_OPTIONS = [
  ['deadline', 'realtime'],
  ['cpu-used', '8'],
  ['lag-in-frames', '0'],
  ['auto-alt-ref', '0'],
] as const;
const OPTIONS = {
  vp8: VPX_OPTIONS,
  vp9: VPX_OPTIONS,
  av1: [
    ['preset', '12'],
    ['svtav1-params', 'pred-struct=1:rc=2:lookahead=0:scd=0:lp=1'],
  ],
  h264: [
    ['preset', 'ultrafast'],
    ['tune', 'zerolatency'],
    ['profile', 'baseline'],
    ['forced-idr', '1'],
    ['sc_threshold', '0'],
  ],
} as const;
const HIGH_OPTIONS = [
  ['preset', 'medium'],
  ['profile', 'high'],
  ['b-pyramid', 'normal'],
  ['x264-params', 'slices=4:scenecut=0:b-adapt=0:rc-lookahead=10'],
] as const;

/** Encodes the test picture. */
export function testPicture({
  codec,
  profile = 'baseline',
  color,
  lowerColor = color,
  seconds,
  fps = 30,
  widthPx = 320,
  heightPx = 180,
  fromS = 0,
  keyInterval = 1e6,
  borderColor,
  still = false,
}: TestPicture): SignalFrame[] {
  using canvas = new Canvas({ widthPx, heightPx });
  using context = new CodecContext();
  using packet = new Packet();
  packet.alloc();
  const encoder = Codec.findEncoderByName(ENCODERS[codec] as never);
  if (encoder === null) throw new AvError(`no encoder for ${codec}`, 0);
  context.allocContext3(encoder);
  context.width = widthPx;
  context.height = heightPx;
  context.pixelFormat = AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(1, fps);
  context.bitRate = 500_000n;
  context.gopSize = keyInterval;
  const isReordered = profile === 'high';
  context.maxBFrames = isReordered ? 3 : 0;
  context.threadCount = 1;
  if (!isReordered) context.setFlags(AV_CODEC_FLAG_LOW_DELAY);
  const options = isReordered ? HIGH_OPTIONS : OPTIONS[codec];
  for (const [name, value] of options) AvError.check(context.setOption(name ?? '', value), `option ${name}`);
  AvError.check(context.open2Sync(encoder, null), 'open');
  if (codec === 'av1') leaveRealTime();
  const base = yuvOf(color);
  const lower = yuvOf(lowerColor);
  const lowerHalf = { xPx: 0, yPx: heightPx / 2, widthPx, heightPx: heightPx / 2 };
  const white = yuvOf('#ffffff');
  const frames: SignalFrame[] = [];
  const takePackets = (): void => {
    while (context.receivePacketSync(packet) >= 0) {
      frames.push({
        rtpTime: Math.round((Number(packet.pts) * 90_000) / fps),
        data: Buffer.from(packet.data ?? Buffer.alloc(0)),
      });
      packet.unref();
    }
  };
  for (let index = 0; index < Math.round(seconds * fps); index += 1) {
    const atMs = Math.round(fromS * 1000 + (index * 1000) / fps) % 1000;
    const isFlash = !still && atMs < PULSE_MS;
    // Encoders that look ahead keep the picture.
    AvError.check(canvas.frame.makeWritable(), 'canvas');
    canvas.fill({ xPx: 0, yPx: 0, widthPx, heightPx }, isFlash ? white : base);
    if (!isFlash && lowerColor !== color) canvas.fill(lowerHalf, lower);
    if (borderColor !== undefined) paintBorder(canvas, borderColor);
    // Something that moves, so that every picture differs.
    if (!still) canvas.fill({ xPx: (index * 4) % (widthPx - 16), yPx: 0, widthPx: 16, heightPx: 8 }, yuvOf('#808080'));
    canvas.frame.pts = BigInt(index);
    canvas.frame.pictType = index % keyInterval === 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    AvError.check(context.sendFrameSync(canvas.frame), 'encode');
    takePackets();
  }
  context.sendFrameSync(null);
  takePackets();
  return frames;
}

/**
 * SVT-AV1 puts the thread that opens it into the real-time class if it may, and whatever that starts from then on is in
 * it too: renders whose threads wait for one another, and which nothing else on the machine interrupts.
 */
function leaveRealTime(): void {
  execFileSync('chrt', ['--other', '--pid', '0', String(process.pid)]);
}

function paintBorder(canvas: Canvas, borderColor: string): void {
  const { widthPx, heightPx } = canvas;
  const [sidePx, endPx] = [evenBelow(widthPx / 5), evenBelow(heightPx / 5)];
  const color = yuvOf(borderColor);
  for (const xPx of [0, widthPx - sidePx]) canvas.fill({ xPx, yPx: 0, widthPx: sidePx, heightPx }, color);
  for (const yPx of [0, heightPx - endPx]) canvas.fill({ xPx: 0, yPx, widthPx, heightPx: endPx }, color);
}

/** Encodes the test sound: a tone of `pitchHz` for the first 100 ms of every second; 0: silence. 20 ms a frame. */
export function testSound({
  pitchHz,
  seconds,
  fromS = 0,
}: {
  pitchHz: number;
  seconds: number;
  fromS?: number;
}): SignalFrame[] {
  using context = new CodecContext();
  using packet = new Packet();
  packet.alloc();
  const encoder = Codec.findEncoderByName('libopus' as never);
  if (encoder === null) throw new AvError('no encoder for opus', 0);
  context.allocContext3(encoder);
  context.sampleRate = 48_000;
  context.sampleFormat = AV_SAMPLE_FMT_FLT;
  context.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
  context.timeBase = new Rational(1, 48_000);
  context.bitRate = 48_000n;
  AvError.check(context.open2Sync(encoder, null), 'open');
  const frames: SignalFrame[] = [];
  for (let index = 0; index < seconds * 50; index += 1) {
    const samples = new Float32Array(960 * 2);
    for (let at = 0; at < 960; at += 1) {
      const sample = index * 960 + at + Math.round(fromS * 48_000);
      const level = sample % 48_000 < PULSE_MS * 48 ? 0.4 * Math.sin((2 * Math.PI * pitchHz * sample) / 48_000) : 0;
      samples[at * 2] = level;
      samples[at * 2 + 1] = level;
    }
    using frame = Frame.fromAudioBuffer(Buffer.from(samples.buffer), {
      nbSamples: 960,
      format: AV_SAMPLE_FMT_FLT,
      sampleRate: 48_000,
      channelLayout: AV_CHANNEL_LAYOUT_STEREO,
      timeBase: { num: 1, den: 48_000 },
      pts: BigInt(index * 960),
    });
    AvError.check(context.sendFrameSync(frame), 'encode');
    while (context.receivePacketSync(packet) >= 0) {
      // The encoder's look-ahead of 6.5 ms stays in the signal, as a browser leaves it.
      frames.push({ rtpTime: frames.length * 960, data: Buffer.from(packet.data ?? Buffer.alloc(0)) });
      packet.unref();
    }
  }
  return frames;
}

/** How a stream travels. */
export type Journey = {
  stream: TestStream;
  frames: readonly SignalFrame[];
  /** When the first frame is sent, µs. */
  fromUs: number;
  /** How fast the sender's clock runs against ours, in parts of a million. */
  senderPpm?: number;
  /** Delay of a packet by its number, in ms. 0 by default. */
  delayMs?: (index: number) => number;
  /** Packets that are lost, by number. */
  lost?: (index: number, atS: number) => boolean;
  /** Packets that come twice, by number; the second time 5 ms later. */
  doubled?: (index: number) => boolean;
  /** From this time on, in s, another SSRC, sequence and RTP time. */
  restartS?: number;
  /** From `atS` on the RTP time is `byS` off, under the same SSRC. */
  clockLeap?: { atS: number; byS: number } | null;
};

/** The packets of a stream as they arrive: with jitter they may overtake each other. */
export function travel({
  stream,
  frames,
  fromUs,
  senderPpm = 0,
  delayMs = () => 0,
  lost = () => false,
  doubled = () => false,
  restartS = Number.POSITIVE_INFINITY,
  clockLeap = null,
}: Journey): TestPacket[] {
  const clockHz = stream.codec === 'opus' ? 48_000 : 90_000;
  const packets: TestPacket[] = [];
  let count = 0;
  let lastRtpTime = 0;
  frames.forEach(({ rtpTime, data, orientation }, frameIndex) => {
    // What is coded after a later picture is sent after it.
    lastRtpTime = Math.max(lastRtpTime, rtpTime);
    const sentUs = fromUs + Math.round((lastRtpTime * 1_000_000) / clockHz / (1 + senderPpm / 1_000_000));
    const payloads = payloadsOf(stream.codec, data, frameIndex);
    const isRestarted = rtpTime >= restartS * clockHz;
    const leap =
      (isRestarted ? 777_777_777 : 0) +
      (clockLeap !== null && rtpTime >= clockLeap.atS * clockHz ? clockLeap.byS * clockHz : 0);
    payloads.forEach((payload, index) => {
      const isLast = index === payloads.length - 1;
      const marker = stream.codec === 'opus' ? frameIndex === 0 : isLast;
      const bytes = rtpPacket({
        sequence: stream.firstSequence + count + (isRestarted ? 20_000 : 0),
        rtpTime: stream.firstRtpTime + rtpTime + leap,
        ssrc: stream.ssrc + (isRestarted ? 1 : 0),
        marker,
        payload,
        orientation: isLast ? orientation : undefined,
      });
      const arrivalUs = sentUs + Math.round(delayMs(count) * 1000) + index * 100;
      if (!lost(count, rtpTime / clockHz)) packets.push({ arrivalUs, bytes });
      if (doubled(count)) packets.push({ arrivalUs: arrivalUs + 5000, bytes });
      count += 1;
    });
  });
  return packets.sort((a, b) => a.arrivalUs - b.arrivalUs);
}

function payloadsOf(codec: CapturedCodec, data: Buffer, index: number): Buffer[] {
  switch (codec) {
    case 'opus':
      return [data];
    case 'vp8':
      return vp8Payloads(data, index);
    case 'vp9':
      return vp9Payloads(data, index);
    case 'av1':
      return av1Payloads(data);
    case 'h264':
      return h264Payloads(data);
  }
}

/** A dump of packets in pieces, for appending to a file as time goes by. */
export function dumpPieces(stream: TestStream, packets: readonly TestPacket[]): { atUs: number; bytes: Buffer }[] {
  const firstUs = packets[0]?.arrivalUs ?? 0;
  return [
    { atUs: firstUs, bytes: mjrHead(stream, firstUs) },
    ...packets.map((packet) => ({ atUs: packet.arrivalUs, bytes: mjrRecord(packet, firstUs) })),
  ];
}
