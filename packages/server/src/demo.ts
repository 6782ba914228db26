import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { destination } from 'pino';
import { CallreelError, createLog, loadConfig } from './base/index.ts';
import { Platform } from './platform/index.ts';

const BOTS_MAIN = join(import.meta.dirname, '../../bots/src/main.ts');

/** How long the simulated callers talk when nobody says otherwise. */
const CALL_S = 15;

/**
 * `callreel demo`: starts the platform on a free port, lets two simulated callers hold a video call over real
 * WebRTC, waits for its recording and ends everything.
 *
 * @returns the exit code: 0 when every call has its recording.
 */
export async function runDemo(args: string[]): Promise<number> {
  const { values } = parseDemoArgs(args);
  const dataFolder = resolve(values.data);
  mkdirSync(dataFolder, { recursive: true });
  const logPath = join(dataFolder, 'demo.log');
  const startedAtMs = performance.now();
  const say = (text: string): void => {
    process.stdout.write(`${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
  };
  say(`starting the platform (log: ${logPath})`);
  const config = loadConfig({ args: ['--port', '0', '--host', '127.0.0.1', '--data', dataFolder], env: process.env });
  const platform = await Platform.start(config, {
    log: createLog({ level: config.logLevel, to: destination({ dest: logPath, sync: true }) }),
  });
  try {
    const { address } = platform.facts;
    const sinceUs = Date.now() * 1000;
    say(`platform runs at ${address}; two simulated callers start a video call of ${values.seconds} s`);
    const code = await runBots(
      [
        '--server',
        address,
        '--app',
        join(dataFolder, 'credentials.json'),
        '--calls',
        values.calls,
        '--seconds',
        values.seconds,
      ],
      say,
    );
    if (code !== 0) {
      say(`the simulated callers ended with code ${code}`);
      return 1;
    }
    say('the callers have hung up; finishing the recording');
    await platform.parts.recorder.settled();
    const calls = (await platform.parts.callRecords({ limit: 1000 })).filter((call) => call.startedUs >= sinceUs);
    return (await report(platform, calls, say)) ? 0 : 1;
  } finally {
    await platform.close();
  }
}

function parseDemoArgs(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: 'string', default: './demo-data' },
        seconds: { type: 'string', default: String(CALL_S) },
        calls: { type: 'string', default: '1' },
      },
    });
  } catch (cause) {
    throw new CallreelError(
      'ConfigInvalid',
      `${cause instanceof Error ? cause.message : String(cause)} Allowed: --data, --seconds, --calls.`,
      { cause },
    );
  }
}

function runBots(args: string[], say: (text: string) => void): Promise<number> {
  const child = spawn(process.execPath, [BOTS_MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    for (const line of text.split('\n')) if (line.trim() !== '') say(line);
  });
  return new Promise((resolvePromise, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolvePromise(code ?? 1));
  });
}

/** Prints the table; false when a call has no recording. */
async function report(
  platform: Platform,
  calls: { callId: string; roomId: string; sdkAppId: number; acceptedUs: number | null; endedUs: number | null }[],
  say: (text: string) => void,
): Promise<boolean> {
  const rows: string[][] = [];
  const paths: string[] = [];
  let whole = calls.length > 0;
  for (const call of calls) {
    const { records } = await platform.parts.library.list({ sdkAppId: call.sdkAppId, roomId: call.roomId, limit: 100 });
    whole &&= records.length > 0;
    const callS =
      call.acceptedUs === null || call.endedUs === null ? '' : ((call.endedUs - call.acceptedUs) / 1e6).toFixed(2);
    for (const record of records) {
      const readyMs = call.endedUs === null ? '' : String(Math.round((record.createdUs - call.endedUs) / 1000));
      rows.push([
        call.callId,
        callS,
        (record.durationUs / 1e6).toFixed(2),
        record.name,
        String(record.sizeBytes),
        readyMs,
        record.sha256,
      ]);
      const path = platform.parts.store.localPath(record.objectKey);
      if (path !== null) paths.push(path);
    }
    if (records.length === 0) rows.push([call.callId, callS, '-', 'no recording', '-', '-', '-']);
  }
  say('done\n');
  process.stdout.write(
    `${table(['call', 'call s', 'file s', 'file', 'bytes', 'ready after hang-up ms', 'SHA-256'], rows)}\n`,
  );
  for (const path of paths) process.stdout.write(`recording: ${resolve(path)}\n`);
  return whole;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line), ''].join('\n');
}
