import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderArguments } from '../packages/server/src/recording/render-program.ts';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { cpuTimeOf, median } from './cpu-time.ts';
import { writeBundle } from './media/bench-bundle.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';

// What a mixed render costs: four callers, 640 × 360 each, into 1280 × 720 at 15 pictures a second, against x264 alone
// on the same pictures and against ffmpeg's command line doing the same. CPU time, all threads, from start of the
// process to its end; one after the other, as often as said. Arguments: seconds of media (120), rounds (5).

const seconds = Number(process.argv[2] ?? 120);
const rounds = Number(process.argv[3] ?? 5);
const X264_ALONE = join(import.meta.dirname, 'media/x264-alone.ts');

const parameters = DEFAULT_TASK_PARAMETERS;
const { video, audio } = parameters;
const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
try {
  const callers = await callMedia(seconds);
  writeBundle(join(folder, 'bundle'), { callers, seconds, parameters });
  const order = (name: string) => orderFor(join(folder, 'bundle'), join(folder, name));
  const ours: number[] = [];
  const x264: number[] = [];
  const ffmpeg: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await cpuTimeOf(process.execPath, renderArguments(order(`ours-${round}`)))).totalMs);
    const alone = await cpuTimeOf(process.execPath, [
      X264_ALONE,
      JSON.stringify(order(`x264-${round}`)),
      JSON.stringify(parameters),
    ]);
    x264.push((JSON.parse(alone.stdout) as { totalMs: number }).totalMs);
    ffmpeg.push((await cpuTimeOf('ffmpeg', ffmpegArguments(join(folder, 'ffmpeg.mp4')))).totalMs);
    console.log(
      `round ${round + 1}: render ${ours.at(-1)?.toFixed(0)} ms, x264 alone ${x264.at(-1)?.toFixed(0)} ms, ffmpeg ${ffmpeg.at(-1)?.toFixed(0)} ms`,
    );
  }
  const perSecond = (values: readonly number[]): string => (median(values) / seconds).toFixed(1);
  console.log(`medians, CPU ms a second of media: ${perSecond(ours)}, ${perSecond(x264)}, ${perSecond(ffmpeg)}`);
  console.log(`render ÷ x264 alone: ${median(ratios(ours, x264)).toFixed(3)} (bound 1.15)`);
  console.log(`render ÷ ffmpeg:     ${median(ratios(ours, ffmpeg)).toFixed(3)} (bound 1)`);

  function ffmpegArguments(out: string): string[] {
    const places = callers.map((_, index) => `[${index}:v]fps=${video.fps}[v${index}]`).join(';');
    const stack = `${callers.map((_, index) => `[v${index}]`).join('')}xstack=inputs=4:layout=0_0|w0_0|0_h0|w0_h0[v]`;
    const sound = `${callers.map((_, index) => `[${index}:a]`).join('')}amix=inputs=4:normalize=0[a]`;
    const rate = ['-b:v', String(video.bitrateBps), '-maxrate', String(Math.round(video.bitrateBps * 1.5))];
    const key = ['-g', String(video.fps * video.keyframeIntervalS), '-bf', '0', '-sc_threshold', '0'];
    return [
      ...['-v', 'error', '-y'],
      ...callers.flatMap(({ path }) => ['-threads', '1', '-i', path]),
      ...['-filter_complex', `${places};${stack};${sound}`, '-map', '[v]', '-map', '[a]', '-pix_fmt', 'yuv420p'],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', ...rate],
      ...['-bufsize', String(video.bitrateBps * 2), ...key, '-threads', '2'],
      ...['-c:a', 'aac', '-b:a', String(audio.bitrateBps), '-ac', '2', '-movflags', '+faststart', out],
    ];
  }
} finally {
  await rm(folder, { recursive: true });
}

function ratios(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, index) => value / (others[index] ?? Number.NaN));
}
