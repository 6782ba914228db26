import { ERROR_CATALOGUE, type ErrorCode } from '@callreel/protocol';

/**
 * An error of the catalogue. `message` is the sentence of the catalogue, with `detail` behind it where
 * one is given: the argument's name, what came and what is allowed. Details must not hold stacks, SQL,
 * paths of the server or secrets: they reach clients.
 */
export class CallreelError extends Error {
  override readonly name = 'CallreelError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(
      detail === undefined ? ERROR_CATALOGUE[code].sentence : `${ERROR_CATALOGUE[code].sentence} ${detail}`,
      options,
    );
    this.code = code;
  }

  /** HTTP status that goes with the code. */
  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }

  /** Whether the same request may succeed later. */
  get retry(): boolean {
    return ERROR_CATALOGUE[this.code].retry;
  }
}
