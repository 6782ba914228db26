import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talk } from './harness/held-call.ts';
import { LEFT, RIGHT } from './harness/places.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import type { PlannedSignal } from './harness/planned-caller.ts';
import { journalOf } from './harness/recording-of.ts';
import { RunningTask } from './harness/running-task.ts';
import { type MediaRow, ServerProcess } from './harness/server-process.ts';
import { expectTrue, judge } from './harness/verdict.ts';
import { arrivalsOf, headerOf, streamsOf } from './harness/wire-truth.ts';
import { complaintsOf } from './scorer/index.ts';

const FPS = 15;
const [ALICE, BOB] = PLANNED_SIGNALS.slice(0, 2) as [PlannedSignal, PlannedSignal];
/** The middle of a single file of a planned caller. */
const MIDDLE = { xPx: 110, yPx: 50, widthPx: 100, heightPx: 80 };

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true' });
  await server.setTemplate({}, 'rest');
});
afterAll(() => server.close());

/** The files of a task, once it is finished. */
async function filesOf({ taskId }: RunningTask, roomId: string): Promise<{ row: MediaRow; path: string }[]> {
  const isLast = (line: { msg: string } & Record<string, unknown>): boolean =>
    line.msg === 'task finished' && line['taskId'] === taskId;
  const last = server.lines.find(isLast) ?? (await server.next(isLast));
  expect(last['state']).toBe('rendered');
  const rows = (await server.media(roomId)).filter((row) => row.taskId === taskId);
  return Promise.all(rows.map(async (row) => ({ row, path: await server.filePath(row) })));
}

async function roomOf(callId: string): Promise<string> {
  const { calls } = (await (await server.api('/api/v1/calls')).json()) as {
    calls: { callId: string; roomId: string }[];
  };
  const roomId = calls.find((call) => call.callId === callId)?.roomId;
  if (roomId === undefined) throw new Error(`There is no call ${callId}.`);
  return roomId;
}

function captureFolderOf({ taskId }: RunningTask): string {
  const started = server.lines.find((line) => line.msg === 'task started' && line['taskId'] === taskId);
  return join(server.folder, 'captures', String(started?.['roomSessionId']));
}

test('started in the middle of a call, two at once: each holds its time, and nothing else of the call is captured', async () => {
  const call = await PlannedCall.place(server, ['alice', 'bob']);
  try {
    await call.begin();
    const roomId = await roomOf(call.callId);
    await talk(2.5);
    const orderedUs = Date.now() * 1000;
    const first = await RunningTask.start(server, { roomId: Number(roomId), robotId: 'one' });
    const answeredUs = Date.now() * 1000;
    await talk(3);
    const single = { ...(await first.row()).parameters, mode: 'single', single: { merged: true, original: true } };
    const second = await RunningTask.start(server, { roomId: Number(roomId), robotId: 'two', parameters: single });
    await talk(3);
    await first.order('stop');
    const firstStoppedUs = Date.now() * 1000;
    await talk(2);
    await second.order('stop');
    const stoppedUs = Date.now() * 1000;
    const folder = captureFolderOf(first);
    // Nobody records any more.
    await expect
      .poll(
        async () => (await journalOf(folder)).filter((line) => line.type === 'streamCaptured' && line['dump'] === null),
        { timeout: 10_000 },
      )
      .toHaveLength(4);
    await talk(1.5);
    await call.caller(0).hangup();

    const streams = await streamsOf(folder);
    expect(streams).toHaveLength(4);
    const arrivals = (await Promise.all(streams.map((stream) => arrivalsOf(folder, stream)))).flat();
    const heads = await Promise.all(streams.map(async ({ dump }) => headerOf(await readFile(join(folder, dump))).u));
    console.log(
      `order to answer ${((answeredUs - orderedUs) / 1000).toFixed(0)} ms; to the first packet of each stream ${heads.map((atUs) => ((atUs - orderedUs) / 1000).toFixed(0)).join(', ')} ms; the last packet ${((Math.max(...arrivals) - stoppedUs) / 1000).toFixed(0)} ms behind the end`,
    );
    expect(Math.min(...arrivals)).toBeGreaterThan(orderedUs);
    expect(Math.max(...arrivals)).toBeLessThan(stoppedUs + 3_500_000);

    const [mixed, ...others] = await filesOf(first, roomId);
    if (mixed === undefined) throw new Error('There is no file.');
    expect(others).toEqual([]);
    expect(await complaintsOf(mixed.path)).toBe('');
    const mixedEndUs = mixed.row.startUs + mixed.row.durationUs;
    expect(Math.abs(mixedEndUs - firstStoppedUs), 'end of the mixed file').toBeLessThan(300_000);
    const mixedVerdicts = await judge(
      { path: mixed.path, startUs: mixed.row.startUs },
      folder,
      streams,
      [
        { userId: 'alice', pitchHz: ALICE.pitchHz, rectangle: LEFT },
        { userId: 'bob', pitchHz: BOB.pitchHz, rectangle: RIGHT },
      ],
      // Senders give a key frame within a second.
      { fromUs: answeredUs + 1_200_000, untilUs: mixedEndUs - 200_000 },
    );
    expectTrue(mixedVerdicts, { title: 'mixed, in the middle of a call', leastOnsets: 3, fps: FPS });

    const singles = await filesOf(second, roomId);
    expect(singles.map(({ row }) => row.name).sort()).toEqual(
      [ALICE, BOB].map((_, index) =>
        expect.stringContaining(`_UserId_s_${['YWxpY2U.', 'Ym9i'][index]}_UserId_e_main.webm`),
      ),
    );
    for (const { row, path } of singles) {
      expect(await complaintsOf(path)).toBe('');
      const [userId, { pitchHz }] = row.name.includes('YWxpY2U')
        ? (['alice', ALICE] as const)
        : (['bob', BOB] as const);
      const verdicts = await judge(
        { path, startUs: row.startUs },
        folder,
        streams,
        [{ userId, pitchHz, rectangle: MIDDLE }],
        { fromUs: row.startUs + 1_200_000, untilUs: row.startUs + row.durationUs - 200_000 },
      );
      expectTrue(verdicts, { title: `single, ${userId}`, leastOnsets: 2, fps: FPS });
    }
  } finally {
    call.close();
  }
});

test('ordered before the call: waits in the room, through a kill -9, and holds the call from its first packet on', async () => {
  const roomId = 4711;
  const task = await RunningTask.start(server, { roomId, parameters: { ...(await template()), maxIdleMs: 60_000 } });
  expect(await task.row()).toMatchObject({ state: 'running', roomId: '4711' });
  await server.kill('SIGKILL');
  await server.run();
  expect(await task.row()).toMatchObject({ state: 'running' });
  const call = await PlannedCall.place(server, ['carol', 'dave'], PLANNED_SIGNALS, roomId);
  try {
    await call.begin();
    await talk(5);
    await call.caller(0).hangup();
    const [file] = await filesOf(task, '4711');
    if (file === undefined) throw new Error('There is no file.');
    const folder = captureFolderOf(task);
    const streams = await streamsOf(folder);
    const heads = await Promise.all(streams.map(async ({ dump }) => headerOf(await readFile(join(folder, dump))).u));
    expect(Math.abs(file.row.startUs - Math.min(...heads)), 'beginning, µs').toBeLessThan(100_000);
    const verdicts = await judge(
      { path: file.path, startUs: file.row.startUs },
      folder,
      streams,
      [
        { userId: 'carol', pitchHz: ALICE.pitchHz, rectangle: LEFT },
        { userId: 'dave', pitchHz: BOB.pitchHz, rectangle: RIGHT },
      ],
      { fromUs: file.row.startUs + 500_000, untilUs: file.row.startUs + file.row.durationUs - 200_000 },
    );
    expectTrue(verdicts, { title: 'ordered before the call', leastOnsets: 4, fps: FPS });
  } finally {
    call.close();
  }
});

async function template(): Promise<object> {
  const { app } = await server.credentials();
  const answer = await server.api(`/api/v1/applications/${app.sdkAppId}/recording`);
  return ((await answer.json()) as { template: object }).template;
}
