import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_H264,
  AV_OPT_SEARCH_CHILDREN,
  AV_OPT_TYPE_STRING,
  AV_PKT_FLAG_KEY,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import { FormatContext, Packet, Rational, type Stream } from 'node-av/lib';
import { AvError } from './av-error.ts';
import type { RenderPlan } from './render-plan.ts';
import type { Segment } from './segment-file.ts';
import { AAC_FRAME_SAMPLES } from './sound-encoder.ts';

const CLOCK_HZ = 90_000;
/** Time stamp of the recording's beginning: far enough from 0 that the muxer never shifts a segment by itself. */
const START_STAMP = 10 * CLOCK_HZ;
const START_CODE = Buffer.from([0, 0, 0, 1]);
/** An access unit delimiter, which MPEG-TS demands in front of every picture. */
const DELIMITER = Buffer.from([0, 0, 0, 1, 9, 0xf0]);

type Sample = { kind: 'video' | 'audio'; stamp: number; key: boolean; data: Buffer };

/**
 * Writes a segment as MPEG-TS by FFmpeg's muxer. Each is muxed by itself, so that a render that
 * starts again needs nothing of before: its first packets say that their counters begin anew.
 * @throws {AvError} | file errors.
 */
export function writeTsSegment(path: string, plan: RenderPlan, segment: Pick<Segment, 'video' | 'audio'>): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const context = new FormatContext();
  using packet = new Packet();
  packet.alloc();
  AvError.check(context.allocOutputContext2(null, 'mpegts', temporary), 'open mpegts');
  AvError.check(
    context.setOption('mpegts_flags', '+initial_discontinuity', AV_OPT_TYPE_STRING, AV_OPT_SEARCH_CHILDREN),
    'option mpegts_flags',
  );
  const streams = new Map<Sample['kind'], Stream>();
  if (segment.video.length > 0) streams.set('video', videoStream(context, plan));
  if (segment.audio.length > 0) streams.set('audio', audioStream(context, plan));
  try {
    AvError.check(context.openOutputSync(), 'open ts file');
    AvError.check(context.writeHeaderSync(), 'write ts head');
    for (const { kind, stamp, key, data } of stamped(plan, segment)) {
      packet.data = data;
      packet.streamIndex = streams.get(kind)?.index ?? 0;
      packet.pts = BigInt(stamp);
      packet.dts = BigInt(stamp);
      packet.flags = (key ? AV_PKT_FLAG_KEY : 0) as typeof packet.flags;
      AvError.check(context.interleavedWriteFrameSync(packet), 'write ts');
    }
    AvError.check(context.writeTrailerSync(), 'end ts');
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    context.closeOutputSync();
    context.freeContext();
  }
  const fd = openSync(temporary, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

function videoStream(context: FormatContext, { video }: RenderPlan): Stream {
  const stream = context.newStream();
  stream.timeBase = new Rational(1, CLOCK_HZ);
  const { codecpar } = stream;
  codecpar.codecType = AVMEDIA_TYPE_VIDEO;
  codecpar.codecId = AV_CODEC_ID_H264;
  codecpar.width = video.widthPx;
  codecpar.height = video.heightPx;
  return stream;
}

function audioStream(context: FormatContext, { parameters: { audio }, aacConfiguration }: RenderPlan): Stream {
  const stream = context.newStream();
  stream.timeBase = new Rational(1, CLOCK_HZ);
  const { codecpar } = stream;
  codecpar.codecType = AVMEDIA_TYPE_AUDIO;
  codecpar.codecId = AV_CODEC_ID_AAC;
  codecpar.sampleRate = audio.sampleRateHz;
  codecpar.channels = audio.channels;
  codecpar.extradata = Buffer.from(aacConfiguration, 'base64');
  return stream;
}

/** The samples in the order of their time. */
function stamped(plan: RenderPlan, { video, audio }: Pick<Segment, 'video' | 'audio'>): Sample[] {
  const { fps } = plan.video;
  const { sampleRateHz } = plan.parameters.audio;
  const head = parameterSets(Buffer.from(plan.avcConfiguration, 'base64'));
  const pictures = video.map(({ index, key, data }): Sample => {
    const stamp = START_STAMP + Math.round((index * CLOCK_HZ) / fps);
    return { kind: 'video', stamp, key, data: Buffer.concat([DELIMITER, ...(key ? [head] : []), annexB(data)]) };
  });
  const sounds = audio.map(({ index, data }): Sample => {
    const stamp = START_STAMP + Math.round((index * AAC_FRAME_SAMPLES * CLOCK_HZ) / sampleRateHz);
    return { kind: 'audio', stamp, key: true, data: Buffer.from(data) };
  });
  return [...pictures, ...sounds].sort((one, other) => one.stamp - other.stamp);
}

/** The parameter sets of a configuration record of ours: one of each kind. */
function parameterSets(configuration: Buffer): Buffer {
  const spsEnd = 8 + configuration.readUInt16BE(6);
  const ppsStart = spsEnd + 3;
  const ppsEnd = ppsStart + configuration.readUInt16BE(spsEnd + 1);
  return Buffer.concat([
    START_CODE,
    configuration.subarray(8, spsEnd),
    START_CODE,
    configuration.subarray(ppsStart, ppsEnd),
  ]);
}

function annexB(sample: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length; ) {
    const end = at + 4 + sample.readUInt32BE(at);
    parts.push(START_CODE, sample.subarray(at + 4, end));
    at = end;
  }
  return Buffer.concat(parts);
}
