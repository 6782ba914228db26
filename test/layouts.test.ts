import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LayoutParameters } from '../packages/server/src/recording/layout-parameters.ts';
import { talk } from './harness/held-call.ts';
import { PLANNED_SIGNALS, PlannedCall, SCREEN_SIGNAL } from './harness/planned-call.ts';
import { type RecordedCall, recordingOf } from './harness/recording-of.ts';
import { type ExpectedPlace, lookAtScenes, type Present, scenesOf } from './harness/seen-scenes.ts';
import { ServerProcess } from './harness/server-process.ts';
import { expectTrue, judge } from './harness/verdict.ts';
import { headerOf, streamsOf } from './harness/wire-truth.ts';
import { complaintsOf, type Rectangle } from './scorer/index.ts';

const FPS = 15;

let server: ServerProcess;
const calls: PlannedCall[] = [];

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
});
afterAll(async () => {
  for (const call of calls) call.close();
  await server.close();
});

/** A call, its layout, and where its people have to be. */
type Case = {
  name: string;
  layout: LayoutParameters;
  people: number;
  /** What happens while the first two talk. */
  plan: (call: PlannedCall) => Promise<void>;
  placesOf: (present: Present) => ExpectedPlace[];
  /** Scenes that the plan makes, without the moment in which only the caller is in the room. */
  scenes: number;
};

const middleOf = ({ xPx, yPx, widthPx, heightPx }: Rectangle): { xPx: number; yPx: number } => ({
  xPx: xPx + widthPx / 2,
  yPx: yPx + heightPx / 2,
});
const main = (userId: string): ExpectedPlace['who'] => ({ userId, source: 'main' });
const rectangle = (xPx: number, yPx: number, widthPx: number, heightPx: number): Rectangle => ({
  xPx,
  yPx,
  widthPx,
  heightPx,
});

// REFERENCE: 1 full, 2 side by side, up to 4 in 2 × 2, up to 9 in 3 × 3; rounded down to even numbers.
function grid(present: Present): ExpectedPlace[] {
  const count = present.length;
  const columns = count === 1 ? 1 : count <= 4 ? 2 : 3;
  const rows = count <= 2 ? 1 : count <= 4 ? 2 : 3;
  const even = (value: number): number => Math.floor(value / 2) * 2;
  return present.map(({ userId }, index) => ({
    who: main(userId),
    rectangle: rectangle(
      even((1280 * (index % columns)) / columns),
      even((720 * Math.floor(index / columns)) / rows),
      even(1280 / columns),
      even(720 / rows),
    ),
  }));
}

// 0.235 of 1280 × 720 is 300 × 168, in steps of 0.247 from a margin of 0.012; c is large as soon as he is there.
function floating(present: Present): ExpectedPlace[] {
  const large = present.find(({ userId }) => userId === 'floating-2') ?? present[0];
  const small = present.filter((one) => one !== large);
  return [
    { who: main(large?.userId ?? ''), rectangle: rectangle(0, 0, 1280, 720), seed: { xPx: 1120, yPx: 100 } },
    ...small.map(({ userId }, index) => ({
      who: main(userId),
      rectangle: rectangle([14, 330, 646][index] ?? 0, 542, 300, 168),
    })),
  ];
}

// Up to five pictures: 4/5 of the width for the large one, a column of quarters beside it.
function screenShare(present: Present): ExpectedPlace[] {
  const sharer = present.find(({ userId }) => userId === 'screenShare-0');
  const large: ExpectedPlace['who'] =
    sharer === undefined ? null : { userId: sharer.userId, source: sharer.sharing ? 'aux' : 'main' };
  const small = present.filter((one) => one.userId !== large?.userId || large.source === 'aux');
  return [
    { who: large, rectangle: rectangle(0, 0, 1024, 720) },
    ...small.map(({ userId }, index) => ({ who: main(userId), rectangle: rectangle(1024, 180 * index, 256, 180) })),
  ];
}

const NAMED = rectangle(0, 0, 640, 360);
const UNDER = rectangle(640, 0, 640, 720);
const FREE = rectangle(0, 360, 640, 360);
const OVER = rectangle(900, 40, 240, 200);

function custom(present: Present): ExpectedPlace[] {
  const named = present.find(({ userId }) => userId === 'custom-2');
  const others = present.filter((one) => one !== named);
  const free = [{ rectangle: UNDER, seed: { xPx: 800, yPx: 600 } }, { rectangle: FREE }, { rectangle: OVER }];
  return [
    { who: named === undefined ? null : main(named.userId), rectangle: NAMED },
    ...free.map((place, index) => {
      const userId = others[index]?.userId;
      const isOverNobody = userId === undefined && index === 2;
      // What lies over another one shows that one as long as it is empty.
      if (isOverNobody) return { who: main(others[0]?.userId ?? ''), rectangle: UNDER, seed: { xPx: 1020, yPx: 600 } };
      return { who: userId === undefined ? null : main(userId), ...place };
    }),
  ];
}

const at = ({
  xPx,
  yPx,
  widthPx,
  heightPx,
}: Rectangle): { leftPx: number; topPx: number; widthPx: number; heightPx: number } => ({
  leftPx: xPx,
  topPx: yPx,
  widthPx,
  heightPx,
});

const CASES: Case[] = [
  {
    name: 'grid',
    layout: { mode: 'grid' },
    people: 9,
    plan: async (call) => {
      await talk(2);
      await call.caller(2).join();
      await talk(1.5);
      await Promise.all([call.caller(3).join(), call.caller(4).join()]);
      await talk(1.5);
      await call.caller(5).join({ silent: true });
      await Promise.all([6, 7, 8].map((index) => call.caller(index).join()));
      await talk(2.5);
      for (const index of [8, 7, 6, 5, 1]) await call.caller(index).hangup();
      await talk(1.5);
    },
    placesOf: grid,
    // 2, 3, 5, 9, 4 people; those of the moments between may be too short to hold a picture.
    scenes: 5,
  },
  {
    name: 'floating',
    layout: { mode: 'floating', large: { userId: 'floating-2' } },
    people: 4,
    plan: async (call) => {
      await talk(2);
      await call.caller(2).join();
      await talk(2);
      await call.caller(3).join();
      await talk(2);
      await call.caller(2).hangup();
      await talk(2);
    },
    placesOf: floating,
    scenes: 4,
  },
  {
    name: 'screenShare',
    layout: { mode: 'screenShare', large: { userId: 'screenShare-0' } },
    people: 3,
    plan: async (call) => {
      await talk(2);
      await call.caller(0).publish({ screen: SCREEN_SIGNAL });
      await talk(3);
      await call.caller(2).join();
      await talk(2);
      await call.caller(0).publish();
      await talk(3);
    },
    placesOf: screenShare,
    scenes: 4,
  },
  {
    name: 'custom',
    layout: {
      mode: 'custom',
      rectangles: [
        { ...at(NAMED), userId: 'custom-2' },
        { ...at(UNDER), layer: 1 },
        { ...at(FREE), layer: 0 },
        { ...at(OVER), layer: 2 },
      ],
    },
    people: 4,
    plan: async (call) => {
      await talk(2);
      await call.caller(2).join();
      await talk(2);
      await call.caller(3).join();
      await talk(2);
      await call.caller(1).hangup();
      await talk(2);
    },
    placesOf: custom,
    scenes: 4,
  },
];

/** The calls of all layouts, at once: what is judged is on disk, and renders may come after. */
let recorded: Map<string, Promise<RecordedCall>>;

beforeAll(async () => {
  recorded = new Map();
  for (const { name, layout, people, plan } of CASES) {
    await server.setTemplate({ layout });
    const names = Array.from({ length: people }, (_, index) => `${name}-${index}`);
    const call = await PlannedCall.place(server, names);
    calls.push(call);
    await call.begin();
    recorded.set(name, holdToTheEnd(call, plan));
    recorded.get(name)?.catch(() => null);
  }
});

async function holdToTheEnd(call: PlannedCall, plan: Case['plan']): Promise<RecordedCall> {
  await plan(call);
  // All leave one after the other; the call is over when the last but one has gone.
  for (const caller of call.callers.filter(({ isIn }) => isIn).slice(1)) await caller.hangup();
  return recordingOf(server, call.callId);
}

describe.each(CASES)('$name', ({ name, placesOf, scenes: leastScenes }) => {
  test('who is where, when, to the picture and to the pixel', async () => {
    const call = await recorded.get(name);
    if (call === undefined) throw new Error('The call was not held.');
    expect(await complaintsOf(call.file.path)).toBe('');
    const first = await firstPictures(call);
    const scenes = scenesOf(call.journal, call.endedUs);
    const findings = await lookAtScenes(call.file, scenes, {
      placesOf,
      colorOf: (userId, source) =>
        source === 'aux' ? SCREEN_SIGNAL.color : (PLANNED_SIGNALS[Number(userId.split('-')[1])]?.color ?? ''),
      firstPictureUs: (userId, source, atUs) =>
        first.findLast((one) => one.userId === userId && one.source === source && one.fromUs <= atUs)?.firstUs ?? null,
      fps: FPS,
    });
    console.log(
      `${name}: ${findings.pictures} pictures of ${scenes.length} scenes, ${findings.scenes} measured, ${findings.wrong.length} wrong places`,
    );
    expect(findings.wrong).toEqual([]);
    expect(findings.scenes).toBeGreaterThanOrEqual(leastScenes);
    expect(findings.pictures).toBeGreaterThan(7 * FPS);
  });

  test('in sync with the wire: all heard as long as they are there, and seen in the longest scene', async () => {
    const call = await recorded.get(name);
    if (call === undefined) throw new Error('The call was not held.');
    const scenes = scenesOf(call.journal, call.endedUs);
    const streams = await streamsOf(call.captureFolder);
    const lengthUs = ({ fromUs, untilUs }: { fromUs: number; untilUs: number }): number => untilUs - fromUs;
    const verdicts = [];
    for (const userId of new Set(streams.map((stream) => stream.userId))) {
      const own = scenes.filter(({ present }) => present.some((one) => one.userId === userId));
      const longest = own.reduce((best, scene) => (lengthUs(scene) > lengthUs(best) ? scene : best));
      const place = placesOf(longest.present).find(({ who }) => who?.userId === userId && who.source === 'main');
      if (place === undefined) throw new Error(`${userId} has no place.`);
      const { xPx, yPx } = place.seed ?? middleOf(place.rectangle);
      const asked = {
        userId,
        pitchHz: PLANNED_SIGNALS[Number(userId.split('-')[1])]?.pitchHz ?? 0,
        rectangle: rectangle(xPx - 10, yPx - 10, 20, 20),
      };
      const within = (fromUs: number, untilUs: number): { fromUs: number; untilUs: number } => ({
        fromUs: Math.max(fromUs, call.file.startUs) + 600_000,
        untilUs: untilUs - 250_000,
      });
      const [from, until] = [Math.min(...own.map(({ fromUs }) => fromUs)), Math.max(...own.map((one) => one.untilUs))];
      for (const [kind, time] of [
        ['video', within(longest.fromUs, longest.untilUs)],
        ['audio', within(from, until)],
      ] as const)
        verdicts.push(...(await judge(call.file, call.captureFolder, streams, [{ ...asked, kinds: [kind] }], time)));
    }
    expectTrue(verdicts, { title: name, leastOnsets: 1, fps: FPS });
  });
});

/** When the first packet of each camera and screen came, in order of publishing; µs since the epoch. */
async function firstPictures({
  captureFolder,
  journal,
}: RecordedCall): Promise<{ userId: string; source: 'main' | 'aux'; fromUs: number; firstUs: number }[]> {
  const pictures = (await streamsOf(captureFolder)).filter(({ kind }) => kind === 'video');
  return Promise.all(
    pictures.map(async ({ userId, source, streamId, dump }) => {
      const { u } = headerOf(await readFile(join(captureFolder, dump)));
      const published = journal.find((line) => line.type === 'streamPublished' && line['streamId'] === streamId);
      return { userId, source, fromUs: published?.atUs ?? 0, firstUs: u };
    }),
  );
}
