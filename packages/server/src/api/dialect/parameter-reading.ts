import { parse } from 'node:querystring';
import type { TSchema } from 'typebox';
import { DialectError } from './dialect-error.ts';

/** More than any action has, lists of 25 places and watermarks counted. */
const QUERY_NAMES_MAX = 2_000;
const INDEX_MAX = 999;

/**
 * The parameters of a POST.
 * @throws {DialectError} `InvalidParameter` for what is no JSON object.
 */
export function readBody(body: Uint8Array): object {
  let parsed: unknown;
  try {
    parsed = body.length === 0 ? {} : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new DialectError('InvalidParameter', 'The body must be JSON in UTF-8.', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new DialectError('InvalidParameter', 'The body must be a JSON object.');
  return parsed;
}

/**
 * The parameters of a GET: `A.B.0.C=1` is `{A: {B: [{C: '1'}]}}`. All are texts; {@link fitTo} makes of them what is meant.
 * @throws {DialectError} `InvalidParameter` for names that cannot be put together.
 */
export function readQuery(query: string): object {
  const pairs = Object.entries(parse(query, '&', '=', { maxKeys: QUERY_NAMES_MAX + 1 }));
  if (pairs.length > QUERY_NAMES_MAX) throw new DialectError('InvalidParameter', 'There are too many parameters.');
  const root = new Map<string, unknown>();
  for (const [name, value] of pairs) {
    if (typeof value !== 'string') throw new DialectError('InvalidParameter', `${shown(name)} is given twice.`);
    put(root, name, name.split('.'), value);
  }
  return Object.fromEntries([...root].map(([name, value]) => [name, built(value)]));
}

function put(root: Map<string, unknown>, name: string, path: string[], value: string): void {
  // No schema is as deep as that.
  if (path.length > 10) throw new DialectError('UnknownParameter', `${shown(name)} is not known.`);
  let at = root;
  for (const step of path.slice(0, -1)) {
    const next = at.get(step) ?? new Map<string, unknown>();
    if (!(next instanceof Map))
      throw new DialectError('InvalidParameter', `${shown(name)} is a value and a structure.`);
    at.set(step, next);
    at = next;
  }
  const last = path.at(-1) ?? '';
  if (at.has(last)) throw new DialectError('InvalidParameter', `${shown(name)} is given twice.`);
  at.set(last, value);
}

/** Structures whose names count from 0 are lists. */
function built(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  const entries: [string, unknown][] = [...value].map(([name, inner]) => [String(name), built(inner)]);
  const isList =
    entries.length <= INDEX_MAX + 1 &&
    entries.every(([name]) => Number(name) < entries.length && /^\d{1,3}$/.test(name));
  if (!isList) return Object.fromEntries(entries);
  return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner);
}

/**
 * Brings parameters into the form of their schema, as deep as that goes: what is null is not given, and with `texts`
 * numbers and booleans are read from texts.
 */
export function fitTo(schema: TSchema, value: unknown, texts: boolean): unknown {
  const kind: unknown = Reflect.get(schema, 'type');
  if (kind === 'object' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const properties: unknown = Reflect.get(schema, 'properties');
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== null)
        .map(([name, inner]) => {
          const of = isStructure(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
          return [name, isStructure(of) ? fitTo(of, inner, texts) : inner];
        }),
    );
  }
  if (kind === 'array' && Array.isArray(value)) {
    const items: unknown = Reflect.get(schema, 'items');
    return isStructure(items) ? value.map((each: unknown) => fitTo(items, each, texts)) : value;
  }
  if (!texts || typeof value !== 'string') return value;
  if (kind === 'integer') return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}

function isStructure(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
