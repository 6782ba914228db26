import { spawn } from 'node:child_process';

/** Runs one of Debian's tools and gives what it writes. @throws {Error} with its complaint when it fails. */
export async function runTool(tool: 'ffmpeg' | 'ffprobe', args: readonly string[]): Promise<Buffer> {
  const child = spawn(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const complaint: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${tool} ended with ${code}: ${Buffer.concat(complaint).toString().trim()}`);
  return Buffer.concat(output);
}
