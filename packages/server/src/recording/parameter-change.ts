import { isDeepStrictEqual } from 'node:util';
import { CallreelError } from '../base/callreel-error.ts';
import type { TaskParameters } from './task-parameters.ts';

/** What may change while a task runs, as `TaskParameters.layout` documents it. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof TaskParameters>([
  'layout',
  'backgroundColor',
  'background',
  'placeholder',
  'watermarks',
  'subscription',
]);

/**
 * Checks that nothing else changes than what can change while a task runs.
 * @throws {CallreelError} `ParameterInvalid`, naming the first other field that differs, with what it must stay.
 */
export function checkChange(running: TaskParameters, wanted: TaskParameters): void {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]);
  for (const name of names) {
    if (CHANGEABLE.has(name)) continue;
    const found = difference(Reflect.get(running, name), Reflect.get(wanted, name), name);
    if (found === null) continue;
    const [is, must] = [shown(found.wanted, 'not given'), shown(found.running, 'left out')];
    throw new CallreelError('ParameterInvalid', `${found.name} is ${is}: must stay ${must} while the task runs.`);
  }
}

type Difference = { name: string; running: unknown; wanted: unknown };

/** The first field in which the two differ, as deep inside as both have one. */
function difference(running: unknown, wanted: unknown, name: string): Difference | null {
  if (isDeepStrictEqual(running, wanted)) return null;
  if (!isRecord(running) || !isRecord(wanted)) return { name, running, wanted };
  for (const inner of new Set([...Object.keys(running), ...Object.keys(wanted)])) {
    const found = difference(running[inner], wanted[inner], `${name}.${inner}`);
    if (found !== null) return found;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown, missing: string): string {
  return value === undefined ? missing : JSON.stringify(value);
}
