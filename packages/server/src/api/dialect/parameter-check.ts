import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describeSchemaError, type SchemaError } from '../../base/schema-error.ts';
import { DialectError } from './dialect-error.ts';

/** Parameters whose values are not repeated in errors. */
const SECRETS = ['UserSig', 'PrivateMapKey', 'AccessKey', 'SecretKey'];

/** What an action calls parameters that are wrong. */
export type ParameterCodes = {
  /** Last names of parameters for which `MissingParameter.<Name>` exists. */
  missing: readonly string[];
  /** Code of a value that is not allowed, by the last name of its parameter. */
  value(name: string): string;
};

/** Makes the check of an action's parameters. */
export function parameterCheck<S extends TSchema>(schema: S, codes: ParameterCodes): (value: unknown) => Static<S> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value as Static<S>;
    throw refusal(value, compiled.Errors(value), codes);
  };
}

/** The error that tells best what is wrong. */
function refusal(value: unknown, errors: readonly SchemaError[], codes: ParameterCodes): DialectError {
  const unknown = errors.find(({ keyword }) => keyword === 'additionalProperties');
  const error = unknown ?? errors[0];
  if (error === undefined) return new DialectError('InvalidParameter', 'The parameters do not fit.');
  const name = lastName(error.instancePath);
  // What a client writes into its log should not hold its keys.
  const message = SECRETS.includes(name)
    ? `${name} does not fit: ${error.message}.`
    : describeSchemaError(value, [error]);
  switch (error.keyword) {
    case 'additionalProperties':
      return new DialectError('UnknownParameter', message);
    case 'required':
      return missing(firstOf(error.params, 'requiredProperties'), message, codes);
    case 'type':
      return new DialectError('InvalidParameter', message);
    default:
      return new DialectError(codes.value(name), message);
  }
}

/** That a parameter is not given. @param name its last name. */
export function missing(name: string, message: string, codes: Pick<ParameterCodes, 'missing'>): DialectError {
  return new DialectError(codes.missing.includes(name) ? `MissingParameter.${name}` : 'MissingParameter', message);
}

function lastName(path: string): string {
  return path.split('/').findLast((part) => !/^\d*$/.test(part)) ?? '';
}

function firstOf(params: object, name: string): string {
  const list: unknown = Reflect.get(params, name);
  return Array.isArray(list) ? String(list[0]) : '';
}
