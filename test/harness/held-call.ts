import type { Browser } from 'playwright-core';
import { type Caller, inState, openCaller, type SentCodec } from './chromium.ts';
import type { LossyRelay } from './lossy-relay.ts';
import type { PageSignal } from './page-signal.ts';
import type { LogLine, MediaRow, ServerProcess } from './server-process.ts';

/** Colours and pitches of the callers; far apart, and none near the white of a flash. */
export const SIGNALS = {
  alice: { color: '#1a3fc4', pitchHz: 700 },
  bob: { color: '#0f7a2c', pitchHz: 1100 },
  carol: { color: '#a01c1c', pitchHz: 1700 },
} as const satisfies Record<string, Pick<PageSignal, 'color' | 'pitchHz'>>;

/** Name of a caller. */
export type Name = keyof typeof SIGNALS;

/** A call that runs in real pages. */
export type HeldCall = { callers: Record<string, Caller>; callId: string; begunUs: number };

/** Lets `alice` call the others in pages of the given browsers, and waits until all are in the call. */
export async function holdCall(
  server: ServerProcess,
  {
    browsers,
    others = ['bob'],
    codecs = {},
    relay,
    fps = 30,
    prefix = '',
  }: {
    browsers: Record<string, Browser>;
    others?: Name[];
    /** What each sends; default: what the call page asks for. */
    codecs?: Partial<Record<Name, SentCodec>>;
    /** What all publish goes this way; default: straight. */
    relay?: LossyRelay;
    fps?: number;
    prefix?: string;
  },
): Promise<HeldCall> {
  const { app } = await server.credentials();
  const begun = server.next(({ msg }) => msg === 'call answered');
  const callers: Record<string, Caller> = {};
  const open = async (name: Name, query: { call?: string; autoAccept?: '1' }): Promise<void> => {
    const browser = browsers[name] ?? browsers['all'];
    if (browser === undefined) throw new Error(`No browser for ${name}.`);
    callers[name] = await openCaller(browser, server.address, {
      sdkAppId: app.sdkAppId,
      userId: prefix + name,
      signal: { ...SIGNALS[name], widthPx: 640, heightPx: 360, fps },
      codec: codecs[name],
      relay,
      ...query,
    });
  };
  for (const name of others) {
    await open(name, { autoAccept: '1' });
    await inState(must(callers[name]), 'idle');
  }
  await open('alice', { call: others.map((name) => prefix + name).join(',') });
  const line = await begun;
  for (const caller of Object.values(callers)) await inState(caller, 'active');
  return { callers, callId: String(line['callId']), begunUs: Date.parse(String(line['time'])) * 1000 };
}

/** A finished recording and what belongs to it. */
export type Finished = {
  file: MediaRow;
  path: string;
  captureFolder: string;
  roomId: string;
  /** From the answer to the end of the call. */
  callS: number;
  /** From the answer to the first packet of anybody. */
  setupS: number;
  acceptedUs: number;
  endedUs: number;
  /** From the end of the call to the file in the library. */
  readyMs: number;
};

/** Waits until the recording of a call is in the library. @param until the log line that says that the task is finished. */
export async function finishedRecording(
  server: ServerProcess,
  callId: string,
  until: Promise<LogLine>,
): Promise<Finished> {
  const line = await until;
  if (line['state'] !== 'rendered') throw new Error(`The task failed: ${JSON.stringify(line)}`);
  const answer = (await (await server.api('/api/v1/calls?limit=100')).json()) as {
    calls: { callId: string; roomId: string; acceptedUs: number; endedUs: number }[];
  };
  const call = answer.calls.find((each) => each.callId === callId);
  if (call === undefined) throw new Error('The call is not in the list of calls.');
  const media = await server.media(call.roomId);
  if (media.length !== 1) throw new Error(`The call has ${media.length} files, not one.`);
  const file = must(media[0]);
  const started = server.lines.find((each) => each.msg === 'task started' && each['taskId'] === file.taskId);
  return {
    file,
    path: await server.filePath(file),
    captureFolder: `${server.folder}/captures/${String(started?.['roomSessionId'])}`,
    roomId: call.roomId,
    callS: (call.endedUs - call.acceptedUs) / 1e6,
    setupS: (file.startUs - call.acceptedUs) / 1e6,
    acceptedUs: call.acceptedUs,
    endedUs: call.endedUs,
    readyMs: (file.createdUs - call.endedUs) / 1000,
  };
}

/** The line of the log that says that a task is finished. */
export function taskFinished(server: ServerProcess): Promise<LogLine> {
  return server.next(({ msg }) => msg === 'task finished');
}

/** Lets the call go on until some whole seconds of it have passed: what is recorded is time itself. */
export function talk(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A value that must be there is missing.');
  return value;
}
