import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_TASK_PARAMETERS } from '../packages/server/src/recording/task-parameters.ts';
import { talk } from './harness/held-call.ts';
import { PLANNED_SIGNALS, PlannedCall } from './harness/planned-call.ts';
import { RunningTask } from './harness/running-task.ts';
import { ServerProcess } from './harness/server-process.ts';

const KEY = '123654';

type Told = {
  path: string;
  sign: string;
  delivery: string;
  attempt: string;
  raw: string;
  body: Record<string, unknown>;
};
type Envelope = { EventGroupId: number; EventType: number; CallbackTs: number; EventInfo: Record<string, unknown> };

let server: ServerProcess;
let receiver: Server;
let told: Told[] = [];
/** Answers nothing but 500 while it is set. */
let isDown = false;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (isDown) return void response.writeHead(500).end();
      const raw = Buffer.concat(chunks).toString();
      const { sign, 'x-callreel-delivery': delivery, 'x-callreel-attempt': attempt } = request.headers;
      const facts = { sign: String(sign), delivery: String(delivery), attempt: String(attempt) };
      told.push({ path: request.url ?? '', ...facts, raw, body: JSON.parse(raw) as Record<string, unknown> });
      response.end('{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (typeof address !== 'object' || address === null) throw new Error('The receiver does not listen.');
  server = await ServerProcess.start({ CALLREEL_DEMO: 'true', CALLREEL_OUTBOUND_ALLOW_PRIVATE: 'true' });
  await server.setTemplate({}, 'rest');
  const { app } = await server.credentials();
  const url = `http://127.0.0.1:${address.port}/told`;
  const all = Object.fromEntries(
    ['room', 'media', 'recording', 'call', 'own'].map((kind) => [kind, { url, key: KEY }]),
  );
  const answer = await server.api(`/api/v1/applications/${app.sdkAppId}/callbacks`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(all),
  });
  if (!answer.ok) throw new Error(`The callbacks were answered ${answer.status}: ${await answer.text()}`);
});
afterAll(async () => {
  await server.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

/** The events of a task, in the order of coming. */
function recordingEvents(taskId: string): Envelope[] {
  return told
    .map(({ body }) => body as Envelope)
    .filter(({ EventGroupId, EventInfo }) => EventGroupId === 3 && EventInfo['TaskId'] === taskId);
}

/** What calls are told of the task, in the order of coming: the envelopes inside. */
function callEvents(taskId: string): Envelope[] {
  return told
    .filter(({ body }) => body['CallbackCommand'] === 'Call.CallbackAfterRecordChanged')
    .map(({ body }) => body['Callback'] as Envelope)
    .filter(({ EventInfo }) => EventInfo['TaskId'] === taskId);
}

async function untilTold(taskId: string, type: number): Promise<void> {
  await expect
    .poll(() => [...recordingEvents(taskId), ...callEvents(taskId)].filter((event) => event.EventType === type), {
      timeout: 40_000,
    })
    .toHaveLength(2);
}

test('a recording from its start to its files, told field by field, through a kill -9 and an outage of the receiver', async () => {
  // Of bob nothing is heard, which is an alarm.
  const [alice, bob] = PLANNED_SIGNALS;
  if (alice === undefined || bob === undefined) throw new Error('There are no signals.');
  const call = await PlannedCall.place(server, ['alice', 'bob'], [alice, { ...bob, pitchHz: 0 }], 4711);
  try {
    await call.begin();
    const startedMs = Date.now();
    const parameters = { ...DEFAULT_TASK_PARAMETERS, alarms: { silentS: 2 } };
    const { taskId } = await RunningTask.start(server, { roomId: 4711, robotId: 'recorder_4711', parameters });
    await talk(3);
    isDown = true;
    const back = call.callers.map((caller) => caller.back());
    await server.kill('SIGKILL');
    await server.run();
    await Promise.all(back);
    await talk(1);
    const stoppedMs = Date.now();
    await call.caller(0).hangup();
    isDown = false;
    await untilTold(taskId, 312);

    const { app } = await server.credentials();
    const own = told.map(({ body }) => body as Envelope).filter(({ EventGroupId }) => EventGroupId === 90);
    expect(own).toEqual([
      {
        ...{ EventGroupId: 90, EventType: 9001, CallbackTs: expect.any(Number) },
        EventInfo: expect.objectContaining({
          ...{ RoomId: 4711, UserId: 'recorder_4711', TaskId: taskId },
          Payload: {
            Alarms: [
              {
                ...{ Kind: 'silent', UserId: 'bob' },
                ...{ StartTimeStamp: expect.any(Number), EndTimeStamp: expect.any(Number) },
              },
            ],
          },
        }),
      },
    ]);
    const events = recordingEvents(taskId);
    expect(events.map(({ EventType }) => EventType)).toEqual([301, 302, 311, 312]);
    expect(callEvents(taskId).map(({ EventType, EventInfo }) => [EventType, EventInfo])).toEqual(
      events.map(({ EventType, EventInfo }) => [EventType, EventInfo]),
    );
    for (const { CallbackTs, EventInfo } of events) {
      expect(EventInfo).toMatchObject({ RoomId: 4711, UserId: 'recorder_4711', TaskId: taskId });
      const ms = Number(EventInfo['EventMsTs']);
      expect(EventInfo['EventTs']).toBe(Math.floor(ms / 1000));
      expect(CallbackTs).toBeGreaterThanOrEqual(ms);
      expect(Object.keys(EventInfo)).toEqual(['RoomId', 'EventTs', 'EventMsTs', 'UserId', 'TaskId', 'Payload']);
    }
    const [started, stopped, kept, ended] = events.map(({ EventInfo }) => EventInfo['Payload']);
    expect([started, stopped, ended]).toEqual([{ Status: 0 }, { LeaveCode: 2 }, { Status: 0 }]);
    const [file, ...more] = (await server.media('4711')).filter((row) => row.taskId === taskId);
    expect(more).toEqual([]);
    if (file === undefined) throw new Error('There is no file.');
    expect(kept).toEqual({
      Status: 0,
      Errmsg: '',
      TencentVod: {
        ...{ UserId: '', TrackType: 'audio_video', MediaId: 'mix', FileId: file.fileId },
        ...{ VideoUrl: `${server.address}/api/v1/media/${file.fileId}/file`, CacheFile: `${app.sdkAppId}_4711.mp4` },
        StartTimeStamp: Math.floor(file.startUs / 1000),
        EndTimeStamp: Math.floor((file.startUs + file.durationUs) / 1000),
      },
    });
    expect(Math.abs(Number(events[0]?.EventInfo['EventMsTs']) - startedMs)).toBeLessThan(3_000);
    expect(Math.abs(Number(events[1]?.EventInfo['EventMsTs']) - stoppedMs)).toBeLessThan(3_000);

    const room = told
      .map(({ body }) => body as Envelope)
      .filter(({ EventGroupId }) => EventGroupId === 1 || EventGroupId === 2);
    const typesOf = (userId: string): number[] =>
      room.filter(({ EventInfo }) => EventInfo['UserId'] === userId).map(({ EventType }) => EventType);
    expect(typesOf('bob').filter((type) => type !== 201 && type !== 203)).toEqual([103, 104]);
    expect(
      typesOf('bob')
        .filter((type) => type === 201 || type === 203)
        .sort(),
    ).toEqual([201, 203]);
    expect(room.at(-1)).toMatchObject({ EventGroupId: 1, EventType: 102, EventInfo: { RoomId: 4711 } });

    // Each is signed, and told once: an event that was tried again has the same id.
    for (const { raw, sign } of told) expect(sign).toBe(createHmac('sha256', KEY).update(raw).digest('base64'));
    expect(new Set(told.map(({ delivery }) => delivery)).size).toBe(told.length);
    console.log(
      `${told.length} callbacks, ${told.filter(({ attempt }) => attempt !== '1').length} of them after more than one try`,
    );
    expect(told.some(({ attempt }) => attempt !== '1')).toBe(true);
    const commands = told.flatMap(({ path }) => /CallbackCommand=([\w.]+)/.exec(path)?.[1] ?? []);
    expect(commands.filter((command) => command !== 'Call.CallbackAfterRecordChanged')).toEqual([
      ...['Call.CallbackAfterStartCall', 'Call.CallbackAfterMemberChanged'],
      ...['Call.CallbackAfterMemberChanged', 'Call.CallbackAfterEndCall'],
    ]);
  } finally {
    call.close();
    told = [];
  }
});
