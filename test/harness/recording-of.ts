import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaRow, ServerProcess } from './server-process.ts';

/** A line of a capture's journal. */
export type JournalLine = { type: string; atUs: number } & Record<string, unknown>;

/** All that came of a call: its files, its report, its capture. */
export type RecordedCall = {
  files: { row: MediaRow; path: string }[];
  /** The file, when there is one only. */
  file: { path: string; startUs: number; durationUs: number };
  report: { streams: Record<string, unknown>[] } & Record<string, unknown>;
  captureFolder: string;
  journal: JournalLine[];
  roomId: string;
  /** When the call was over. */
  endedUs: number;
};

/** Waits until the task of a call that is over, or will be, is finished. Several calls may be waited for at once. */
export async function recordingOf(server: ServerProcess, callId: string): Promise<RecordedCall> {
  const call = (await list<{ callId: string; roomId: string }>(server, 'calls')).find((each) => each.callId === callId);
  if (call === undefined) throw new Error(`There is no call ${callId}.`);
  const ofRoom = ({ roomId }: { roomId: string }): boolean => roomId === call.roomId;
  const taskId = (await list<{ taskId: string; roomId: string }>(server, 'recordings')).find(ofRoom)?.taskId;
  if (taskId === undefined) throw new Error(`The call ${callId} is not recorded.`);
  const isLast = (line: { msg: string } & Record<string, unknown>): boolean =>
    line.msg === 'task finished' && line['taskId'] === taskId;
  const last = server.lines.find(isLast) ?? (await server.next(isLast));
  if (last['state'] !== 'rendered') throw new Error(`The task failed: ${JSON.stringify(last)}`);
  const [task, ended] = [
    (await list<{ taskId: string; report: RecordedCall['report'] }>(server, 'recordings')).find(
      (each) => each.taskId === taskId,
    ),
    (await list<{ callId: string; endedUs: number }>(server, 'calls')).find((each) => each.callId === callId),
  ];
  const files = await Promise.all(
    (await server.media(call.roomId)).map(async (row) => ({ row, path: await server.filePath(row) })),
  );
  const [first] = files;
  const started = server.lines.find((line) => line.msg === 'task started' && line['taskId'] === taskId);
  if (task === undefined || ended === undefined || first === undefined || started === undefined)
    throw new Error(`The recording of ${callId} is not complete.`);
  const captureFolder = join(server.folder, 'captures', String(started['roomSessionId']));
  const { startUs, durationUs } = first.row;
  return {
    files,
    file: { path: first.path, startUs, durationUs },
    report: task.report,
    captureFolder,
    journal: await journalOf(captureFolder),
    roomId: call.roomId,
    endedUs: ended.endedUs,
  };
}

/** The journal of a capture, read without the code under test. */
export async function journalOf(captureFolder: string): Promise<JournalLine[]> {
  return (await readFile(join(captureFolder, 'journal.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalLine);
}

async function list<T>(server: ServerProcess, what: 'calls' | 'recordings'): Promise<T[]> {
  const answer = (await (await server.api(`/api/v1/${what}?limit=100`)).json()) as Record<string, T[]>;
  return answer[what] ?? [];
}
