import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../packages/server/src/main.ts');

/** Runs `callreel render` on a bundle into a folder, with the default parameters and these changes; answers the files that it tells of. */
export async function renderAgain(
  bundle: string,
  folder: string,
  changes: Partial<TaskParameters> = {},
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const parameters = join(folder, 'parameters.json');
  await writeFile(parameters, JSON.stringify({ ...DEFAULT_TASK_PARAMETERS, ...changes }));
  const { stdout } = await run(process.execPath, [MAIN, 'render', bundle, '--params', parameters, '--out', folder]);
  return stdout.split('\n').flatMap((line) => /^recording: (.+)$/.exec(line)?.[1] ?? []);
}
