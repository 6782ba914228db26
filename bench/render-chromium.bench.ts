import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { renderArguments } from '../packages/server/src/recording/render-program.ts';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { cpuTimeOf, median } from './cpu-time.ts';
import { writeBundle } from './media/bench-bundle.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';

// A mixed render against a page in Chromium that plays the same four callers under Xvfb, grabbed by ffmpeg and encoded
// with the same settings: CPU time of Chromium, Xvfb and ffmpeg together over the time of the grab, without their start;
// the page's sound is decoded but not recorded. Needs Debian's xvfb and chromium. Arguments: seconds (30), rounds (5).

const seconds = Number(process.argv[2] ?? 30);
const rounds = Number(process.argv[3] ?? 5);
const DISPLAY = ':97';
const LOOKS = 100;
const LOOK_MS = 100;

const { video } = DEFAULT_TASK_PARAMETERS;
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'],
  ...['--window-position=0,0', `--window-size=${video.widthPx},${video.heightPx}`, '--kiosk'],
];

if (!existsSync('/usr/bin/Xvfb') || !existsSync('/usr/bin/chromium'))
  console.log('left out: xvfb or chromium is not installed');
else await compare();

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
  try {
    const callers = await callMedia(60);
    writeBundle(join(folder, 'bundle'), { callers, seconds, parameters: DEFAULT_TASK_PARAMETERS });
    const page = join(folder, 'page.html');
    await writeFile(page, pageOf(callers.map(({ path }) => pathToFileURL(path).href)));
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const order = orderFor(join(folder, 'bundle'), join(folder, `round-${round}`));
      ours.push((await cpuTimeOf(process.execPath, renderArguments(order))).totalMs);
      theirs.push(await grab(pathToFileURL(page).href, folder, round));
      console.log(`round ${round + 1}: render ${ours.at(-1)?.toFixed(0)} ms, Chromium ${theirs.at(-1)?.toFixed(0)} ms`);
    }
    const ratio = median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));
    console.log(`render ÷ Chromium: ${ratio.toFixed(3)} (bound 0.5)`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function pageOf(sources: readonly string[]): string {
  const style =
    'body{margin:0;background:#000;display:grid;grid-template-columns:1fr 1fr}video{width:100%;display:block}';
  const videos = sources.map((source) => `<video autoplay loop src="${source}"></video>`).join('');
  return `<!doctype html><style>${style}</style>${videos}`;
}

/** CPU time, in ms, of everything that plays and grabs the page for `seconds`. */
async function grab(url: string, folder: string, round: number): Promise<number> {
  const xvfb = spawn('Xvfb', [DISPLAY, '-screen', '0', `${video.widthPx}x${video.heightPx}x24`], { stdio: 'ignore' });
  const env = { ...process.env, DISPLAY };
  let chromium: ChildProcess | null = null;
  try {
    await until(() => existsSync(`/tmp/.X11-unix/X${DISPLAY.slice(1)}`), 'Xvfb');
    const profile = `--user-data-dir=${join(folder, `profile-${round}`)}`;
    chromium = spawn('chromium', [...flags, profile, url], { stdio: 'ignore', env });
    // Its start shall not count; nothing tells when a page outside has begun to play.
    await sleep(8000);
    const before = (await treeCpuMs(chromium.pid)) + (await treeCpuMs(xvfb.pid));
    const { totalMs } = await cpuTimeOf('ffmpeg', grabArguments(join(folder, `grab-${round}.mp4`)));
    const after = (await treeCpuMs(chromium.pid)) + (await treeCpuMs(xvfb.pid));
    return after - before + totalMs;
  } finally {
    await ended(chromium);
    await ended(xvfb);
  }
}

function grabArguments(out: string): string[] {
  const { fps, bitrateBps, widthPx, heightPx, keyframeIntervalS } = video;
  return [
    ...['-v', 'error', '-y', '-f', 'x11grab', '-framerate', String(fps), '-video_size', `${widthPx}x${heightPx}`],
    ...['-i', DISPLAY, '-t', String(seconds), '-pix_fmt', 'yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-b:v', String(bitrateBps)],
    ...['-maxrate', String(Math.round(bitrateBps * 1.5)), '-bufsize', String(bitrateBps * 2)],
    ...['-g', String(fps * keyframeIntervalS), '-bf', '0', '-sc_threshold', '0', '-threads', '2', out],
  ];
}

/** CPU time so far, in ms, of a process and all that come from it, also of those that have ended. */
async function treeCpuMs(root: number | undefined): Promise<number> {
  const processes = new Map<number, { parent: number; cpuMs: number }>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    // Fields 4 and 14 to 17 of proc(5), the latter in ticks of 10 ms.
    if (stat !== '')
      processes.set(Number(name), {
        parent: Number(fields[1]),
        cpuMs: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0),
      });
  }
  const isOfTree = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = processes.get(at)?.parent)
      if (at === root) return true;
    return false;
  };
  return [...processes].reduce((sum, [pid, { cpuMs }]) => (isOfTree(pid) ? sum + cpuMs : sum), 0);
}

async function until(isThere: () => boolean, what: string): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (isThere()) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`${what} does not come up`);
}

async function ended(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await gone;
}
