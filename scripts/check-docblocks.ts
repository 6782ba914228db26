import { isNode, placeOf, type Source, type SourceNode, sourcesOf } from './typescript-sources.ts';

/**
 * Finds exported symbols without a docblock: what stands right before the export must be a `/** … *\/`.
 * Re-exports are documented where they are declared.
 *
 * @returns one line for each, empty when all have one.
 */
export function undocumentedExports(root: string): string[] {
  return sourcesOf(root, 'packages/*/src/**/*.ts').flatMap((source) =>
    source.body.flatMap((node) => {
      const name = exportedName(node);
      return name === undefined || hasDocblock(source, node)
        ? []
        : [`${placeOf(source, node)} exports ${name} without a docblock`];
    }),
  );
}

function exportedName(node: SourceNode): string | undefined {
  if (node.type === 'ExportDefaultDeclaration') return 'default';
  if (node.type !== 'ExportNamedDeclaration' || !isNode(node.declaration)) return undefined;
  const { declaration } = node;
  if (isNode(declaration.id) && typeof declaration.id.name === 'string') return declaration.id.name;
  const [first] = Array.isArray(declaration.declarations) ? declaration.declarations : [];
  return isNode(first) && isNode(first.id) && typeof first.id.name === 'string' ? first.id.name : declaration.type;
}

function hasDocblock(source: Source, node: SourceNode): boolean {
  const before = source.text.slice(0, node.start).trimEnd();
  return before.endsWith('*/') && before.startsWith('/**', before.lastIndexOf('/*'));
}
