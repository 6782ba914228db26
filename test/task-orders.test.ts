import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeId } from '../packages/server/src/recording/file-name.ts';
import { talk } from './harness/held-call.ts';
import { LEFT, RIGHT } from './harness/places.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import type { PlannedSignal } from './harness/planned-caller.ts';
import { type RecordedCall, recordingOf } from './harness/recording-of.ts';
import { RunningTask } from './harness/running-task.ts';
import { ServerProcess } from './harness/server-process.ts';
import { strangers } from './harness/strangers.ts';
import { expectTrue, figuresOf, judge, printRows, type Verdict } from './harness/verdict.ts';
import { arrivalsOf, headerOf, picturesSent, streamsOf, wireOnsetsUs } from './harness/wire-truth.ts';
import {
  complaintsOf,
  matchOnsets,
  measureColors,
  measureFlashes,
  measureTones,
  pictureTimes,
  probeFile,
  type Rectangle,
} from './scorer/index.ts';

const FPS = 15;
const [ALICE, BOB] = PLANNED_SIGNALS.slice(0, 2) as [PlannedSignal, PlannedSignal];
const MARK = { color: '#20e0e0', leftPx: 560, topPx: 40, widthPx: 160, heightPx: 80 };
/** Inside the mark, below its text. */
const IN_MARK: Rectangle = { xPx: 670, yPx: 90, widthPx: 30, heightPx: 20 };
/** The middle of a single file of a planned caller. */
const MIDDLE: Rectangle = { xPx: 110, yPx: 50, widthPx: 100, heightPx: 80 };

/** A flash lasts for two pictures of a sender, a tone for 100 ms. */
const PULSE_LONGEST_US = 140_000;

let server: ServerProcess;
const calls: PlannedCall[] = [];
const recorded = new Map<string, Promise<RecordedCall>>();

/** Half a second after a flash, at least so much later: orders that come then are told from flashes and tones. */
async function betweenFlashes(leastS: number): Promise<void> {
  const fromMs = Date.now() + leastS * 1000;
  const untilMs = Math.ceil((fromMs - 500) / 1000) * 1000 + 500;
  await talk((untilMs - Date.now()) / 1000);
}

/** Holds a call of `<name>-alice` and `<name>-bob` by a template; the promise of its recording is kept. */
async function hold(
  name: string,
  template: Parameters<ServerProcess['setTemplate']>[0],
  plan: (call: PlannedCall, task: RunningTask) => Promise<void>,
  signals: readonly PlannedSignal[] = [ALICE, BOB],
): Promise<void> {
  await server.setTemplate(template);
  const call = await PlannedCall.place(server, [`${name}-alice`, `${name}-bob`], signals);
  calls.push(call);
  await call.begin();
  const task = await RunningTask.of(server, call.callId);
  const over = plan(call, task).then(async () => {
    await call.caller(1).hangup();
    return recordingOf(server, call.callId);
  });
  over.catch(() => null);
  recorded.set(name, over);
}

async function recordingNamed(name: string): Promise<RecordedCall> {
  const call = await recorded.get(name);
  if (call === undefined) throw new Error(`The call ${name} was not held.`);
  return call;
}

const single = (name: string) => ({
  plan: async (call: PlannedCall): Promise<void> => {
    await betweenFlashes(3);
    call.caller(1).stopSending();
    await betweenFlashes(3);
    await call.caller(1).publish();
    await betweenFlashes(4);
  },
  signals: [{ ...ALICE, codec: 'h264' as const }, BOB],
  name,
});

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
});
afterAll(async () => {
  for (const call of calls) call.close();
  await server.close();
});

/** Holds the calls that go on at the same time. */
async function holdAll(): Promise<void> {
  await hold('changes', {}, async (call, task) => {
    const [, bob] = call.callers.map(({ userId }) => userId);
    if (bob === undefined) throw new Error('There is no second caller.');
    await betweenFlashes(3.5);
    await task.modify({ subscription: { notAudio: [bob], notVideo: [bob] } });
    await betweenFlashes(2);
    await task.modify({ subscription: {} });
    await betweenFlashes(2);
    await task.modify({ layout: { mode: 'floating', large: { userId: bob } } });
    await betweenFlashes(2);
    const { color: backgroundColor, ...place } = MARK;
    await task.modify({ watermarks: [{ kind: 'text', text: 'changed', backgroundColor, ...place }] });
    await betweenFlashes(2);
  });
  for (const [name, template] of [
    ['pause', {}],
    ['uncaptured', { pauseCapture: true }],
  ] as const)
    await hold(name, template, async (_, task) => {
      await betweenFlashes(3);
      await task.order('pause');
      expect(await task.row()).toMatchObject({ state: 'running', paused: true });
      await betweenFlashes(3);
      await task.order('resume');
      expect(await task.row()).toMatchObject({ state: 'running', paused: false });
      await betweenFlashes(4);
    });
  const variants = {
    apart: { mode: 'single' },
    merged: { mode: 'both', single: { merged: true } },
    original: { mode: 'single', single: { merged: true, original: true } },
  } as const;
  for (const [name, template] of Object.entries(variants)) {
    const { plan, signals } = single(name);
    await hold(name, template, plan, signals);
  }
}

/** From when on both callers are seen: who joins is seen a moment after who called. µs into the file. */
async function bothSeenUs({ captureFolder, file }: RecordedCall): Promise<number> {
  const pictures = (await streamsOf(captureFolder)).filter(({ kind }) => kind === 'video');
  const heads = await Promise.all(
    pictures.map(async ({ dump }) => headerOf(await readFile(join(captureFolder, dump))).u),
  );
  return Math.max(...heads) - file.startUs + 3 * (1e6 / FPS);
}

/** When something happened to the task, by its journal. */
function ordersOf({ journal }: RecordedCall, type: string): number[] {
  return journal.filter((line) => line.type === type).map(({ atUs }) => atUs);
}

/** How long nothing may be captured of a pause: the order takes its way to the media server. */
const SWITCHED_WITHIN_US = 300_000;
/** How long a sender may take to send a key frame where the capture of its picture begins again. */
const KEY_FRAME_WITHIN_US = 600_000;

/** Nothing is in the dumps that came in the pause. */
async function expectNothingCaptured(
  { captureFolder }: RecordedCall,
  { pausedUs, resumedUs }: { pausedUs: number; resumedUs: number },
): Promise<void> {
  for (const stream of await streamsOf(captureFolder)) {
    expect(stream.laterDumps).toHaveLength(1);
    const arrivals = await arrivalsOf(captureFolder, stream);
    const inPause = arrivals.filter((atUs) => atUs > pausedUs && atUs < resumedUs);
    const first = Math.min(...arrivals.filter((atUs) => atUs >= resumedUs));
    console.log(
      `${stream.userId} ${stream.kind}: ${inPause.length} of ${arrivals.length} packets came in the pause, the last ${((Math.max(pausedUs, ...inPause) - pausedUs) / 1000).toFixed(0)} ms after the order; the first behind it ${((first - resumedUs) / 1000).toFixed(0)} ms after the other`,
    );
    expect(arrivals.length).toBeGreaterThan(100);
    expect(inPause.filter((atUs) => atUs > pausedUs + SWITCHED_WITHIN_US)).toEqual([]);
  }
}

/**
 * A file of a task that was paused once has what was on the wire before and after, moved together, and nothing else.
 * @param captured Whether the pause was captured.
 */
async function expectPauseCutOut(name: string, { captured = true } = {}): Promise<void> {
  const call = await recordingNamed(name);
  const { path, startUs, durationUs } = call.file;
  expect(call.files).toHaveLength(1);
  expect(await complaintsOf(path)).toBe('');
  const [pausedUs = 0, ...secondPauses] = ordersOf(call, 'taskPaused');
  const [resumedUs = 0] = ordersOf(call, 'taskResumed');
  expect(secondPauses).toEqual([]);
  if (!captured) await expectNothingCaptured(call, { pausedUs, resumedUs });
  const pauseUs = resumedUs - pausedUs;
  const ofSecond = (atUs: number): string => ((atUs % 1e6) / 1e6).toFixed(3);
  console.log(
    `${name}: paused ${ofSecond(pausedUs)}, resumed ${ofSecond(resumedUs)} s after a flash, ${((pausedUs - startUs) / 1e6).toFixed(3)} s into the file`,
  );
  const endUs = startUs + durationUs + pauseUs;
  expect(Math.abs(endUs - call.endedUs), 'end of the file').toBeLessThan(500_000);
  const times = await pictureTimes(path);
  expect(Math.abs(times.length - (durationUs * FPS) / 1e6)).toBeLessThanOrEqual(1);
  const [left = [], right = []] = await measureColors(path, [LEFT, RIGHT]);
  const seenUs = await bothSeenUs(call);
  // Whose capture began anew has an empty place until his next key frame.
  const jointUs = pausedUs - startUs;
  const wholeUs = jointUs + (captured ? 0 : KEY_FRAME_WITHIN_US);
  for (const [samples, { color }] of [
    [left, ALICE],
    [right, BOB],
  ] as const) {
    expect(strangers(samples, [color], { fromUs: seenUs, untilUs: jointUs - 1e6 / FPS })).toEqual([]);
    expect(strangers(samples, [color], { fromUs: wholeUs })).toEqual([]);
    const empty = strangers(samples, [color], { fromUs: jointUs, untilUs: wholeUs });
    if (!captured) console.log(`${name}: ${empty.length} pictures of an empty place where the capture began anew`);
  }
  const verdicts: Verdict[] = [];
  for (const stream of await streamsOf(call.captureFolder)) {
    const [signal, rectangle] = stream.userId.endsWith('alice') ? [ALICE, LEFT] : [BOB, RIGHT];
    const onsets = await wireOnsetsUs(call.captureFolder, stream, signal.pitchHz);
    const wire = onsets
      .filter((atUs) => atUs > startUs + 0.5e6 && atUs < endUs - 200_000)
      .filter((atUs) => atUs < pausedUs || atUs >= resumedUs)
      .map((atUs) => atUs - startUs - (atUs >= resumedUs ? pauseUs : 0));
    // An order may come late on a busy machine, while it flashes: then the file goes on in the middle of a flash.
    const isUnderWay = onsets.some((atUs) => atUs < resumedUs && atUs > resumedUs - PULSE_LONGEST_US);
    const found =
      stream.kind === 'video' ? await measureFlashes(path, { rectangle }) : await measureTones(path, signal.pitchHz);
    const { offsetsMs, missingUs, extraUs } = matchOnsets(found, wire, 400_000);
    const inside = extraUs
      .filter((atUs) => atUs > seenUs && atUs < durationUs - 200_000)
      .filter((atUs) => !isUnderWay || Math.abs(atUs - jointUs) > PULSE_LONGEST_US);
    expect(inside, `${stream.kind} of ${stream.userId} that is not on the wire outside of the pause`).toEqual([]);
    verdicts.push({
      userId: stream.userId,
      kind: stream.kind,
      expected: wire.length,
      missing: missingUs.length,
      ...figuresOf(offsetsMs),
      freezes: null,
    });
  }
  expectTrue(verdicts, { title: `${name}: ${(pauseUs / 1e6).toFixed(3)} s cut out`, leastOnsets: 5, fps: FPS });
}

describe('calls at the same time', () => {
  beforeAll(holdAll);
  test('changes while a task runs: subscription, layout and watermark, each from the picture of its moment on', async () => {
    const call = await recordingNamed('changes');
    const { path, startUs, durationUs } = call.file;
    expect(await complaintsOf(path)).toBe('');
    const changes = ordersOf(call, 'taskModified');
    expect(changes).toHaveLength(4);
    const [left = [], right = [], mark = []] = await measureColors(path, [LEFT, RIGHT, IN_MARK]);
    // Left, right and where the mark will be, from one change to the next; and before the first one from when both are there.
    const wanted = [
      [ALICE.color, BOB.color, BOB.color],
      [ALICE.color, ALICE.color, ALICE.color],
      [ALICE.color, BOB.color, BOB.color],
      [BOB.color, BOB.color, BOB.color],
      [BOB.color, BOB.color, MARK.color],
    ];
    const edges = [await bothSeenUs(call), ...changes.map((atUs) => atUs - startUs), durationUs];
    const rows = wanted.map((colors, scene) => {
      const [fromUs = 0, untilUs = 0] = edges.slice(scene);
      const wrong = [left, right, mark].map((samples, place) =>
        strangers(samples, [colors[place] ?? ''], {
          fromUs,
          untilUs: untilUs - 1,
          flash: !(scene === 4 && place === 2),
        }),
      );
      const pictures = left.filter(({ atUs }) => atUs >= fromUs && atUs < untilUs).length;
      return { scene, fromS: (fromUs / 1e6).toFixed(3), pictures, wrong: wrong.flat() };
    });
    console.log(
      [
        'changes',
        ...rows.map(
          (row) => `  scene ${row.scene} from ${row.fromS} s: ${row.pictures} pictures, ${row.wrong.length} wrong`,
        ),
      ].join('\n'),
    );
    for (const { wrong, pictures } of rows) {
      expect(wrong).toEqual([]);
      expect(pictures).toBeGreaterThanOrEqual(FPS / 2);
    }
    const streams = await streamsOf(call.captureFolder);
    const [offUs = 0, onUs = 0] = changes;
    const heard = (await measureTones(path, BOB.pitchHz)).map((atUs) => startUs + atUs);
    expect(heard.filter((atUs) => atUs > offUs && atUs < onUs)).toEqual([]);
    const sound = { userId: 'changes-bob', pitchHz: BOB.pitchHz, rectangle: RIGHT, kinds: ['audio'] as const };
    const verdicts = [
      ...(await judge(call.file, call.captureFolder, streams, [sound], { fromUs: startUs + 0.5e6, untilUs: offUs })),
      ...(await judge(call.file, call.captureFolder, streams, [sound], {
        fromUs: onUs,
        untilUs: startUs + durationUs - 200_000,
      })),
      ...(await judge(
        call.file,
        call.captureFolder,
        streams,
        [{ userId: 'changes-alice', pitchHz: ALICE.pitchHz, rectangle: LEFT, kinds: ['audio'] }],
        { fromUs: startUs + 0.5e6, untilUs: startUs + durationUs - 200_000 },
      )),
    ];
    expectTrue(verdicts, { title: 'changes', leastOnsets: 1, fps: FPS });
  });

  test('a pause is not in the file; sound and picture are right on both sides', () => expectPauseCutOut('pause'));

  test('a pause is not even captured, where that is asked for', () =>
    expectPauseCutOut('uncaptured', { captured: false }));

  describe('single recordings', () => {
    type Wanted = { who: 'alice' | 'bob'; end: string; video: string | null; audio: string | null };
    const CASES: { name: string; files: Wanted[]; mixed: boolean }[] = [
      {
        name: 'apart',
        mixed: false,
        files: [
          { who: 'alice', end: 'main.mp4', video: 'h264', audio: null },
          { who: 'alice', end: 'main.aac', video: null, audio: 'aac' },
          { who: 'bob', end: 'main.mp4', video: 'h264', audio: null },
          { who: 'bob', end: 'main.aac', video: null, audio: 'aac' },
        ],
      },
      {
        name: 'merged',
        mixed: true,
        files: [
          { who: 'alice', end: 'main.mp4', video: 'h264', audio: 'aac' },
          { who: 'bob', end: 'main.mp4', video: 'h264', audio: 'aac' },
        ],
      },
      {
        name: 'original',
        mixed: false,
        files: [
          { who: 'alice', end: 'main.mp4', video: 'h264', audio: 'opus' },
          { who: 'bob', end: 'main.webm', video: 'vp8', audio: 'opus' },
        ],
      },
    ];

    test.each(CASES)('$name: names, codecs, every picture that was sent, in sync with the wire', async (wanted) => {
      const call = await recordingNamed(wanted.name);
      const { app } = await server.credentials();
      const mixedName = `${app.sdkAppId}_${call.roomId}`;
      const fileOf = ({ who, end }: Wanted): string =>
        `${mixedName}_UserId_s_${encodeId(`${wanted.name}-${who}`)}_UserId_e_${end}`;
      const names = [...wanted.files.map(fileOf), ...(wanted.mixed ? [`${mixedName}.mp4`] : [])];
      expect(call.files.map(({ row }) => row.name).sort()).toEqual(names.sort());
      const streams = await streamsOf(call.captureFolder);
      const stopped = call.journal.find(({ type }) => type === 'taskStopped');
      const untilUs = Number(stopped?.['untilUs']);
      const verdicts: Verdict[] = [];
      for (const file of wanted.files) {
        const { row, path } = must(call.files.find((each) => each.row.name === fileOf(file)));
        expect(await complaintsOf(path)).toBe('');
        const facts = await probeFile(path);
        expect([facts.video?.codec ?? null, facts.audio?.codec ?? null]).toEqual([file.video, file.audio]);
        const userId = `${wanted.name}-${file.who}`;
        const own = streams.filter((stream) => stream.userId === userId && stream.kind === 'video');
        // Alice goes on; bob is away for a while, and his two cameras are one file.
        expect(own).toHaveLength(file.who === 'alice' ? 1 : 2);
        // Transcoded files have pictures of their own rate; what is copied has those that were sent.
        if (file.video !== null && (file.who === 'alice' || file.video === 'vp8')) {
          const sent = await Promise.all(own.map((stream) => picturesSent(call.captureFolder, stream, untilUs)));
          const pictures = (await pictureTimes(path)).length;
          console.log(`${row.name}: ${pictures} pictures of ${sent.join(' + ')} sent`);
          expect(Math.abs(pictures - sent.reduce((sum, count) => sum + count, 0))).toBeLessThanOrEqual(1);
        }
        const signal = file.who === 'alice' ? ALICE : BOB;
        const kinds = [
          ...(file.video === null ? [] : (['video'] as const)),
          ...(file.audio === null ? [] : (['audio'] as const)),
        ];
        verdicts.push(
          ...(await judge(
            { path, startUs: row.startUs },
            call.captureFolder,
            streams,
            [{ userId, pitchHz: signal.pitchHz, rectangle: MIDDLE, kinds }],
            { fromUs: row.startUs + 300_000, untilUs: row.startUs + row.durationUs - 200_000 },
          )),
        );
      }
      expectTrue(verdicts, { title: wanted.name, leastOnsets: 6, fps: FPS });
      if (!wanted.mixed) return;
      const { row, path } = must(call.files.find((each) => each.row.name === `${mixedName}.mp4`));
      const both = await judge(
        { path, startUs: row.startUs },
        call.captureFolder,
        streams,
        [
          { userId: `${wanted.name}-alice`, pitchHz: ALICE.pitchHz, rectangle: LEFT },
          { userId: `${wanted.name}-bob`, pitchHz: BOB.pitchHz, rectangle: RIGHT },
        ],
        { fromUs: row.startUs + 500_000, untilUs: row.startUs + row.durationUs - 200_000 },
      );
      printRows(`${wanted.name}, mixed`, both);
      expect(both.map(({ missing }) => missing)).toEqual([0, 0, 0, 0]);
    });
  });
});

test('kill -9 of the server during a pause that is not captured: the next one resumes both by order; one file, and nothing of the pause', async () => {
  await Promise.allSettled(recorded.values());
  await hold('killed', { pauseCapture: true }, async (call, task) => {
    await betweenFlashes(3);
    await task.order('pause');
    const back = call.callers.map((caller) => caller.back());
    await server.kill('SIGKILL');
    await server.run();
    await Promise.all(back);
    expect(await task.row()).toMatchObject({ state: 'running', paused: true });
    await betweenFlashes(0.5);
    await task.order('resume');
    await betweenFlashes(4);
  });
  await expectPauseCutOut('killed', { captured: false });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A value that must be there is missing.');
  return value;
}
