import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CapturedCodec } from '../../packages/server/src/capture/depacketizer.ts';
import {
  h264Payloads,
  mjrHead,
  mjrRecord,
  rtpPacket,
  TestBundle,
  type TestPacket,
  vp8Payloads,
} from '../../packages/server/src/capture/mjr-testkit.ts';
import type { TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';
import type { CallerMedia, CodedFrame } from './call-media.ts';

/** Name of the task in every bundle of the benchmarks. */
export const TASK_ID = 't1';
const START_US = 1_790_000_000_000_000;
/** How much of a dump is written at once. */
const BLOCK_BYTES = 1_000_000;

/** A call to be written as a bundle. The media is repeated until `seconds` are full. */
export type BenchCall = {
  callers: readonly CallerMedia[];
  seconds: number;
  parameters: TaskParameters;
  /** How fast the senders' clocks run against ours, in parts of a million. */
  senderPpm?: number;
};

type Sent = { userId: string; kind: 'video' | 'audio'; codec: CapturedCodec; frames: readonly CodedFrame[] };

/** Writes the whole bundle of a finished call. Packets of a picture lie 0.1 ms apart; nothing is lost or late. */
export function writeBundle(folder: string, { callers, seconds, parameters, senderPpm = 0 }: BenchCall): void {
  mkdirSync(folder, { recursive: true });
  const bundle = new TestBundle(folder);
  const untilUs = START_US + seconds * 1_000_000;
  bundle.event({ atUs: START_US - 200_000, type: 'roomOpened', sdkAppId: 1, roomId: '7', roomIdType: 'number' });
  bundle.event({
    atUs: START_US - 190_000,
    type: 'taskStarted',
    taskId: TASK_ID,
    fromUs: START_US - 50_000,
    parameters,
  });
  const streams = callers.flatMap(({ codec, pictures, sounds }, index): Sent[] => [
    { userId: `user${index}`, kind: 'video', codec, frames: pictures },
    ...(sounds.length === 0
      ? []
      : [{ userId: `user${index}`, kind: 'audio', codec: 'opus', frames: sounds } satisfies Sent]),
  ]);
  for (const index of callers.keys())
    bundle.event({ atUs: START_US - 100_000, type: 'userEntered', userId: `user${index}` });
  for (const [index, { userId, kind, codec, frames }] of streams.entries()) {
    const streamId = `${userId}-${kind}`;
    const dump = `${streamId}.mjr`;
    const common = { userId, streamId, kind, source: 'main' as const };
    bundle.event({ atUs: START_US - 50_000, type: 'streamPublished', ...common, muted: false, dump });
    writeDump(join(folder, dump), codec, packetsOf({ codec, frames, seconds, ssrc: 1000 + index, senderPpm }));
  }
  for (const { userId, kind } of streams) {
    const streamId = `${userId}-${kind}`;
    bundle.event({ atUs: untilUs, type: 'streamUnpublished', userId, streamId, reason: 'normal' });
  }
  for (const index of callers.keys())
    bundle.event({ atUs: untilUs, type: 'userLeft', userId: `user${index}`, reason: 'normal' });
  bundle.event({ atUs: untilUs, type: 'taskStopped', taskId: TASK_ID, untilUs, reason: 'roomClosed' });
  bundle.event({ atUs: untilUs + 1000, type: 'roomClosed' });
}

/** The packets of a stream one after the other. */
export function* packetsOf({
  codec,
  frames,
  seconds,
  ssrc,
  fromUs = START_US,
  senderPpm = 0,
}: {
  codec: CapturedCodec;
  frames: readonly CodedFrame[];
  seconds: number;
  ssrc: number;
  fromUs?: number;
  senderPpm?: number;
}): Generator<TestPacket> {
  const clockHz = codec === 'opus' ? 48_000 : 90_000;
  if (frames.length === 0) return;
  const last = frames.at(-1)?.rtpTime ?? 0;
  const period = last + (codec === 'opus' ? 960 : 3000);
  let sequence = 100;
  for (let turn = 0, frameIndex = 0; ; turn += 1) {
    for (const { rtpTime, data } of frames) {
      const atRtpTime = turn * period + rtpTime;
      if (atRtpTime >= seconds * clockHz) return;
      const sentUs = fromUs + Math.round((atRtpTime * 1_000_000) / clockHz / (1 + senderPpm / 1_000_000));
      const payloads = payloadsOf(codec, data, frameIndex);
      for (const [index, payload] of payloads.entries()) {
        const marker = codec === 'opus' ? frameIndex === 0 : index === payloads.length - 1;
        const bytes = rtpPacket({ sequence, rtpTime: 5000 + atRtpTime, ssrc, marker, payload });
        sequence += 1;
        yield { arrivalUs: sentUs + index * 100, bytes };
      }
      frameIndex += 1;
    }
  }
}

function payloadsOf(codec: CapturedCodec, data: Buffer, index: number): Buffer[] {
  if (codec === 'opus') return [data];
  return codec === 'vp8' ? vp8Payloads(data, index) : h264Payloads(data);
}

function writeDump(path: string, codec: CapturedCodec, packets: Iterable<TestPacket>): void {
  let parts: Buffer[] = [];
  let sizeBytes = 0;
  let firstUs: number | null = null;
  const flush = (): void => {
    appendFileSync(path, Buffer.concat(parts));
    parts = [];
    sizeBytes = 0;
  };
  for (const packet of packets) {
    if (firstUs === null) {
      firstUs = packet.arrivalUs;
      parts.push(mjrHead({ codec }, firstUs));
    }
    const record = mjrRecord(packet, firstUs);
    parts.push(record);
    sizeBytes += record.length;
    if (sizeBytes >= BLOCK_BYTES) flush();
  }
  flush();
}
