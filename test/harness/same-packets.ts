import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { PacketStream, ReorderBuffer } from '../../packages/server/src/capture/index.ts';
import { pictureTimes } from '../scorer/index.ts';
import { type JournalledStream, streamsOf, unpack } from './wire-truth.ts';

const run = promisify(execFile);

/** A packet as both readers tell it. */
type Told = { sequence: number; timestamp: number; arrivalMs: number };

/** Media times of a file are whole milliseconds in WebM, and cut, not rounded. */
const TIME_TOLERANCE_MS = 1.5;

/**
 * Asks that `janus-pp-rec` and the product's own reader agree on each dump of a capture: on the packets one by one as
 * they came (sequence number, RTP time, arrival), on how many there are and how long they last in the order of their numbers, and
 * for pictures on the media time of each. Answers how many packets and pictures were compared, by codec.
 */
export async function expectSamePackets(captureFolder: string): Promise<string> {
  const rows: string[] = [];
  for (const stream of await streamsOf(captureFolder)) {
    const path = join(captureFolder, stream.dump);
    const { codec, told, ordered, clockHz } = readOurs(path);
    expect(told, `${stream.dump} as it came`).toEqual(await readTheirs(path));
    const [first, last] = [ordered.at(0), ordered.at(-1)];
    if (first === undefined || last === undefined) throw new Error(`${stream.dump} is empty.`);
    const { stdout } = await run('janus-pp-rec', ['-e', path]);
    const { extended } = JSON.parse(stdout) as { extended: { packets: number; duration: number } };
    expect(ordered.length, `${stream.dump}: packets`).toBe(extended.packets);
    expect((last.rtpTime - first.rtpTime) / clockHz, `${stream.dump}: seconds`).toBeCloseTo(extended.duration, 2);
    const pictures = stream.kind === 'video' ? await comparePictures(captureFolder, stream, ordered) : 0;
    rows.push(`${codec} ${ordered.length} packets${stream.kind === 'video' ? `, ${pictures} pictures` : ''}`);
  }
  return rows.join('; ');
}

type Ordered = { rtpTime: number; epoch: number; sequence: number; mediaUs: number };

/** The unpacked file has a picture at each RTP time that the dump has, and no other. */
async function comparePictures(
  captureFolder: string,
  stream: JournalledStream,
  ordered: readonly Ordered[],
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'callreel-packets-'));
  try {
    const theirs = await pictureTimes(await unpack(captureFolder, stream, folder));
    const rtpTimes = [...new Set(ordered.map(({ rtpTime }) => rtpTime))].sort((a, b) => a - b);
    const ours = rtpTimes.map((rtpTime) => ((rtpTime - (rtpTimes[0] ?? 0)) / 90_000) * 1e6);
    expect(theirs.length, `${stream.dump}: pictures`).toBe(ours.length);
    const apart = ours.map((atUs, index) => Math.abs((theirs[index] ?? 0) - (theirs[0] ?? 0) - atUs) / 1000);
    expect(Math.max(...apart), `${stream.dump}: media times apart, ms`).toBeLessThanOrEqual(TIME_TOLERANCE_MS);
    return ours.length;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function readOurs(path: string): { codec: string; told: Told[]; ordered: Ordered[]; clockHz: number } {
  const stream = new PacketStream(path);
  const order = new ReorderBuffer<Ordered>({ windowUs: 500_000 });
  const told: Told[] = [];
  const ordered: Ordered[] = [];
  for (let packet = stream.read(); packet !== null; packet = stream.read()) {
    const { sequence, rtpTime, arrivalUs, epoch } = packet;
    const firstUs = stream.header?.firstPacketUs ?? 0;
    told.push({
      sequence: ((sequence % 2 ** 16) + 2 ** 16) % 2 ** 16,
      timestamp: ((rtpTime % 2 ** 32) + 2 ** 32) % 2 ** 32,
      arrivalMs: (arrivalUs - firstUs) / 1000,
    });
    ordered.push(...order.push({ rtpTime, epoch, sequence, mediaUs: arrivalUs }));
  }
  ordered.push(...order.flush());
  const codec = stream.header?.codec ?? '';
  stream.close();
  return { codec, told, ordered, clockHz: codec === 'opus' ? 48_000 : 90_000 };
}

/** What `janus-pp-rec` says while it reads, in its words of the greatest detail. */
async function readTheirs(path: string): Promise<Told[]> {
  const { stdout } = await run('janus-pp-rec', ['-o', '-p', '-d', '7', path], { maxBuffer: 1 << 28 });
  const told: Told[] = [];
  let arrivalMs = 0;
  for (const line of stdout.split('\n')) {
    const time = /^\s+-- Time: (\d+)ms/.exec(line);
    if (time !== null) arrivalMs = Number(time[1]);
    const packet = /^\s+-- RTP packet \(ssrc=\d+, pt=\d+, ext=\d+, seq=(\d+), ts=(\d+)\)/.exec(line);
    if (packet !== null) told.push({ sequence: Number(packet[1]), timestamp: Number(packet[2]), arrivalMs });
  }
  return told;
}
