/** `make check`: types, format and lint, borders, docblocks, purity. Runs all of them and says which failed. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { undocumentedExports } from './check-docblocks.ts';
import { impurities } from './check-purity.ts';

const root = join(import.meta.dirname, '..');

function program(path: string, ...args: string[]): () => boolean {
  return () =>
    spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], { cwd: root, stdio: 'inherit' }).status ===
    0;
}

function findings(find: (root: string) => string[]): () => boolean {
  return () => {
    const lines = find(root);
    for (const line of lines) console.error(line);
    return lines.length === 0;
  };
}

const folders = ['packages', 'test', 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder)));
const checks: [string, () => boolean][] = [
  ['types', program('typescript-native/bin/tsc', '-p', 'tsconfig.json')],
  ['types of the browser', program('typescript-native/bin/tsc', '-p', 'packages/callkit/tsconfig.json')],
  ['format and lint', program('@biomejs/biome/bin/biome', 'check', '--error-on-warnings')],
  [
    'borders',
    program('dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.mjs', ...folders),
  ],
  ['docblocks', findings(undocumentedExports)],
  ['purity', findings((folder) => impurities(folder))],
];

const failed = checks.filter(([name, passes]) => {
  console.log(`==> ${name}`);
  return !passes();
});
console.log(failed.length === 0 ? '==> all checks passed' : `==> failed: ${failed.map(([name]) => name).join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
