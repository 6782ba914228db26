import { allowedBy, annotation, configKeys } from './config-schema.ts';

/** The text of docs/reference/config.md, made from the schema. `make reference` writes it. */
export function configReference(): string {
  const rows = configKeys().map(({ path, variable, schema }) => {
    return `| \`${path}\` | \`${variable}\` | \`${JSON.stringify(annotation(schema, 'default'))}\` | ${String(annotation(schema, 'unit') ?? '')} | ${allowedBy(schema)} | ${String(annotation(schema, 'description'))} |`;
  });
  return [
    '# Configuration',
    '',
    'Made from `packages/server/src/base/config-schema.ts` by `make reference`; a test compares both.',
    '',
    'Later ones win: defaults, the JSON file of `--config`, the environment, the command line (`--port`, `--host`,',
    '`--data`, `--demo`). In the file a dotted key is an object in an object: `{"media": {"rtpPortRange": "40000-40999"}}`.',
    'In the environment the text `null` stands for null. Unknown keys and wrong values are refused.',
    '',
    '| key | environment | default | unit | allowed | what |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
