import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { testPicture, testSound } from '../packages/server/src/render/test-signal.ts';
import { gridRectangles } from '../packages/server/src/timeline/grid.ts';
import { measureFlashes, measureTones } from '../test/scorer/index.ts';
import { writeBundle } from './media/bench-bundle.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';
import { memoryOf, startRendering } from './media/rendering.ts';

// The memory of one mixed render, four callers, and what is left of a sender's clock that runs 200 ppm fast: where the
// flashes and tones of the fourth caller lie at the end of the file against its beginning. Argument: minutes of media
// (10); `node bench/render-memory.bench.ts 120` for the two hours of the bound.

const run = promisify(execFile);
const minutes = Number(process.argv[2] ?? 10);
const seconds = minutes * 60;
const SENDER_PPM = 200;
/** Longer than any drift that is looked for, and a whole number of seconds. */
const PIECE_S = 60;
const PITCH_HZ = 1760;

const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
try {
  const callers = (await callMedia(60)).slice(0, 3).map((caller) => ({ ...caller, sounds: [] }));
  const [widthPx, heightPx] = [640, 360];
  const beacon = {
    path: '',
    codec: 'h264' as const,
    pictures: testPicture({ codec: 'h264', color: '#205080', seconds: 60, widthPx, heightPx }),
    sounds: testSound({ pitchHz: PITCH_HZ, seconds: 60 }),
  };
  const parameters = DEFAULT_TASK_PARAMETERS;
  writeBundle(join(folder, 'bundle'), { callers: [...callers, beacon], seconds, parameters, senderPpm: SENDER_PPM });
  const samples: { share: number; nowMb: number }[] = [];
  let segments = 0;
  let peakMb = 0;
  const startMs = performance.now();
  const { child, ended } = startRendering(orderFor(join(folder, 'bundle'), folder), (message) => {
    if (message.type === 'progress') ({ segments } = message);
    const memory = memoryOf(child.pid);
    peakMb = Math.max(peakMb, memory.peakMb);
    samples.push({ share: (segments * parameters.video.keyframeIntervalS) / seconds, nowMb: memory.nowMb });
  });
  const end = await ended;
  const tookS = (performance.now() - startMs) / 1000;
  const at = (share: number): string =>
    (samples.findLast((sample) => sample.share <= share && sample.nowMb > 0)?.nowMb ?? Number.NaN).toFixed(0);
  console.log(`${minutes} min of media in ${tookS.toFixed(0)} s, CPU ${(end.report.cpuMs / 1000).toFixed(0)} s`);
  console.log(
    `memory, MB: at 10 % ${at(0.1)}, 50 % ${at(0.5)}, 90 % ${at(0.9)}, end ${at(1)}, peak ${peakMb.toFixed(0)} (bound 300, flat)`,
  );
  const file = end.files[0]?.path ?? '';
  const lastPiece = Math.floor((seconds / (1 + SENDER_PPM / 1e6) - PIECE_S) / PIECE_S) * PIECE_S;
  const first = await offsets(file, 0);
  const last = await offsets(file, lastPiece);
  const hours = lastPiece / 3600;
  console.log(
    `sound: ${first.toneMs.toFixed(1)} ms at the beginning, ${last.toneMs.toFixed(1)} ms after ${lastPiece} s: drift ${((last.toneMs - first.toneMs) / hours).toFixed(1)} ms an hour (bound 20)`,
  );
  console.log(
    `picture: ${first.flashMs.toFixed(1)} ms and ${last.flashMs.toFixed(1)} ms, to half a picture of the file: 33 ms`,
  );
  console.log(
    `clock drift as reported: ${end.report.streams.map(({ clockDriftPpm }) => clockDriftPpm?.toFixed(0)).join(', ')} ppm`,
  );
} finally {
  await rm(folder, { recursive: true });
}

/** Median of found − planned over a piece of the file. */
async function offsets(file: string, fromS: number): Promise<{ toneMs: number; flashMs: number }> {
  const piece = join(folder, `piece-${fromS}.mkv`);
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '10', '-c:a', 'pcm_s16le'];
  await run('ffmpeg', ['-v', 'error', '-ss', String(fromS), '-i', file, '-t', String(PIECE_S), ...coding, piece]);
  const { video } = DEFAULT_TASK_PARAMETERS;
  const rectangle = gridRectangles(4, video)[3];
  if (rectangle === undefined) throw new Error('no place');
  return {
    toneMs: medianOffsetMs(await measureTones(piece, PITCH_HZ), fromS),
    flashMs: medianOffsetMs(await measureFlashes(piece, { rectangle }), fromS),
  };
}

/** The sender flashes and sounds at whole seconds of his own clock. */
function medianOffsetMs(foundUs: readonly number[], fromS: number): number {
  const periodUs = 1_000_000 / (1 + SENDER_PPM / 1e6);
  const found = foundUs
    .map((us) => us + fromS * 1_000_000)
    .map((us) => us - Math.round(us / periodUs) * periodUs)
    .sort((a, b) => a - b);
  return (found[Math.floor(found.length / 2)] ?? Number.NaN) / 1000;
}
