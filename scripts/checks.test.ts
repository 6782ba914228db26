import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { undocumentedExports } from './check-docblocks.ts';
import { impurities } from './check-purity.ts';

// Each check is given what it must refuse: a check that cannot fail proves nothing.

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'callreel-checks-'));
const GOOD = '/** A word. */\nexport const word = 1;\n';
let place = folder;
let count = 0;

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

/** A small repository of these files. */
function repository(files: Record<string, string>): string {
  count += 1;
  place = join(folder, String(count));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    writeFileSync(join(place, path), text);
  }
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  for (const file of ['biome.json', '.dependency-cruiser.mjs', 'tsconfig.json', 'tsconfig.base.json'])
    symlinkSync(join(root, file), join(place, file));
  return place;
}

function run(path: string, ...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: place,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { ok: status === 0, output: stdout + stderr };
}

describe('borders', () => {
  const server = 'packages/server/src';
  const cruise = (files: Record<string, string>) => {
    repository(files);
    return run('dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.mjs', 'packages');
  };

  test('what DESIGN.md allows passes', () => {
    const { ok, output } = cruise({
      [`${server}/base/word.ts`]: GOOD,
      [`${server}/sfu/word.ts`]: GOOD,
      [`${server}/room/room.ts`]:
        "import { word } from '../sfu/word.ts';\nimport { word as other } from '../base/word.ts';\nexport const room = word + other;\nexport type Room = number;",
      [`${server}/recording/word.ts`]: "import type { Room } from '../room/room.ts';\nexport type Task = Room;",
      [`${server}/timeline/scene.ts`]: "import type { Task } from '../recording/word.ts';\nexport type Scene = Task;",
      [`${server}/render/main.ts`]:
        "import { Log } from 'node-av/lib';\nimport type { Scene } from '../timeline/scene.ts';\nexport const log: [typeof Log, Scene] | null = null;\nusing x = null;",
      [`${server}/platform/platform.ts`]:
        "import { room } from '../room/room.ts';\nimport { word } from '../sfu/word.ts';\nexport const all = [room, word];",
    });
    expect(output).toContain('no dependency violations');
    expect(ok).toBe(true);
  });

  test.each([
    ['base-imports-no-stage', 'base/a.ts', "import type { word } from '../room/word.ts';", 'room/word.ts'],
    ['sfu-words-stay-in-sfu', 'recording/a.ts', "import type { word } from '../sfu/word.ts';", 'sfu/word.ts'],
    ['call-knows-no-recording', 'call/a.ts', "import type { word } from '../recording/word.ts';", 'recording/word.ts'],
    [
      'call-uses-only-what-lies-left-of-it',
      'call/a.ts',
      "import { word } from '../library/word.ts';",
      'library/word.ts',
    ],
    ['room-knows-no-call', 'room/a.ts', "export type { word } from '../call/word.ts';", 'call/word.ts'],
    ['render-runs-in-a-child', 'recording/a.ts', "import { word } from '../render/word.ts';", 'render/word.ts'],
    [
      'platform-is-the-composition',
      'call/a.ts',
      "import type { word } from '../platform/word.ts';",
      'platform/word.ts',
    ],
    [
      'media-code-only-in-render-and-bots',
      'capture/a.ts',
      "import { Log as word } from 'node-av/lib';",
      'base/word.ts',
    ],
    ['timeline-is-pure', 'timeline/a.ts', "import { readFileSync as word } from 'node:fs';", 'base/word.ts'],
    ['sql-stands-in-queries', 'api/a.ts', "import { sql as word } from 'kysely';", 'base/word.ts'],
    [
      'api-uses-only-what-lies-left-of-it',
      'api/a.ts',
      "const { word } = await import('../recording/word.ts');",
      'recording/word.ts',
    ],
    ['nothing-unresolved', 'call/a.ts', "import { word } from './nowhere.ts';", 'base/word.ts'],
  ])('%s', (rule, path, line, other) => {
    const { ok, output } = cruise({
      [`${server}/${path}`]: `${line}\nexport type Used = typeof word;\n`,
      [`${server}/${other}`]: GOOD,
    });
    expect(output).toContain(`error ${rule}`);
    expect(ok).toBe(false);
  });

  test('circles, of values but not of types', () => {
    const circle = (word: string) =>
      cruise({
        [`${server}/call/a.ts`]: `import ${word}{ b } from './b.ts';\nexport const a: typeof b = 1;`,
        [`${server}/call/b.ts`]: "import { a } from './a.ts';\nexport const b: number = a;",
      });
    expect(circle('').output).toContain('error no-circles');
    expect(circle('type ').output).toContain('no dependency violations');
  });

  test('browsers know no Node, bots no server', () => {
    const { output } = cruise({
      'packages/callkit/src/a.ts': "import { join } from 'node:path';\nexport const a = join;",
      'packages/bots/src/a.ts': "import { word } from '../../server/src/base/word.ts';\nexport const a = word;",
      [`${server}/base/word.ts`]: GOOD,
    });
    expect(output).toContain('error browser-code-knows-no-node');
    expect(output).toContain('error packages-meet-in-the-protocol');
  });
});

describe('format and lint', () => {
  const lint = (text: string) => {
    repository({ 'packages/a/src/a.ts': text, 'packages/a/src/b.ts': '/** B. */\nexport const b = 1;\n' });
    return run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--vcs-enabled=false', 'packages');
  };

  test('good code passes', () => {
    expect(lint(GOOD)).toMatchObject({ ok: true });
  });

  test.each([
    ['format', 'export const a = {b:1}'],
    ['noExplicitAny', 'export const a = (b: any): void => b;\n'],
    ['noFloatingPromises', 'async function a(): Promise<void> {}\na();\n'],
    ['noDefaultExport', 'export default 1;\n'],
    ['noUnusedImports', "import { join } from 'node:path';\n"],
    ['useImportExtensions', "import { b } from './b';\n\nexport const a = b;\n"],
    ['noNonNullAssertion', 'export const a = (b: string | null): string => b!;\n'],
    ['noEmptyBlockStatements', 'try {\n  JSON.parse("");\n} catch {}\n'],
    ['useNodejsImportProtocol', "import { join } from 'path';\n\nexport const a = join;\n"],
  ])('%s', (rule, text) => {
    const { ok, output } = lint(text);
    expect(output).toContain(rule);
    expect(ok).toBe(false);
  });
});

test('types: what is not erasable, unchecked or unused', () => {
  repository({
    'packages/server/src/a.ts':
      'enum A { b }\nexport const c: number = [1][0];\nfunction d(unused: number): void {}\nexport class E { constructor(private f: A) {} }\n',
  });
  const { ok, output } = run('typescript-native/bin/tsc', '-p', 'tsconfig.json');
  expect(ok).toBe(false);
  for (const code of ['TS1294', 'TS2322', 'TS6133']) expect(output).toContain(code);
});

describe('docblocks', () => {
  const find = (text: string) =>
    undocumentedExports(repository({ 'packages/a/src/a.ts': text })).map((line) =>
      line.replace(/^packages\/a\/src\/a\.ts:/, ''),
    );

  test('every kind of export needs one', () => {
    expect(find(GOOD)).toEqual([]);
    expect(find('/** A. */\nexport class A {}\n\n// no docblock\nexport class B {}\n')).toEqual([
      '5 exports B without a docblock',
    ]);
    expect(find('/* no docblock */\nexport type A = 1;')).toHaveLength(1);
    expect(
      find(
        '/** Of a. */\nconst a = 1;\nexport interface B {}\nexport const c = a;\nexport async function d(): Promise<void> {}\nexport abstract class E {}\nexport default 1;',
      ),
    ).toHaveLength(5);
    expect(find("export { a } from './b.ts';\nexport * from './c.ts';\nconst hidden = 1;")).toEqual([]);
  });
});

describe('purity', () => {
  const find = (text: string) => impurities(repository({ 'packages/server/src/timeline/a.ts': text }));

  test('pure functions pass', () => {
    expect(
      find('export const a = (b: number): number => Math.max(b, 0);\nexport type Promise2 = Promise<Date>;'),
    ).toEqual([]);
  });

  test.each([
    'export const a = async () => 1;',
    'await 1;',
    'Date.now();',
    'new Date();',
    'performance.now();',
    'setTimeout(() => 1, 1);',
    'Math.random();',
    'Promise.resolve(1);',
    'function* a() { for (const b of [() => process.env.A]) yield b; }',
  ])('%s', (text) => {
    expect(find(text)).not.toEqual([]);
  });
});
