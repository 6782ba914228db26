import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { testPicture, testSound } from '../packages/server/src/render/test-signal.ts';
import { gridRectangles } from '../packages/server/src/timeline/grid.ts';
import { writeBundle } from './media/bench-bundle.ts';
import { orderFor } from './media/bench-order.ts';
import { callMedia } from './media/call-media.ts';
import { type Beacon, clockOffsets } from './media/clock-offsets.ts';
import { MemoryCourse } from './media/memory-course.ts';
import { memoryOf, startRendering } from './media/rendering.ts';

// The memory of one mixed render, four callers, and what is left of a sender's clock that runs 200 ppm fast: where the
// flashes and tones of the fourth caller lie at the end of the file against its beginning. Arguments: minutes of media
// (10), and `check`, which makes it fail when a bound is missed; `make soak` is `120 check`.

const minutes = Number(process.argv[2] ?? 10);
const isChecked = process.argv[3] === 'check';
const seconds = minutes * 60;
const SENDER_PPM = 200;
/** What may grow is the file's index, 1.8 KB a segment. */
const BOUNDS = { peakMb: 300, growthMb: 15, driftMsPerHour: 20 };

const parameters = DEFAULT_TASK_PARAMETERS;
const { video } = parameters;
/** In this time the sender's clock runs by one picture of the file. */
const PICTURE_TURN_S = 1e6 / SENDER_PPM / video.fps;
/** Long enough that flashes average out; no more than half of the media. A whole number of seconds. */
const pieceS = Math.floor(Math.min(PICTURE_TURN_S, seconds / 2));
const lastPieceS = Math.floor(seconds / (1 + SENDER_PPM / 1e6)) - pieceS;

const [, , , rectangle] = gridRectangles(4, video);
assert(rectangle !== undefined);
const beacon: Beacon = { ppm: SENDER_PPM, rectangle, pitchHz: 1760 };

const missed: string[] = [];
const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
try {
  const file = await rendered();
  await judgeDrift(file);
} finally {
  await rm(folder, { recursive: true });
}
for (const line of missed) console.log(`MISSED: ${line}`);
if (isChecked && missed.length > 0) process.exitCode = 1;

/** Renders the call and judges the memory; answers the file's path. */
async function rendered(): Promise<string> {
  await writeCall();
  const course = new MemoryCourse();
  const startMs = performance.now();
  const { child, ended } = startRendering(orderFor(join(folder, 'bundle'), folder), (message) => {
    if (message.type !== 'progress') return;
    course.add((message.segments * video.keyframeIntervalS) / seconds, memoryOf(child.pid));
  });
  const { report, files } = await ended;
  const tookS = (performance.now() - startMs) / 1000;
  console.log(`${minutes} min of media in ${tookS.toFixed(0)} s, CPU ${(report.cpuMs / 1000).toFixed(0)} s`);
  const at = (share: number): string => course.atMb(share).toFixed(0);
  console.log(`memory, MB: at 10 % ${at(0.1)}, 50 % ${at(0.5)}, end ${at(1)}, peak ${course.peakMb.toFixed(0)}`);
  bound('peak, MB', course.peakMb, BOUNDS.peakMb);
  bound('growth from 10 % to the end, MB', course.atMb(1) - course.atMb(0.1), BOUNDS.growthMb);
  const ppm = report.streams.map(({ clockDriftPpm }) => clockDriftPpm ?? Number.NaN);
  console.log(
    `clocks as reported: ${ppm.map((value) => value.toFixed(1)).join(', ')} ppm (they run ${SENDER_PPM} fast)`,
  );
  assert(files[0] !== undefined);
  return files[0].path;
}

async function writeCall(): Promise<void> {
  const callers = (await callMedia(60)).slice(0, 3).map((caller) => ({ ...caller, sounds: [] }));
  const [widthPx, heightPx] = [640, 360];
  const sender = {
    path: '',
    codec: 'h264' as const,
    pictures: testPicture({ codec: 'h264', color: '#205080', seconds: 60, widthPx, heightPx }),
    sounds: testSound({ pitchHz: beacon.pitchHz, seconds: 60 }),
  };
  writeBundle(join(folder, 'bundle'), { callers: [...callers, sender], seconds, parameters, senderPpm: SENDER_PPM });
}

async function judgeDrift(file: string): Promise<void> {
  const first = await clockOffsets(file, beacon, { fromS: 0, lengthS: pieceS, folder });
  const last = await clockOffsets(file, beacon, { fromS: lastPieceS, lengthS: pieceS, folder });
  for (const [name, { tones, flashes }] of [
    ['first', first],
    ['last', last],
  ] as const)
    if (Math.min(tones, flashes) < pieceS - 3)
      missed.push(`in the ${name} ${pieceS} s there are ${tones} tones and ${flashes} flashes`);
  const hours = lastPieceS / 3600;
  const judge = (name: string, from: number, to: number): void => {
    console.log(
      `${name}: ${from.toFixed(2)} ms off in the first ${pieceS} s, ${to.toFixed(2)} ms ${lastPieceS} s later`,
    );
    bound(`drift of ${name}, ms an hour`, Math.abs(to - from) / hours, BOUNDS.driftMsPerHour);
  };
  judge('sound', first.toneMs, last.toneMs);
  judge('picture', first.flashMs, last.flashMs);
}

/** Says a figure with its bound, and notes when it is missed. */
function bound(name: string, value: number, most: number): void {
  const line = `${name}: ${value.toFixed(1)} (bound ${most})`;
  console.log(line);
  if (!(value <= most)) missed.push(line);
}
