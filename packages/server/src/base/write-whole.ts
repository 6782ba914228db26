import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a small file so that its place holds the whole of it or nothing new, whatever happens in between:
 * beside its place, to the disk, renamed.
 *
 * @param mode rights of the file; default 0644.
 * @throws what the file system throws.
 */
export function writeWhole(path: string, content: string | Uint8Array, { mode = 0o644 }: { mode?: number } = {}): void {
  const unfinished = `${path}.unfinished`;
  // One that a killed process left may have other rights.
  rmSync(unfinished, { force: true });
  const file = openSync(unfinished, 'wx', mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
  syncFolder(dirname(path));
}

/** Brings the names in a folder to the disk: a rename is safe only behind this. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
