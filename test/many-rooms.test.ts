import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { talk } from './harness/held-call.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import { RunningTask } from './harness/running-task.ts';
import { ServerProcess } from './harness/server-process.ts';
import { readSound, toneLevels } from './scorer/index.ts';

/** Rooms that are recorded at once. Two cores render a hundred files for some minutes: those are for `make soak`. */
const ROOMS = Number(process.env['MANY_ROOMS'] ?? 30);
/** Calls that are set up at the same time. */
const WAVE = 10;
const FIRST_ROOM = 5_000;

type Told = { delivery: string; attempt: number; type: number; taskId: string; roomId: number };

let server: ServerProcess;
let receiver: Server;
const told: Told[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { EventGroupId, EventType, EventInfo } = JSON.parse(Buffer.concat(chunks).toString());
      expect(EventGroupId).toBe(3);
      const delivery = String(request.headers['x-callreel-delivery']);
      const attempt = Number(request.headers['x-callreel-attempt']);
      told.push({ delivery, attempt, type: EventType, taskId: EventInfo.TaskId, roomId: EventInfo.RoomId });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (typeof address !== 'object' || address === null) throw new Error('The receiver does not listen.');
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true', CALLREEL_OUTBOUND_ALLOW_PRIVATE: 'true' });
  await server.setTemplate({ output: { format: 'mp4', media: 'audio' } }, 'rest');
  const { app } = await server.credentials();
  const answer = await server.api(`/api/v1/applications/${app.sdkAppId}/callbacks`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recording: { url: `http://127.0.0.1:${address.port}`, key: 'key' } }),
  });
  if (!answer.ok) throw new Error(`The callbacks were answered ${answer.status}: ${await answer.text()}`);
});
afterAll(async () => {
  await server.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

test(`${ROOMS} rooms recorded at once, started and stopped at once: each has its file, each event comes once`, {
  timeout: 900_000,
}, async () => {
  const calls: PlannedCall[] = [];
  const signalsOf = (room: number) => PLANNED_SIGNALS.slice((2 * room) % 8, ((2 * room) % 8) + 2);
  const step = clock();
  try {
    for (let first = 0; first < ROOMS; first += WAVE) {
      const rooms = Array.from({ length: Math.min(WAVE, ROOMS - first) }, (_, index) => first + index);
      const wave = await Promise.all(
        rooms.map((room) => PlannedCall.place(server, [`a${room}`, `b${room}`], signalsOf(room), FIRST_ROOM + room)),
      );
      calls.push(...wave);
      await Promise.all(wave.map((call) => call.begin({ camera: false })));
    }
    step('calls set up');
    const finished = server.next(({ msg }) => msg === 'task finished', ROOMS);
    const tasks = await Promise.all(
      calls.map((_, room) => RunningTask.start(server, { roomId: FIRST_ROOM + room, robotId: `robot${room}` })),
    );
    step('tasks started');
    const { recordings } = (await (await server.api('/api/v1/recordings?limit=100')).json()) as {
      recordings: { state: string }[];
    };
    expect(recordings.map(({ state }) => state)).toEqual(tasks.map(() => 'running'));
    await talk(5);
    await Promise.all(tasks.map((task) => task.order('stop')));
    step('tasks stopped');
    await finished;
    step('files finished');
    await expect
      .poll(() => new Set(told.filter(({ type }) => type === 312).map(({ delivery }) => delivery)).size, {
        timeout: 60_000,
      })
      .toBe(ROOMS);
    step('all told');
    for (const [room, { taskId }] of tasks.entries()) {
      const [file, ...more] = await server.media(String(FIRST_ROOM + room));
      if (file === undefined) throw new Error(`Room ${room} has no file.`);
      expect([file.taskId, more]).toEqual([taskId, []]);
      expect(file.durationUs / 1e6, `length of room ${room}, s`).toBeGreaterThan(4);
      const path = await server.filePath(file);
      // Both of this room, and of others' at most what their edges spread over all pitches.
      const samples = await readSound(path);
      const [own, others] = [room, room + 2].map((each) =>
        signalsOf(each).map(({ pitchHz }) => Math.max(...toneLevels(samples, pitchHz).map(({ level }) => level))),
      ) as [number[], number[]];
      expect(Math.min(...own), `tones in room ${room}`).toBeGreaterThan(0.05);
      expect(Math.min(...own), `tones in room ${room}`).toBeGreaterThan(5 * Math.max(...others));
    }
    step('files heard');
    // A try whose answer came too late, from this busy process, is repeated: by the same id, and it says so.
    const first = told.filter(({ delivery }, index) => told.findIndex((each) => each.delivery === delivery) === index);
    const again = told.filter((event) => !first.includes(event));
    console.log(`${told.length} posts, ${again.length} of them repeated`);
    expect(again.filter(({ attempt }) => attempt === 1)).toEqual([]);
    expect(first).toHaveLength(4 * ROOMS);
    for (const [room, { taskId }] of tasks.entries()) {
      const events = first.filter((event) => event.taskId === taskId);
      expect(
        events.map(({ type }) => type),
        `events of room ${room}`,
      ).toEqual([301, 302, 311, 312]);
      expect(events.every(({ roomId }) => roomId === FIRST_ROOM + room)).toBe(true);
    }
  } finally {
    for (const call of calls) call.close();
  }
});

/** Tells how long each step took. */
function clock(): (name: string) => void {
  let last = performance.now();
  return (name) => {
    const now = performance.now();
    console.log(`${name} after ${((now - last) / 1000).toFixed(1)} s`);
    last = now;
  };
}
