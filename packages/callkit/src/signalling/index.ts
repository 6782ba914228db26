/**
 * The connection to the server, for browsers and Node alike.
 *
 * What enters: requests. What leaves: answers, the server's events, errors with code, sentence and action.
 * May not: know the DOM, media or the state of a call.
 */
export * from './callkit-error.ts';
export * from './device-id.ts';
export * from './emitter.ts';
export * from './signalling-client.ts';
