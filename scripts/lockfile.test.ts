import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';

const Lockfile = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      optionalDependencies: Type.Optional(Type.Record(Type.String(), Type.String())),
      resolved: Type.Optional(Type.String()),
    }),
  ),
});

const lock = Value.Parse(Lockfile, JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8')));

// npm leaves out what a mirror does not hold for other systems, and `npm ci` then refuses its own lockfile.
test('the lockfile names the packages of every system', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in lock.packages) && !(`node_modules/${name}` in lock.packages),
    ),
  );
  expect(missing).toEqual([]);
});

test('the lockfile leads to no other registry than npm’s own', () => {
  const places = Object.values(lock.packages).flatMap(({ resolved }) =>
    resolved?.startsWith('http') ? [new URL(resolved).host] : [],
  );
  expect([...new Set(places)].filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
});
