import { CallreelError } from '../../base/index.ts';

/** An error in the words of the known system: what stands in `Response.Error`. */
export class DialectError extends Error {
  /** `Kind` or `Kind.Reason`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DialectError';
    this.code = code;
  }
}

/** What our errors are called in the answers of an action; `*` for those that are not named. */
export type ErrorCodes = Readonly<Record<string, string>>;

/** The codes that every action of a product may give for what goes wrong inside. */
export const INTERNAL_ERROR = 'InternalError';

/** Puts an error into the words of an action. Null for what is nobody's fault but ours. */
export function toDialect(error: unknown, codes: ErrorCodes): DialectError | null {
  if (error instanceof DialectError) return error;
  if (!(error instanceof CallreelError)) return null;
  const code = Object.hasOwn(codes, error.code) ? codes[error.code] : undefined;
  return code === undefined ? null : new DialectError(code, error.message, { cause: error });
}
