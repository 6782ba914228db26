import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { FormatContext, Packet } from 'node-av/lib';
import type { CapturedCodec } from '../../packages/server/src/capture/depacketizer.ts';

const run = promisify(execFile);
const FOLDER = join(tmpdir(), 'callreel-bench-media');
const VIDEO_KBPS = 700;

/** A coded picture or block of sound, by its RTP time from the beginning. */
export type CodedFrame = { rtpTime: number; data: Buffer };
/** What one caller sends, as a file and as coded frames. */
export type CallerMedia = {
  path: string;
  codec: CapturedCodec;
  pictures: readonly CodedFrame[];
  sounds: readonly CodedFrame[];
};

/**
 * Pictures as cameras give them: nothing stands still, and there is noise. A caller who sits before a resting
 * background is easier on every part of what is compared.
 */
const SOURCES = [
  {
    codec: 'vp8',
    picture: 'mandelbrot=size=640x360:rate=30:maxiter=200:end_pts=4000,noise=alls=2:allf=t',
    sound: 'sine=220',
  },
  {
    codec: 'h264',
    picture: 'testsrc2=size=640x360:rate=30,noise=alls=3:allf=t',
    sound: 'anoisesrc=amplitude=0.05:color=pink',
  },
  {
    codec: 'vp8',
    picture:
      'life=size=320x180:rate=30:mold=10:ratio=0.1:death_color=#C83232:life_color=#00ff00:seed=5,scale=640:360:flags=neighbor,gblur=4,noise=alls=2:allf=t',
    sound: 'sine=440',
  },
  {
    codec: 'h264',
    picture: 'mandelbrot=size=640x360:rate=30:start_x=-0.7:start_y=0.3:end_pts=6000,noise=alls=4:allf=t',
    sound: 'anoisesrc=amplitude=0.05:color=brown',
  },
] as const;

/** Encoders with what calls set them to. */
const ENCODERS = {
  vp8: 'libvpx -deadline realtime -cpu-used 6 -lag-in-frames 0 -auto-alt-ref 0 -qmax 56 -undershoot-pct 100 -overshoot-pct 15'.split(
    ' ',
  ),
  h264: 'libx264 -preset veryfast -tune zerolatency -profile:v baseline -sc_threshold 0'.split(' '),
};

/**
 * What four callers send for `seconds`: 640 × 360, 30 pictures a second, 700 kbit/s, two with VP8 and two with H.264;
 * Opus. Made by Debian's ffmpeg once and kept in the temporary folder.
 */
export async function callMedia(seconds: number): Promise<CallerMedia[]> {
  await mkdir(FOLDER, { recursive: true });
  return Promise.all(
    SOURCES.map(async ({ codec, picture, sound }, index) => {
      const extension = codec === 'vp8' ? 'webm' : 'mp4';
      const path = join(FOLDER, `caller-${index}-${seconds}.${extension}`);
      if (!existsSync(path)) {
        const temporary = join(FOLDER, `${process.pid}-${index}.${extension}`);
        const inputs = ['-f', 'lavfi', '-i', `${picture},format=yuv420p`];
        inputs.push('-f', 'lavfi', '-i', `${sound},aformat=sample_rates=48000:channel_layouts=mono`);
        const rate = [
          '-b:v',
          `${VIDEO_KBPS}k`,
          '-minrate',
          `${VIDEO_KBPS}k`,
          '-maxrate',
          `${VIDEO_KBPS}k`,
          '-bufsize',
          `${VIDEO_KBPS}k`,
        ];
        const video = ['-c:v', ...ENCODERS[codec], ...rate, '-g', '100000', '-threads', '1'];
        const audio = ['-c:a', 'libopus', '-b:a', '48k', '-application', 'voip'];
        await run('ffmpeg', ['-v', 'error', '-y', ...inputs, '-t', String(seconds), ...video, ...audio, temporary]);
        await rename(temporary, path);
      }
      return { path, codec, ...readFile(path) };
    }),
  );
}

function readFile(path: string): Pick<CallerMedia, 'pictures' | 'sounds'> {
  const context = new FormatContext();
  if (context.openInputSync(path) < 0 || context.findStreamInfoSync() < 0) throw new Error(`cannot read ${path}`);
  using packet = new Packet();
  packet.alloc();
  const [pictures, sounds]: [CodedFrame[], CodedFrame[]] = [[], []];
  while (context.readFrameSync(packet) >= 0) {
    const stream = context.streams[packet.streamIndex];
    const { num, den } = stream?.timeBase ?? { num: 0, den: 1 };
    const data = Buffer.from(packet.data ?? Buffer.alloc(0));
    if (stream?.codecpar.codecType === AVMEDIA_TYPE_VIDEO) {
      const head = packet.isKeyframe ? parameterSets(stream.codecpar.extradata) : [];
      const isLengthPrefixed = path.endsWith('.mp4');
      pictures.push({
        rtpTime: Math.round((Number(packet.pts) * 90_000 * num) / den),
        data: isLengthPrefixed ? Buffer.concat([...head, ...annexB(data)]) : data,
      });
    } else sounds.push({ rtpTime: sounds.length * 960, data });
    packet.unref();
  }
  context.closeInputSync();
  return { pictures, sounds };
}

const START_CODE = Buffer.from([0, 0, 0, 1]);

function annexB(sample: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= sample.length; ) {
    const end = at + 4 + sample.readUInt32BE(at);
    parts.push(START_CODE, sample.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** The one sequence and the one picture parameter set of an `avcC` record. */
function parameterSets(configuration: Buffer | null): Buffer[] {
  if (configuration === null || configuration.length < 8) return [];
  const spsEnd = 8 + configuration.readUInt16BE(6);
  const ppsStart = spsEnd + 3;
  const ppsEnd = ppsStart + configuration.readUInt16BE(spsEnd + 1);
  return [START_CODE, configuration.subarray(8, spsEnd), START_CODE, configuration.subarray(ppsStart, ppsEnd)];
}
