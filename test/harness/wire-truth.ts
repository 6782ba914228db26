import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measureFlashes, measureTones } from '../scorer/index.ts';

const run = promisify(execFile);

/** A published stream, as the journal of a capture tells. */
export type JournalledStream = {
  streamId: string;
  userId: string;
  kind: 'audio' | 'video';
  source: 'main' | 'aux';
  dump: string;
  /** Where its capture went on in other dumps, those, in order. */
  laterDumps: string[];
};

/** The captured streams of a room, from its journal, read without the code under test. */
export async function streamsOf(captureFolder: string): Promise<JournalledStream[]> {
  const lines = (await readFile(join(captureFolder, 'journal.jsonl'), 'utf8')).trim().split('\n');
  const events = lines.map(
    (line) => JSON.parse(line) as { type: string } & Omit<JournalledStream, 'dump'> & { dump: string | null },
  );
  const captured = events.flatMap(({ type, streamId, dump }) =>
    type === 'streamCaptured' && dump !== null ? [{ streamId, dump }] : [],
  );
  return events
    .filter(({ type }) => type === 'streamPublished')
    .flatMap((stream) => {
      const later = captured.filter(({ streamId }) => streamId === stream.streamId).map((event) => event.dump);
      const [dump, ...laterDumps] = stream.dump === null ? later : [stream.dump, ...later];
      return dump === undefined ? [] : [{ ...stream, dump, laterDumps }];
    });
}

/**
 * When flashes or tones of a stream came over the wire, in µs since the epoch: the dump is unpacked by Janus' own tool, read by
 * Debian's ffmpeg, and laid on the clock by the packet that waited least. No code of Callreel takes part.
 */
export async function wireOnsetsUs(
  captureFolder: string,
  { laterDumps, ...stream }: JournalledStream,
  pitchHz: number,
): Promise<number[]> {
  const all = [];
  for (const dump of [stream.dump, ...laterDumps])
    all.push(...(await dumpOnsetsUs(captureFolder, { ...stream, dump }, pitchHz)));
  return all;
}

/** A stream as one of its dumps has it. */
type DumpedStream = Pick<JournalledStream, 'kind' | 'dump'>;

function dumpOnsetsUs(captureFolder: string, stream: DumpedStream, pitchHz: number): Promise<number[]> {
  const name = `${join(captureFolder, stream.dump)} ${pitchHz}`;
  const measured = onsets.get(name) ?? measureWire(captureFolder, stream, pitchHz);
  onsets.set(name, measured);
  return measured;
}

/** What was measured: a capture that is judged does not change any more, and is asked about by each of its files. */
const onsets = new Map<string, Promise<number[]>>();

async function measureWire(captureFolder: string, stream: DumpedStream, pitchHz: number): Promise<number[]> {
  const { kind } = stream;
  const folder = await mkdtemp(join(tmpdir(), 'callreel-wire-'));
  try {
    const bytes = await readFile(join(captureFolder, stream.dump));
    const { firstRtpUs } = clockOf(bytes, kind === 'audio' ? 48_000 : 90_000, isFirst(bytes));
    const unpacked = await unpack(captureFolder, stream, folder);
    const found =
      kind === 'audio'
        ? await measureTones(unpacked, pitchHz)
        : await measureFlashes(unpacked, { rectangle: { xPx: 40, yPx: 40, widthPx: 80, heightPx: 60 } });
    return found.map((atUs) => firstRtpUs + atUs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Lets Janus' own tool unpack a dump into a folder: into the container that it has for the codec. */
export async function unpack(captureFolder: string, { dump, kind }: DumpedStream, folder: string): Promise<string> {
  const path = join(captureFolder, dump);
  const { c: codec } = headerOf(await readFile(path));
  const picture = codec === 'h264' || codec === 'av1' ? 'picture.mp4' : 'picture.webm';
  const unpacked = join(folder, kind === 'audio' ? 'sound.opus' : picture);
  await run('janus-pp-rec', [path, unpacked]);
  return unpacked;
}

/** The head of a dump: `u` when its first packet came, in µs since the epoch; `c` its codec. */
export function headerOf(dump: Buffer): { u: number; c: string } {
  return JSON.parse(dump.toString('utf8', 10, 10 + dump.readUInt16BE(8)));
}

/** How many pictures of a stream came until then, by their RTP times: read without the code under test. */
export async function picturesSent(
  captureFolder: string,
  { dump }: JournalledStream,
  untilUs: number,
): Promise<number> {
  const bytes = await readFile(join(captureFolder, dump));
  const { u: firstUs } = headerOf(bytes);
  const timestamps = new Set<number>();
  for (let at = 10 + bytes.readUInt16BE(8); at + 10 <= bytes.length; at += 10 + bytes.readUInt16BE(at + 8))
    if (firstUs + bytes.readUInt32BE(at + 4) * 1000 <= untilUs) timestamps.add(bytes.readUInt32BE(at + 14));
  return timestamps.size;
}

/** When the packets of a stream came, in µs since the epoch, to the millisecond: read without the code under test. */
export async function arrivalsOf(captureFolder: string, { dump, laterDumps }: JournalledStream): Promise<number[]> {
  const arrivals: number[] = [];
  for (const name of [dump, ...laterDumps]) {
    const bytes = await readFile(join(captureFolder, name));
    const { u: firstUs } = headerOf(bytes);
    for (let at = 10 + bytes.readUInt16BE(8); at + 10 <= bytes.length; at += 10 + bytes.readUInt16BE(at + 8))
      arrivals.push(firstUs + bytes.readUInt32BE(at + 4) * 1000);
  }
  return arrivals;
}

/** Which packet Janus' tool begins with: of VP8 the first of a key picture (RFC 7741), and else the first one. */
function isFirst(dump: Buffer): (packet: Buffer) => boolean {
  if (headerOf(dump).c !== 'vp8') return () => true;
  return (packet) => {
    const [flags = 0] = packet;
    const fixed = 12 + 4 * (flags & 0x0f);
    const payload = packet.subarray((flags & 0x10) === 0 ? fixed : fixed + 4 + 4 * packet.readUInt16BE(fixed + 2));
    const [descriptor = 0, extension = 0, pictureId = 0] = payload;
    let at = 1;
    if ((descriptor & 0x80) !== 0) {
      at += 1;
      if ((extension & 0x80) !== 0) at += (pictureId & 0x80) === 0 ? 1 : 2;
      if ((extension & 0x40) !== 0) at += 1;
      if ((extension & 0x30) !== 0) at += 1;
    }
    return (descriptor & 0x1f) === 0x10 && ((payload[at] ?? 1) & 1) === 0;
  };
}

/** Media time of the first of the packets that are asked for: that of the packet that waited least, less the RTP time between the two. */
function clockOf(dump: Buffer, rateHz: number, isAsked: (packet: Buffer) => boolean): { firstRtpUs: number } {
  const headerBytes = dump.readUInt16BE(8);
  const header = headerOf(dump);
  let base: number | null = null;
  let earliest = Number.POSITIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 10 + headerBytes; at + 10 <= dump.length; at += 10 + dump.readUInt16BE(at + 8)) {
    const arrivalUs = header.u + dump.readUInt32BE(at + 4) * 1000;
    const timestamp = dump.readUInt32BE(at + 14);
    base ??= timestamp;
    // Distance on the circle of 32 bits: a call is far shorter than half of it.
    const rtpUs = (((timestamp - base) | 0) / rateHz) * 1e6;
    if (isAsked(dump.subarray(at + 10, at + 10 + dump.readUInt16BE(at + 8)))) earliest = Math.min(earliest, rtpUs);
    least = Math.min(least, arrivalUs - rtpUs);
  }
  return { firstRtpUs: least + earliest };
}

/** Times of the key frames of a dump, in seconds from its first picture: unpacked by Janus' own tool, read by ffprobe. */
export async function keyFramesSent(captureFolder: string, stream: JournalledStream): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callreel-keys-'));
  try {
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0'],
      await unpack(captureFolder, stream, folder),
    ]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    return lines.flatMap(([time = '', flags = '']) => (flags.startsWith('K') ? [Number(time)] : []));
  } finally {
    await rm(folder, { recursive: true });
  }
}
