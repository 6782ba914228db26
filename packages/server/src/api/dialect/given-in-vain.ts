import { DialectError } from './dialect-error.ts';

/** Code of a value that is out of its range, or goes not together with others. */
export const OUT_OF_RANGE = 'InvalidParameter.OutOfRange';
/** Code of what the known system can and this one cannot. */
export const UNSUPPORTED = 'FailedOperation.CRUnsupportMethod';

/**
 * Refuses a parameter that would be without effect.
 * @param isGiven whether it is given and says something else than its default.
 * @throws {DialectError} `InvalidParameter.OutOfRange`.
 */
export function mustBeLeftOut(isGiven: boolean, name: string, where: string): void {
  if (isGiven) throw new DialectError(OUT_OF_RANGE, `${name} is given: must be left out ${where}.`);
}

/** Refuses what cannot be done here. @throws {DialectError} `FailedOperation.CRUnsupportMethod`. */
export function mustNotAsk(isGiven: boolean, name: string, why: string): void {
  if (isGiven) throw new DialectError(UNSUPPORTED, `${name} is given: ${why}.`);
}

/** A text that is given and not empty: an empty one counts as not given. */
export function text(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
