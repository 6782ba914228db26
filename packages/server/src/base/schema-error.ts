/** What TypeBox says of one value that does not fit. */
export type SchemaError = { keyword: string; instancePath: string; params: object; message: string };

/**
 * The sentence of a refusal: names the field, what came and what is allowed.
 * `template.video.fps is 99: must be <= 60.`
 */
export function describeSchemaError(value: unknown, errors: readonly SchemaError[]): string {
  const unknown = errors.find((error) => error.keyword === 'additionalProperties');
  const [first] = unknown === undefined ? errors : [unknown];
  if (first === undefined) return 'It does not fit.';
  const path = first.instancePath;
  if (
    unknown !== undefined &&
    'additionalProperties' in first.params &&
    Array.isArray(first.params.additionalProperties)
  ) {
    return `${nameOf(path, String(first.params.additionalProperties[0]))} is not known.`;
  }
  if (
    first.keyword === 'required' &&
    'requiredProperties' in first.params &&
    Array.isArray(first.params.requiredProperties)
  ) {
    return `${nameOf(path, String(first.params.requiredProperties[0]))} is missing.`;
  }
  const choices = errors.filter(
    (error) => error.instancePath === path && error.keyword === 'const' && 'allowedValue' in error.params,
  );
  const allowed = choices.map((error) => JSON.stringify(Reflect.get(error.params, 'allowedValue')));
  const sentence = allowed.length > 0 ? `must be ${allowed.join(' or ')}` : first.message;
  return `${nameOf(path)} is ${shown(valueAt(value, path))}: ${sentence}.`;
}

function nameOf(path: string, name?: string): string {
  const parts = [...path.split('/').slice(1), ...(name === undefined ? [] : [name])];
  return parts.length === 0 ? 'The whole' : parts.join('.').slice(0, 200);
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
      value,
    );
}

/** Long values are cut: the sentence goes back over the wire. */
function shown(value: unknown): string {
  const text = written(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch (error) {
    // Ten thousand lists in each other can be read, but not written.
    if (error instanceof RangeError) return 'something nested too deep';
    throw error;
  }
}
