import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderArguments } from '../packages/server/src/recording/render-program.ts';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../packages/server/src/recording/task-parameters.ts';
import { cpuTimeOf, median } from './cpu-time.ts';
import { writeBundle } from './media/bench-bundle.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';

// How many times faster than real time one core makes the single files of one H.264 caller (640 × 360, 30 pictures a second,
// 700 kbit/s): the picture alone, copied; picture and sound in one MP4, where the sound is decoded and encoded as AAC; and both
// as they were captured. CPU time, all threads, from start of the process to its end. Arguments: seconds of media
// (600), rounds (5).

const seconds = Number(process.argv[2] ?? 600);
const rounds = Number(process.argv[3] ?? 5);
const KINDS: [name: string, parameters: Partial<TaskParameters>][] = [
  ['picture alone', { output: { format: 'mp4', media: 'video' } }],
  ['with sound as AAC', { single: { merged: true } }],
  ['as captured', { single: { merged: true, original: true } }],
];

const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
try {
  const callers = (await callMedia(Math.min(seconds, 60))).filter(({ codec }) => codec === 'h264').slice(0, 1);
  for (const [name, changes] of KINDS) {
    const parameters: TaskParameters = { ...DEFAULT_TASK_PARAMETERS, mode: 'single', ...changes };
    const bundle = join(folder, name.replaceAll(' ', '-'));
    writeBundle(bundle, { callers, seconds, parameters });
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const order = orderFor(bundle, join(folder, `${round}`));
      times.push((await cpuTimeOf(process.execPath, renderArguments(order))).totalMs);
      await rm(join(folder, `${round}`), { recursive: true });
    }
    const ms = median(times);
    console.log(
      `${name}: ${ms.toFixed(0)} ms of CPU for ${seconds} s, ${((seconds * 1000) / ms).toFixed(0)} times real time (bound 300)`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
