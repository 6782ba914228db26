import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { openDataFolder } from './data-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-data-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Another process that opens the folder and keeps it; answers its first line. */
async function openElsewhere(path: string): Promise<{ child: ChildProcess; line: string; errors: () => string }> {
  const source = `
    import { openDataFolder } from ${JSON.stringify(join(import.meta.dirname, 'data-folder.ts'))};
    try { await openDataFolder(${JSON.stringify(path)}); console.log('open'); setInterval(() => {}, 1000); }
    catch (error) { console.log(error.code); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, line: String(line), errors: () => errors };
}

test('the folder is made, belongs to one process, and is free again when that one is killed', async () => {
  const path = join(folder, 'a/b');
  const first = await openElsewhere(path);
  expect(first.line).toBe('open');
  expect(first.errors()).toBe('');
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'DataFolderInUse' });
  expect((await openElsewhere(path)).line).toBe('DataFolderInUse');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const mine = await openDataFolder(path);
  expect((await openElsewhere(path)).line).toBe('DataFolderInUse');
  await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'DataFolderInUse' });
  mine.close();
  mine.close();
  (await openDataFolder(path)).close();
});

test('a file in its place, and a folder that cannot be written', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(openDataFolder(file)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
  await expect(openDataFolder('/proc/callreel')).rejects.toMatchObject({ code: 'DataFolderUnusable' });
  const broken = join(folder, 'broken');
  (await openDataFolder(broken)).close();
  writeFileSync(join(broken, 'lock.db'), 'not a database, but long enough to be looked at as one'.repeat(100));
  await expect(openDataFolder(broken)).rejects.toMatchObject({ code: 'DataFolderUnusable' });
  chmodSync(broken, 0o700);
});
