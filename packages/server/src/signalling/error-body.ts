import { ERROR_CATALOGUE, type ErrorBody } from '@callreel/protocol';
import { CallreelError } from '../base/callreel-error.ts';

/** An error as devices see it: one of the catalogue, or one fixed sentence with the request's id. */
export function errorBody(error: unknown, requestId: string): ErrorBody {
  if (error instanceof CallreelError)
    return { code: error.code, message: error.message, retry: error.retry, requestId };
  const { sentence, retry } = ERROR_CATALOGUE.InternalError;
  return { code: 'InternalError', message: sentence, retry, requestId };
}
