import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nowUs } from '../packages/server/src/base/clock.ts';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../packages/server/src/recording/task-parameters.ts';
import { median } from './cpu-time.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';
import { LiveCall } from './media/live-bundle.ts';
import { cpuMsOf, memoryOf, startRendering } from './media/rendering.ts';

// How many calls of two are rendered while they run without falling behind: 360 × 640, 15 pictures a second, 550 kbit/s,
// one render child each, as the server starts them. What a render is behind is counted from where it could be: a live
// render waits 2.5 s for the journal, and 0.16 s for the sound. Arguments: calls (12), seconds (90).

const calls = Number(process.argv[2] ?? 12);
const seconds = Number(process.argv[3] ?? 90);
/** `JOURNAL_SETTLES_US` and `SOUND_MARGIN_US`. */
const SETTLE_US = 2_660_000;
/** From here on a child's start is paid, and its code compiled. */
const WARM_MS = 20_000;

const parameters: TaskParameters = {
  ...DEFAULT_TASK_PARAMETERS,
  video: { widthPx: 360, heightPx: 640, fps: 15, bitrateBps: 550_000, keyframeIntervalS: 2 },
};
const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
try {
  const call = new LiveCall((await callMedia(60)).slice(0, 2), seconds);
  const results = await Promise.all(Array.from({ length: calls }, (_, index) => renderLive(call, index)));
  const lagsMs = results.flatMap(({ lags }) => lags).sort((a, b) => a - b);
  const at = (share: number): string => (lagsMs[Math.floor((lagsMs.length - 1) * share)] ?? Number.NaN).toFixed(0);
  const shares = results.map(({ cpuShare }) => cpuShare);
  const total = results.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  console.log(`${calls} calls of ${seconds} s`);
  console.log(`behind, ms: median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)} (bound 2000)`);
  console.log(
    `CPU of one render, ms a second of media: ${(median(shares) * 1000).toFixed(1)} once warm; all of them with start and end ${(total / 1000 / seconds).toFixed(2)} cores`,
  );
  console.log(`memory of one render, MB: ${median(results.map(({ memoryMb }) => memoryMb)).toFixed(0)}`);
  console.log(`ready after the end, ms: ${results.map(({ readyMs }) => readyMs.toFixed(0)).join(' ')}`);
} finally {
  await rm(folder, { recursive: true });
}

type Result = { lags: number[]; cpuMs: number; cpuShare: number; memoryMb: number; readyMs: number };

async function renderLive(call: LiveCall, index: number): Promise<Result> {
  // Calls do not begin together.
  await sleep(index * 300);
  const own = join(folder, `call-${index}`);
  const bundleFolder = join(own, 'bundle');
  const startUs = nowUs();
  const startMs = performance.now();
  const lags: number[] = [];
  let memoryMb = 0;
  let warm: { atMs: number; cpuMs: number } | null = null;
  let last = { atMs: 0, cpuMs: 0 };
  const { child, ended } = startRendering(orderFor(bundleFolder, own, { complete: false }), (message) => {
    if (message.type !== 'progress' || playing === false) return;
    lags.push((nowUs() - message.renderedUntilUs - SETTLE_US) / 1000);
    memoryMb = Math.max(memoryMb, memoryOf(child.pid).peakMb);
    last = { atMs: message.renderedUntilUs / 1000, cpuMs: cpuMsOf(child.pid) };
    if (warm === null && performance.now() - startMs > WARM_MS) warm = last;
  });
  let playing = true;
  await call.play(bundleFolder, startUs, parameters);
  playing = false;
  const endMs = performance.now();
  const end = await ended;
  const readyMs = performance.now() - endMs;
  const { atMs, cpuMs } = warm ?? { atMs: 0, cpuMs: 0 };
  const cpuShare = (last.cpuMs - cpuMs) / (last.atMs - atMs);
  return { lags, cpuMs: end.report.cpuMs, cpuShare, memoryMb, readyMs };
}
