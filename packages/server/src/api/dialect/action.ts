import type { Static, TSchema } from 'typebox';
import type { RestKey, RestKeyScope } from '../../apps/index.ts';
import type { ErrorCodes } from './dialect-error.ts';
import { type ParameterCodes, parameterCheck } from './parameter-check.ts';
import { fitTo } from './parameter-reading.ts';

/** An action as it is written down. */
export type ActionDefinition<S extends TSchema> = {
  name: string;
  /** Every field that the type definitions of the known system have. */
  parameters: S;
  /** Scopes of a key, one of which is needed. */
  scopes: readonly RestKeyScope[];
  /**
   * What a request of it that is sent again does: `reads` changes nothing, `ends` finds nothing left to change, `changes`
   * would change something anew.
   */
  effect: 'reads' | 'ends' | 'changes';
  parameterCodes: ParameterCodes;
  errorCodes: ErrorCodes;
  /** Code of what is our fault. */
  internalError: string;
  /** Answers what stands in `Response`, but the request's id. */
  run(parameters: Static<S>, key: RestKey): Promise<object>;
};

/** An action as requests meet it. */
export type Action = Omit<ActionDefinition<TSchema>, 'parameters' | 'parameterCodes' | 'run'> & {
  /** @param texts whether all values came as texts. @throws {DialectError} when the parameters do not fit. */
  prepare(parameters: unknown, texts: boolean): (key: RestKey) => Promise<object>;
};

/** Makes an action of its definition. */
export function action<S extends TSchema>({ parameters, parameterCodes, run, ...rest }: ActionDefinition<S>): Action {
  const check = parameterCheck(parameters, parameterCodes);
  return {
    ...rest,
    prepare(given, texts) {
      const checked = check(fitTo(parameters, given, texts));
      return (key) => run(checked, key);
    },
  };
}
