import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkTaskParameters } from './apps/index.ts';
import { CallreelError } from './base/index.ts';
import { JOURNAL_FILE, type JournalEvent, JournalReader } from './capture/index.ts';
import { mixedBaseName } from './recording/file-name.ts';
import {
  PICTURES_FOLDER,
  type RenderMessage,
  type RenderOrder,
  renderArguments,
  type TaskParameters,
} from './recording/index.ts';
import { picturesFor } from './render-pictures.ts';

/**
 * `callreel render <bundle> [--params <json file>] [--out <folder>] [--task <id>]`: renders a capture again,
 * with other parameters than it was recorded with when they are given.
 *
 * @returns the exit code; 0 when the files are there.
 * @throws {CallreelError} `ConfigInvalid`, `BundleUnreadable`, `ParameterInvalid`.
 */
export async function runRender(args: string[]): Promise<number> {
  const { bundle, params, out, task } = parse(args);
  const outFolder = resolve(out);
  const { taskId, baseName, complete, events } = readBundle(bundle, task);
  const ownFolder = join(outFolder, `.render-${taskId}`);
  const parameters = params === undefined ? undefined : readParameters(params);
  const order: RenderOrder = {
    taskId,
    bundleFolder: resolve(bundle),
    workFolder: join(ownFolder, 'segments'),
    // A render clears its folders of what an earlier try left: they must be its own, and never somebody's.
    outFolder: join(ownFolder, 'files'),
    baseName,
    indexAlways: false,
    complete,
    ...(parameters === undefined ? {} : { parameters }),
  };
  if (parameters !== undefined && params !== undefined)
    order.pictures = await picturesFor(parameters, {
      paramsFolder: dirname(resolve(params)),
      bundleFolder: order.bundleFolder,
      events,
      fetchFolder: join(ownFolder, PICTURES_FOLDER),
    });
  await mkdir(order.workFolder, { recursive: true });
  const last = await renderInChild(order);
  const files = last.type === 'finished' ? last.files : [];
  for (const { name, path, parts = [], stills } of files) {
    const beside = stills === undefined ? [] : [stills.poster, stills.thumbnails.picture, stills.thumbnails.index];
    for (const part of [...parts, ...beside]) await rename(part.path, join(outFolder, part.name));
    await rename(path, join(outFolder, name));
    process.stdout.write(`recording: ${join(outFolder, name)}\n`);
  }
  await rm(ownFolder, { recursive: true, force: true });
  // Of those that could not be fetched it was told before.
  const told = ({ url }: { url: string }): boolean => order.pictures !== undefined && !(url in order.pictures);
  for (const { url, detail } of last.type === 'finished' ? last.report.pictures.filter((one) => !told(one)) : [])
    process.stderr.write(`callreel: picture ${url}: ${detail}\n`);
  if (last.type !== 'finished') throw new CallreelError(last.code, last.detail);
  return 0;
}

function parse(args: string[]): { bundle: string; params: string | undefined; out: string; task: string | undefined } {
  const usage = 'Allowed: callreel render <capture bundle> [--params <json file>] [--out <folder>] [--task <id>].';
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { params: { type: 'string' }, out: { type: 'string', default: '.' }, task: { type: 'string' } },
    });
    const [bundle, ...more] = positionals;
    if (bundle === undefined || more.length > 0) throw new TypeError('Exactly one capture bundle is needed.');
    return { bundle, params: values.params, out: values.out, task: values.task };
  } catch (cause) {
    throw new CallreelError('ConfigInvalid', `${cause instanceof Error ? cause.message : String(cause)} ${usage}`, {
      cause,
    });
  }
}

/** The task to render, the name of its file, and whether nothing will be added to the bundle; from the journal. */
function readBundle(
  bundle: string,
  wanted: string | undefined,
): { taskId: string; baseName: string; complete: boolean; events: JournalEvent[] } {
  const path = join(bundle, JOURNAL_FILE);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) throw new CallreelError('BundleUnreadable');
  const journal = new JournalReader(path);
  const events = journal.read();
  journal.close();
  const opened = events.find((event) => event.type === 'roomOpened');
  if (opened === undefined)
    throw new CallreelError('BundleUnreadable', 'The journal does not say which room it is of.');
  const tasks = events.flatMap((event) => (event.type === 'taskStarted' ? [event.taskId] : []));
  const [taskId] = wanted === undefined ? tasks : tasks.filter((id) => id === wanted);
  if (taskId === undefined)
    throw new CallreelError(
      'NothingCaptured',
      `The capture holds ${tasks.length === 0 ? 'no task' : `these tasks: ${tasks.join(', ')}`}.`,
    );
  // A task that was never stopped belongs to a call that goes on, or to a server that died and comes back.
  const stopped = events.some((event) => event.type === 'taskStopped' && event.taskId === taskId);
  const complete = events.some((event) => event.type === 'roomClosed');
  if (!stopped && !complete) process.stderr.write('callreel: the task is not over: following it until it is.\n');
  return { taskId, baseName: mixedBaseName(opened), complete, events };
}

function readParameters(path: string): TaskParameters {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CallreelError('ConfigInvalid', `--params is "${path}"; allowed: a readable file of JSON.`, { cause });
  }
  return checkTaskParameters(value, { localPictures: true });
}

/** Runs the render in a child and shows how far it is; answers its last word. */
async function renderInChild(order: RenderOrder): Promise<Extract<RenderMessage, { type: 'finished' | 'failed' }>> {
  const child = spawn(process.execPath, renderArguments(order), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = Promise.withResolvers<Extract<RenderMessage, { type: 'finished' | 'failed' }>>();
  child.on('message', (message: RenderMessage) => {
    if (message.type === 'progress') process.stderr.write(`==> ${message.segments} segments\n`);
    else if (message.type !== 'usage') ended.resolve(message);
  });
  child.once('error', ended.reject);
  // Behind the last word this changes nothing.
  child.once('close', (code, signal) =>
    ended.resolve({
      type: 'failed',
      code: 'RenderFailed',
      detail: `The render ended with ${signal ?? `code ${code}`}.`,
    }),
  );
  return ended.promise;
}
