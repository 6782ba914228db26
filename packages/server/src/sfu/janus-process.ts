import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CallreelError } from '../base/callreel-error.ts';
import { findJanus, type JanusConfig, writeJanusConfig } from './janus-config.ts';

const KEEPER = fileURLToPath(new URL('./janus-keeper.sh', import.meta.url));

/** Longest wait for a starting Janus: it needs half a second on two busy cores. */
const START_TIMEOUT_MS = 15_000;

/** A Unix socket's path has at most 107 bytes on Linux. */
const SOCKET_PATH_MAX_BYTES = 100;

const Running = Type.Object({
  /** Names this run; rooms remember it. */
  instance: Type.String(),
  secret: Type.String(),
  socketPath: Type.String(),
  keeperPid: Type.Integer({ minimum: 2 }),
  /** Start time of the keeper as the kernel tells it: a pid alone may have been given to another process. */
  keeperStart: Type.String(),
  /** Of the settings that it was started with. */
  settings: Type.String(),
});

/** A Janus that runs, and how to reach it. */
export type RunningJanus = Static<typeof Running>;

/** Settings of the media server. */
export type JanusProcessOptions = {
  /** Folder of its own inside the data folder. */
  folder: string;
  rtpPortRange: string;
  publicAddress: string | null;
  janusPath: string | null;
  /** Minutes without a claim after which it ends by itself. */
  orphanTimeoutMinutes: number;
};

/** The Janus of an earlier server process, or null when none runs. */
export async function findRunningJanus(
  options: JanusProcessOptions,
): Promise<(RunningJanus & { sameSettings: boolean }) | null> {
  const text = await readFile(statePath(options.folder), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const state: unknown = JSON.parse(text);
  if (!Value.Check(Running, state)) return null;
  if ((await processStart(state.keeperPid)) !== state.keeperStart) return null;
  return { ...state, sameSettings: state.settings === settingsOf(options) };
}

/**
 * Starts Janus in a process group of its own and waits until it listens.
 * @throws {CallreelError} `MediaServerMissing`, `MediaServerFailed`.
 */
export async function startJanus(options: JanusProcessOptions): Promise<RunningJanus> {
  const { janus, libraries } = findJanus(options.janusPath);
  if (!Object.values(networkInterfaces()).some((each) => each?.some((address) => !address.internal))) {
    throw new CallreelError(
      'MediaServerFailed',
      'This machine has no network address besides loopback, and Janus offers no loopback candidates.',
    );
  }
  const { folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const socketPath = await socketPathFor(folder);
  await rm(socketPath, { force: true });
  const config: JanusConfig = {
    folder,
    socketPath,
    secret: randomBytes(24).toString('base64url'),
    rtpPortRange: options.rtpPortRange,
    publicAddress: options.publicAddress,
    orphanTimeoutS: Math.max(60, Math.ceil(options.orphanTimeoutMinutes * 60)),
  };
  await writeJanusConfig(config, libraries);
  await writeFile(claimPath(folder), '');
  await touchClaim(folder);
  const keeper = spawn('/bin/sh', [KEEPER, janus, folder, String(options.orphanTimeoutMinutes)], {
    detached: true,
    stdio: 'ignore',
  });
  let ended = false;
  keeper.once('exit', () => {
    ended = true;
  });
  keeper.once('error', () => {
    ended = true;
  });
  keeper.unref();
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await listens(socketPath))) {
    if (ended || performance.now() > deadline || keeper.pid === undefined) {
      if (keeper.pid !== undefined && !ended) process.kill(keeper.pid, 'SIGTERM');
      throw new CallreelError('MediaServerFailed', `The end of its log: ${await logTail(folder)}`);
    }
    // Janus sends no signal of being ready that could be waited for.
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  if (keeper.pid === undefined) throw new CallreelError('MediaServerFailed');
  const running: RunningJanus = {
    instance: randomBytes(9).toString('base64url'),
    secret: config.secret,
    socketPath,
    keeperPid: keeper.pid,
    keeperStart: (await processStart(keeper.pid)) ?? '',
    settings: settingsOf(options),
  };
  const temporary = `${statePath(folder)}.new`;
  await writeFile(temporary, JSON.stringify(running), { mode: 0o600 });
  await rename(temporary, statePath(folder));
  return running;
}

/** Ends a Janus and waits until its keeper is gone. */
export async function endJanus(running: RunningJanus): Promise<void> {
  if ((await processStart(running.keeperPid)) !== running.keeperStart) return;
  process.kill(running.keeperPid, 'SIGTERM');
  const deadline = performance.now() + 5_000;
  while ((await processStart(running.keeperPid)) === running.keeperStart) {
    if (performance.now() > deadline) {
      // The keeper and Janus share a process group that has the keeper's number.
      process.kill(-running.keeperPid, 'SIGKILL');
      return;
    }
    // It may not be our child (an earlier process started it), so there is no exit to wait for.
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Whether the keeper of this Janus still runs. */
export async function janusRuns(running: RunningJanus): Promise<boolean> {
  return (await processStart(running.keeperPid)) === running.keeperStart;
}

/** Says that a server looks after Janus; without it for the orphan time-out, Janus ends. */
export async function touchClaim(folder: string): Promise<void> {
  const now = new Date();
  await utimes(claimPath(folder), now, now);
}

const statePath = (folder: string): string => join(folder, 'janus.json');
const claimPath = (folder: string): string => join(folder, 'claimed');

function settingsOf({ rtpPortRange, publicAddress, janusPath, orphanTimeoutMinutes }: JanusProcessOptions): string {
  return JSON.stringify({ rtpPortRange, publicAddress, janusPath, orphanTimeoutMinutes });
}

/** Whether somebody accepts connections at a socket: its file appears a moment before. */
function listens(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** Start time of a live process in the kernel's ticks; null when there is none or it is a zombie. */
async function processStart(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The second field is the program's name in parentheses and may hold spaces; the rest is plain.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

async function socketPathFor(folder: string): Promise<string> {
  const inside = join(await realpath(folder), 'janus.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_MAX_BYTES) return inside;
  const outside = join(tmpdir(), `callreel-${createHash('sha256').update(inside).digest('hex').slice(0, 16)}`);
  await mkdir(outside, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(outside);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new CallreelError('MediaServerFailed', 'The folder for its socket belongs to somebody else.');
  }
  return join(outside, 'janus.sock');
}

async function logTail(folder: string): Promise<string> {
  const file = await open(join(folder, 'janus.log')).catch(() => null);
  if (file === null) return '(none)';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, 600));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trim();
  } finally {
    await file.close();
  }
}
