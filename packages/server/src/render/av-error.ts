import { FFmpegError } from 'node-av/lib';

/** A call of the media library that failed. */
export class AvError extends Error {
  override readonly name = 'AvError';
  /** The library's own number. */
  readonly code: number;

  constructor(what: string, code: number) {
    super(code === 0 ? what : `${what}: ${FFmpegError.strerror(code)}`);
    this.code = code;
  }

  /** Gives `code` back when it says success. @throws {AvError} when it is below zero. */
  static check(code: number, what: string): number {
    if (code < 0) throw new AvError(what, code);
    return code;
  }
}
