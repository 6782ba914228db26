import { CLIENT_ERRORS } from '../packages/callkit/src/signalling/callkit-error.ts';
import { ERROR_CATALOGUE, type ErrorEntry } from '../packages/protocol/src/error-catalogue.ts';

/** The text of docs/reference/errors.md, made from both catalogues. */
export function errorReference(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERROR_CATALOGUE);
  return [
    '# Errors',
    '',
    'Made from `packages/protocol/src/error-catalogue.ts` by `make reference`; a test compares both.',
    '',
    'Over HTTP: `{"error": {"code", "message", "retry", "requestId"}}` with the status. Over signalling: the',
    'same `error` in the ack, or as `data` of a refused connection. The message may go on behind the sentence',
    'with what came and what is allowed; programs look at the code. `requestId` is for the operator’s log.',
    '',
    '| code | HTTP | whose fault | try again | sentence | what to do |',
    '|---|---|---|---|---|---|',
    ...entries.map(
      ([code, { status, fault, retry, sentence, action }]) =>
        `| \`${code}\` | ${status} | ${fault} | ${retry ? 'yes' : 'no'} | ${sentence} | ${action} |`,
    ),
    '',
    '## In the SDK only',
    '',
    'Made from `packages/callkit/src/signalling/callkit-error.ts`: what only a client can see. Everything above reaches',
    'applications through the SDK as well.',
    '',
    '| code | try again | sentence | what to do |',
    '|---|---|---|---|',
    ...Object.entries(CLIENT_ERRORS).map(
      ([code, { retry, sentence, action }]) => `| \`${code}\` | ${retry ? 'yes' : 'no'} | ${sentence} | ${action} |`,
    ),
    '',
  ].join('\n');
}
