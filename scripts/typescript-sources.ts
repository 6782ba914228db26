import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';

/** One source file, read and parsed. `path` is relative to the root that was asked for. */
export type Source = { path: string; text: string; body: SourceNode[] };

/** What the checks use of a node of the syntax tree (ESTree with TypeScript). */
export type SourceNode = { type: string; start: number; end: number; [field: string]: unknown };

/** The sources under `root` that match the pattern, without tests. */
export function sourcesOf(root: string, pattern: string): Source[] {
  return globSync(pattern, { cwd: root, exclude: (name) => ['node_modules', 'dist'].includes(name) })
    .filter((path) => !/\.(test|test-d|tmp)\.ts$|\.d\.ts$/.test(path))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, body: parseAst(text, { lang: 'ts' }).body.map(asNode) };
    });
}

/** Whether a value of the tree is a node. */
export function isNode(value: unknown): value is SourceNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'start' in value &&
    'end' in value
  );
}

/** The place of a node as editors understand it: `path:line`. */
export function placeOf(source: Source, node: SourceNode): string {
  return `${source.path}:${source.text.slice(0, node.start).split('\n').length}`;
}

function asNode(value: unknown): SourceNode {
  if (!isNode(value)) throw new TypeError('The parser gave something that is no node.');
  return value;
}
