import { spawn } from 'node:child_process';

/** CPU time that a command has taken, all of its threads and of the processes it waited for; ms. */
export type CpuTime = { userMs: number; systemMs: number; totalMs: number; wallMs: number };

/**
 * Runs a command to its end and tells its CPU time, as bash's `time` measures it: wall-clock time says nothing on a
 * machine that does something else, too.
 * @throws {Error} when it does not end with 0.
 */
export async function cpuTimeOf(command: string, args: readonly string[]): Promise<CpuTime & { stdout: string }> {
  const script = 'TIMEFORMAT="cpu %U %S %R"; time "$@"';
  const child = spawn('bash', ['-c', script, 'bash', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A comma in a number would be the locale's.
    env: { ...process.env, LC_ALL: 'C' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const times = /cpu ([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  if (code !== 0 || times === null) throw new Error(`${command} ended with ${code}: ${stderr.slice(-2000)}`);
  const [userMs = 0, systemMs = 0, wallMs = 0] = times.slice(1).map((seconds) => Number(seconds) * 1000);
  return { userMs, systemMs, wallMs, totalMs: userMs + systemMs, stdout };
}

/** The middle one of several figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
