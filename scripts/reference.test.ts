import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorReference } from './error-reference.ts';

test('docs/reference/errors.md is made from the catalogue: run `make reference`', () => {
  expect(readFileSync(join(import.meta.dirname, '../docs/reference/errors.md'), 'utf8')).toBe(errorReference());
});
