import { isNode, placeOf, type Source, type SourceNode, sourcesOf } from './typescript-sources.ts';

// What reads a clock, draws lots, waits or reaches out of the function.
const IMPURE_NAMES = new Set([
  'Date',
  'performance',
  'process',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'Promise',
  'console',
  'globalThis',
]);

/** Finds what a pure stage may not hold: async code, clocks, timers, chance. `timeline/` is one. */
export function impurities(root: string, pattern = 'packages/server/src/timeline/**/*.ts'): string[] {
  return sourcesOf(root, pattern).flatMap((source) => source.body.flatMap((node) => visit(source, node)));
}

function visit(source: Source, node: SourceNode): string[] {
  const found: string[] = [];
  if (node.async === true || node.await === true || node.type === 'AwaitExpression')
    found.push(`${placeOf(source, node)} is async: a pure stage is not`);
  if (node.type === 'NewExpression' || node.type === 'CallExpression' || node.type === 'MemberExpression') {
    const used = isNode(node.callee) ? node.callee : node.object;
    if (isNode(used) && used.type === 'Identifier' && IMPURE_NAMES.has(String(used.name)))
      found.push(`${placeOf(source, node)} uses ${String(used.name)}: a pure stage may not`);
  }
  if (node.type === 'MemberExpression' && source.text.slice(node.start, node.end) === 'Math.random')
    found.push(`${placeOf(source, node)} uses chance: a pure stage may not`);
  for (const value of Object.values(node)) {
    for (const inner of Array.isArray(value) ? value : [value]) if (isNode(inner)) found.push(...visit(source, inner));
  }
  return found;
}
