import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DialectAnswer, DialectServer } from './testing/dialect-server.ts';
import { signRequest } from './testing/sign-request.ts';

// Mutated requests: none ends with a 5xx, a crash or a changed state. CALLREEL_FUZZ_RUNS says how many, 3 000 by default.
const RUNS = Number(process.env['CALLREEL_FUZZ_RUNS'] ?? 3_000);

let server: DialectServer;
let taskId: string;
beforeAll(async () => {
  server = await DialectServer.start();
  const { TaskId } = await server.ask('CreateCloudRecording', server.createRequest());
  taskId = String(TaskId);
  server.rooms.enter({ sdkAppId: server.sdkAppId, roomId: '1001', roomIdType: 'number' }, 'alice');
  // Whatever is right in a mutated order is refused behind all checks.
  server.recording.limit = 0;
});
afterAll(() => server.close());

const place = { Top: 0, Left: 0, Width: 100, Height: 100, UserId: 'a', Alpha: 0, ImageLayer: 1 };
const layout = {
  MixLayoutMode: 4,
  MixLayoutList: [place],
  BackGroundColor: '#000000',
  WaterMarkList: [{ WaterMarkType: 1, WaterMarkChar: { ...place, Chars: 'a' } }],
};
const time = { StartTime: 1, EndTime: 2 };

/** A request of each action with much in it; none of them finds what it asks for. */
const requests = (): [string, Record<string, unknown>][] => {
  const { sdkAppId: SdkAppId } = server;
  const other = { SdkAppId, TaskId: 'another' };
  return [
    [
      'CreateCloudRecording',
      server.createRequest({
        RoomId: '404',
        MixLayoutParams: layout,
        MixTranscodeParams: { VideoParams: { Width: 360, Height: 640, Fps: 15, BitRate: 500_000, Gop: 2 } },
      }),
    ],
    [
      'ModifyCloudRecording',
      { ...other, MixLayoutParams: layout, SubscribeStreamUserIds: { SubscribeAudioUserIds: ['a'] } },
    ],
    ['DescribeCloudRecording', other],
    ['DeleteCloudRecording', other],
    ['DismissRoom', { SdkAppId, RoomId: 7 }],
    ['DismissRoomByStrRoomId', { SdkAppId, RoomId: 'r' }],
    ['RemoveUser', { SdkAppId, RoomId: 7, UserIds: ['a'] }],
    ['RemoveUserByStrRoomId', { SdkAppId, RoomId: 'r', UserIds: ['a'] }],
    ['DescribeRoomInfo', { SdkAppId, ...time, RoomId: 'r', PageNumber: 0, PageSize: 1 }],
    ['DescribeUserInfo', { SdkAppId, ...time, CommId: `${SdkAppId}_r_1`, UserIds: ['a'] }],
    ['DescribeCallDetailInfo', { SdkAppId, ...time, CommId: `${SdkAppId}_r_1`, DataType: ['all'] }],
    ['DescribeRecordStatistic', { SdkAppId, StartTime: '2026-01-01', EndTime: '2026-01-02' }],
    ['DescribeRecordingUsage', { SdkAppId, StartTime: '2026-01-01', EndTime: '2026-01-02', MixType: 'multi' }],
  ];
};

/** Ways to spoil a value: where, by numbers that pick among what is there, and with what. */
type Spoiling = { steps: number[]; to: unknown; how: 'replace' | 'remove' | 'add' };
const spoiling: fc.Arbitrary<Spoiling> = fc.record({
  steps: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
  to: fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom(-1, 0, 1, 2 ** 31, 2 ** 53, 1e308, '', '0', '../..', '\u0000', '𝒳'.repeat(70), [], {}, null, true),
    fc.array(fc.constant('u'), { maxLength: 40 }),
  ),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add'),
});

function spoiled(value: unknown, { steps, to, how }: Spoiling): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return to;
  const entries = Object.entries(value);
  const at = entries.length === 0 ? -1 : step % entries.length;
  const isLast = rest.length === 0;
  const changed = entries.flatMap(([name, inner], n): [string, unknown][] => {
    if (n !== at) return [[name, inner]];
    if (isLast && how === 'remove') return [];
    return [[name, isLast && how !== 'add' ? to : spoiled(inner, { steps: rest, to, how })]];
  });
  if (isLast && how === 'add') changed.push([`x${step}`, to]);
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
}

const state = (): string =>
  JSON.stringify([[...server.recording.tasks], [...server.rooms.open].map(([name, users]) => [name, [...users]])]);

function mustBeRefusal({ status, answer }: { status: number; answer: DialectAnswer }, before: string): void {
  expect(status).toBe(200);
  expect(answer.RequestId).toMatch(/^[0-9a-f-]{36}$/);
  if (answer.Error !== undefined) {
    expect(answer.Error.Code).toMatch(/^[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?$/);
    expect(answer.Error.Code).not.toMatch(/^InternalError/);
    expect(answer.Error.Message).not.toBe('');
  }
  expect(state()).toBe(before);
}

test('parameters that are spoiled and signed', { timeout: 60_000 + RUNS * 50 }, async () => {
  const before = state();
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.array(spoiling, { minLength: 1, maxLength: 3 }), async (pick, spoilings) => {
      const [action, parameters] = requests()[pick] ?? ['', {}];
      const body = JSON.stringify(spoilings.reduce<unknown>(spoiled, parameters));
      const headers = signRequest({ ...server.key, host: server.host, action, body });
      mustBeRefusal(await server.send(headers, { body }), before);
    }),
    { numRuns: RUNS },
  );
  // It was running all the time.
  expect(server.recording.task(taskId).ended).toBe(false);
  expect(server.logged.filter((line) => line.includes('"level":50') || line.includes('"level":"error"'))).toEqual([]);
});

test('bytes and headers that are spoiled behind the signature', { timeout: 60_000 + RUNS * 50 }, async () => {
  const before = state();
  const header = fc.constantFrom(
    ...['authorization', 'x-tc-action', 'x-tc-version', 'x-tc-timestamp', 'content-type', 'x-tc-token'],
  );
  const visible = fc.string({ unit: 'grapheme-ascii', maxLength: 80 }).map((text) => text.trim());
  await fc.assert(
    fc.asyncProperty(
      fc.nat(3),
      fc.array(fc.tuple(header, visible, fc.nat(200)), { maxLength: 2 }),
      fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      async (pick, headerChanges, byteChanges) => {
        const [action] = requests()[pick] ?? [''];
        // These would change something if the signature were not looked at.
        const body = JSON.stringify(
          action === 'CreateCloudRecording' ? server.createRequest() : { SdkAppId: server.sdkAppId, TaskId: taskId },
        );
        const headers = signRequest({ ...server.key, host: server.host, action, body });
        const bytes = Buffer.from(body);
        for (const [at, to] of byteChanges) bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (to || 1);
        for (const [name, text, at] of headerChanges) {
          const value = headers[name] ?? '';
          headers[name] = value.slice(0, at % (value.length + 1)) + text + value.slice(at % (value.length + 1));
        }
        // Two changes of one byte may undo each other.
        if (bytes.equals(Buffer.from(body))) return;
        mustBeRefusal(await server.send(headers, { body: new Uint8Array(bytes) }), before);
      },
    ),
    { numRuns: Math.ceil(RUNS / 2) },
  );
  expect(server.recording.task(taskId).ended).toBe(false);
});
