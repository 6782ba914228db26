import type { Readable } from 'node:stream';

/** A place where finished files are kept. Keys are relative, `/`-separated, and made by us. */
export interface Store {
  /**
   * Takes the file at `path` under `key`; the file at `path` may be gone afterwards. When this returns, the
   * whole object is there under its key; a crash in the middle leaves nothing under it. Putting the same
   * file again after a crash is harmless.
   */
  put(key: string, path: string): Promise<void>;
  /** Size of the object in bytes, or null when there is none. */
  size(key: string): Promise<number | null>;
  /** Reads bytes `start` to `end`, both included. @throws {CallreelError} `FileMissing`. */
  read(key: string, range: { start: number; end: number }): Promise<Readable>;
  /** Where the object lies on this machine, or null when it lies elsewhere. */
  localPath(key: string): string | null;
  close(): Promise<void>;
}
