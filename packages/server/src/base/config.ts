import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CallreelError } from './callreel-error.ts';
import {
  allowedBy,
  annotation,
  type Config,
  type ConfigKey,
  ConfigSchema,
  configKeys,
  passesBeyondSchema,
} from './config-schema.ts';

/** Where a value came from, for the sentence of a refusal. */
type Given = { value: unknown; from: string };

/**
 * Puts the configuration together: defaults, then the file of `--config`, then `CALLREEL_…`, then the
 * command line (`--port`, `--host`, `--data`, `--demo`).
 *
 * @param args what stands behind `callreel serve`.
 * @throws {CallreelError} `ConfigInvalid`, naming the key, its value and what is allowed.
 */
export function loadConfig({ args = [], env = {} }: { args?: string[]; env?: NodeJS.ProcessEnv } = {}): Config {
  const keys = configKeys();
  const byPath = new Map(keys.map((key) => [key.path, key]));
  const { values } = parseCommandLine(args);
  const given = new Map<string, Given>();
  if (typeof values.config === 'string') {
    for (const [path, entry] of fromFile(values.config, byPath)) given.set(path, entry);
  }
  for (const [path, entry] of fromEnvironment(env, keys)) given.set(path, entry);
  for (const name of ['port', 'host', 'data', 'demo'] as const) {
    const value = values[name];
    const key = byPath.get(name);
    if (value !== undefined && key !== undefined)
      given.set(name, { value: typeof value === 'string' ? parseText(value, key.schema) : value, from: `--${name}` });
  }
  return assemble(keys, given);
}

function parseCommandLine(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        config: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        demo: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new CallreelError(
      'ConfigInvalid',
      `${cause instanceof Error ? cause.message : String(cause)} Allowed: --config, --port, --host, --data, --demo.`,
      { cause },
    );
  }
}

function fromFile(path: string, byPath: Map<string, ConfigKey>): Map<string, Given> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CallreelError(
      'ConfigInvalid',
      `--config is "${path}"; allowed: a readable file of JSON (${cause instanceof Error ? cause.message : String(cause)}).`,
      { cause },
    );
  }
  const given = new Map<string, Given>();
  const folders = new Set(
    [...byPath.keys()].flatMap((key) => (key.includes('.') ? [key.slice(0, key.lastIndexOf('.'))] : [])),
  );
  const walk = (value: unknown, prefix: string): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new CallreelError(
        'ConfigInvalid',
        `${prefix === '' ? 'The file' : `Key "${prefix}"`} is ${JSON.stringify(value)}; allowed: an object of keys.`,
      );
    }
    for (const [name, inner] of Object.entries(value)) {
      const key = prefix === '' ? name : `${prefix}.${name}`;
      if (byPath.has(key)) given.set(key, { value: inner, from: path });
      else if (folders.has(key)) walk(inner, key);
      else
        throw new CallreelError(
          'ConfigInvalid',
          `Key "${key}" of ${path} is not known; allowed: ${[...byPath.keys()].join(', ')}.`,
        );
    }
  };
  walk(parsed, '');
  return given;
}

function fromEnvironment(env: NodeJS.ProcessEnv, keys: ConfigKey[]): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('CALLREEL_') || text === undefined) continue;
    const key = keys.find((candidate) => candidate.variable === variable);
    if (key === undefined) {
      throw new CallreelError(
        'ConfigInvalid',
        `Environment variable ${variable} is not known; allowed: ${keys.map((known) => known.variable).join(', ')}.`,
      );
    }
    given.set(key.path, { value: parseText(text, key.schema), from: variable });
  }
  return given;
}

/** Texts of the environment and the command line become what the key wants; what does not fit is left to the check. */
function parseText(text: string, schema: TSchema): unknown {
  if (Type.IsInteger(schema)) return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text;
  if (Type.IsBoolean(schema))
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  return text === 'null' && Value.Check(schema, null) ? null : text;
}

function assemble(keys: ConfigKey[], given: Map<string, Given>): Config {
  const config: Record<string, unknown> = {};
  for (const { path, schema } of keys) {
    const entry = given.get(path);
    const value = entry === undefined ? annotation(schema, 'default') : entry.value;
    if (!Value.Check(schema, value) || !passesBeyondSchema(path, value)) {
      const shown = annotation(schema, 'secret') === true ? 'not valid' : JSON.stringify(value);
      throw new CallreelError(
        'ConfigInvalid',
        `Key "${path}" is ${shown} (from ${entry?.from ?? 'its default'}); allowed: ${allowedBy(schema)}.`,
      );
    }
    put(config, path.split('.'), value);
  }
  return Value.Parse(ConfigSchema, config);
}

function put(target: Record<string, unknown>, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner: Record<string, unknown> = {};
  const known = target[name];
  if (typeof known === 'object' && known !== null) Object.assign(inner, known);
  put(inner, rest, value);
  target[name] = inner;
}
