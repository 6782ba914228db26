/** Writes the pages and dumps that are made from the source: run it after changing a schema, see CONTRIBUTING.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configReference } from '../packages/server/src/base/config-reference.ts';
import { openDatabase } from '../packages/server/src/base/db/database.ts';
import { dumpSchema } from '../packages/server/src/base/db/schema-dump.ts';
import { errorReference } from './error-reference.ts';

const root = join(import.meta.dirname, '..');
writeFileSync(join(root, 'docs/reference/errors.md'), errorReference());
writeFileSync(join(root, 'docs/reference/config.md'), configReference());

const folder = mkdtempSync(join(tmpdir(), 'callreel-reference-'));
const database = await openDatabase({ dataFolder: folder, databaseUrl: null });
writeFileSync(join(root, 'packages/server/src/base/db/schema.sql'), await dumpSchema(database.db));
await database.close();
rmSync(folder, { recursive: true });
