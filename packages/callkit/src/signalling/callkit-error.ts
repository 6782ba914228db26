import { ERROR_CATALOGUE, type ErrorBody, type ErrorCode } from '@callreel/protocol';

/**
 * Errors that only a client can see; those of the server stand in the catalogue of `@callreel/protocol`.
 * Same shape as there, without HTTP status and fault.
 */
export const CLIENT_ERRORS = Object.freeze({
  ServerUnreachable: {
    retry: true,
    sentence: 'The server cannot be reached.',
    action: 'Check the network; the connection is tried again by itself.',
  },
  ConnectionLost: {
    retry: true,
    sentence: 'The connection was lost before the server answered.',
    action: 'Wait for the reconnection and try again.',
  },
  RequestTimedOut: { retry: true, sentence: 'The server did not answer in time.', action: 'Try again.' },
  AnswerMalformed: {
    retry: false,
    sentence: 'The answer of the server cannot be understood.',
    action: 'Use a callkit of the same version as the server.',
  },
  NotInitialised: {
    retry: false,
    sentence: 'The engine has not been initialised, or was destroyed.',
    action: 'Call init first.',
  },
  NoCall: {
    retry: false,
    sentence: 'There is no call for which this could be done.',
    action: 'Look at the state of the call first.',
  },
  InsecurePage: {
    retry: false,
    sentence: 'The browser gives camera and microphone to secure pages only.',
    action: 'Open the page over https or on localhost.',
  },
  MicrophoneRefused: {
    retry: false,
    sentence: 'The microphone may not be used.',
    action: 'Allow it in the settings of the browser.',
  },
  MicrophoneMissing: { retry: false, sentence: 'No microphone was found.', action: 'Connect one.' },
  MicrophoneBusy: {
    retry: true,
    sentence: 'The microphone cannot be opened.',
    action: 'Close other programs that use it.',
  },
  MicrophoneEnded: {
    retry: true,
    sentence: 'The microphone was disconnected.',
    action: 'Connect it and switch it on again.',
  },
  CameraRefused: {
    retry: false,
    sentence: 'The camera may not be used.',
    action: 'Allow it in the settings of the browser.',
  },
  CameraMissing: { retry: false, sentence: 'No camera was found.', action: 'Connect one.' },
  CameraBusy: { retry: true, sentence: 'The camera cannot be opened.', action: 'Close other programs that use it.' },
  CameraEnded: { retry: true, sentence: 'The camera was disconnected.', action: 'Connect it and switch it on again.' },
  SoundBlocked: {
    retry: true,
    sentence: 'The browser plays no sound before the page is touched.',
    action: 'Call resumeSound() from a click.',
  },
  ViewUnknown: {
    retry: false,
    sentence: 'There is no element with this id.',
    action: 'Give an element, or the id of one in the page.',
  },
} as const);

/** Code of an error that only a client can see. */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** Code of any error that callkit throws or reports. */
export type CallkitErrorCode = ErrorCode | ClientErrorCode;

type ErrorFacts = { message?: string; retry?: boolean; requestId?: string | undefined; cause?: unknown };

/** An error of callkit: `code`, `message` (a sentence), `action` (what to do) and whether to try again. */
export class CallkitError extends Error {
  override readonly name = 'CallkitError';
  readonly code: CallkitErrorCode;
  /** What to do about it, as a sentence. */
  readonly action: string;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
  /** Names the request in the server's log; only errors of the server have one. */
  readonly requestId: string | undefined;

  /** The sentence is that of the catalogue unless `message` is given. */
  constructor(code: CallkitErrorCode, facts: ErrorFacts = {}) {
    const entry = isClientCode(code) ? CLIENT_ERRORS[code] : ERROR_CATALOGUE[code];
    super(facts.message ?? entry.sentence, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.action = entry.action;
    this.retry = facts.retry ?? entry.retry;
    this.requestId = facts.requestId;
  }

  /** Makes the error that the server told; `InternalError` when its code is not known here. */
  static fromBody(body: ErrorBody): CallkitError {
    const code = body.code in ERROR_CATALOGUE ? body.code : 'InternalError';
    return new CallkitError(code, { message: body.message, retry: body.retry, requestId: body.requestId });
  }

  /** Makes a CallkitError of anything that was thrown: itself, or one with the given code and it as cause. */
  static of(thrown: unknown, code: CallkitErrorCode = 'InternalError'): CallkitError {
    return thrown instanceof CallkitError ? thrown : new CallkitError(code, { cause: thrown });
  }
}

function isClientCode(code: CallkitErrorCode): code is ClientErrorCode {
  return code in CLIENT_ERRORS;
}
