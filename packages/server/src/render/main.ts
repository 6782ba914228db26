import { getPriority, setPriority } from 'node:os';
import { AV_LOG_ERROR } from 'node-av/constants';
import { Log } from 'node-av/lib';
import type { RenderMessage, RenderOrder } from '../recording/render-protocol.ts';
import { RenderFailure, render } from './renderer.ts';

/** Below the server and the media server: what is not captured is lost, what is not rendered yet is only late. */
const NICENESS = 5;
/** How long what is under way may take when the parent is gone. Another child may be started for the same task. */
const LEAVE_MS = 500;

process.exitCode = await main();
// Handles of the library that were given back are gone; a watcher or the channel must not keep the process.
process.exit();

async function main(): Promise<number> {
  const abort = new AbortController();
  if (process.send !== undefined) {
    // The parent may have gone while this process was starting.
    if (!process.connected) return 1;
    process.once('disconnect', () => {
      abort.abort(new Error('the parent is gone'));
      // Whatever it is at, what is on the disk is whole: see `writeDurably`.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEAVE_MS).unref();
    });
  }
  if (getPriority() < NICENESS) setPriority(NICENESS);
  Log.setLevel(AV_LOG_ERROR);
  try {
    const order = parseOrder(process.argv[2]);
    await tellLast(await render(order, { tell, signal: abort.signal }));
    return 0;
  } catch (error) {
    if (abort.signal.aborted) return 1;
    await tellLast(failureOf(error));
    return 1;
  }
}

function parseOrder(json: string | undefined): RenderOrder {
  const value: unknown = json === undefined ? null : JSON.parse(json);
  if (!isOrder(value)) throw new RenderFailure('RenderFailed', 'The argument is no render order.');
  return value;
}

/** The order comes from the server of the same version: only what would do harm is checked. */
function isOrder(value: unknown): value is RenderOrder {
  if (typeof value !== 'object' || value === null) return false;
  const { taskId, bundleFolder, workFolder, outFolder, baseName } = value as Partial<
    Record<keyof RenderOrder, unknown>
  >;
  return (
    [taskId, bundleFolder, workFolder, outFolder, baseName].every((part) => typeof part === 'string' && part !== '') &&
    typeof baseName === 'string' &&
    !baseName.includes('/')
  );
}

function failureOf(error: unknown): RenderMessage {
  if (error instanceof RenderFailure) return { type: 'failed', code: error.code, detail: error.message };
  const detail = error instanceof Error ? error.message : String(error);
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return { type: 'failed', code: isFull ? 'DiskFull' : 'RenderFailed', detail };
}

function tell(message: RenderMessage): void {
  if (process.connected) process.send?.(message);
  else process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Tells and waits until the message has left this process. */
async function tellLast(message: RenderMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected && process.send !== undefined) process.send(message, undefined, {}, () => resolve());
    else process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve());
  });
}
