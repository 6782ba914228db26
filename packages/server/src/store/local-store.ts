import { copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CallreelError } from '../base/callreel-error.ts';
import { codeOf, diskError, isAbsent, makeFolder, syncFile, syncFolder } from './disk.ts';
import { checkKey } from './key.ts';
import type { Store } from './store.ts';

// What lies here is not an object yet. No key begins with a point, so the two never meet.
const UNFINISHED = '.unfinished';

/** Files in a folder of this machine. */
export class LocalStore implements Store {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /**
   * Opens the store and clears away what a killed process left half copied.
   *
   * @param root folder of the store, made when missing; nobody else writes into it.
   */
  static async open(root: string): Promise<LocalStore> {
    await makeFolder(root);
    await rm(join(root, UNFINISHED), { recursive: true, force: true });
    return new LocalStore(root);
  }

  /** See {@link Store.put}. A file on the same disk is moved, not copied. */
  async put(key: string, path: string): Promise<void> {
    const target = this.#pathOf(key);
    try {
      await syncFile(path);
    } catch (error) {
      // Moved already, before a crash that came too soon for anybody to write it down.
      if (isAbsent(error) && (await this.size(key)) !== null) return;
      throw error;
    }
    await makeFolder(dirname(target));
    try {
      await rename(path, target);
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw diskError(error);
      await this.#copyAcross(path, target);
    }
    await syncFolder(dirname(target));
  }

  /** See {@link Store.size}. */
  async size(key: string): Promise<number | null> {
    try {
      const facts = await stat(this.#pathOf(key));
      return facts.isFile() ? facts.size : null;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  /** See {@link Store.read}. The file is open when this returns: removing it afterwards harms no reader. */
  async read(key: string, { start, end }: { start: number; end: number }): Promise<Readable> {
    const path = this.#pathOf(key);
    try {
      const file = await open(path, 'r');
      if ((await file.stat()).isFile()) return file.createReadStream({ start, end });
      await file.close();
    } catch (cause) {
      if (!isAbsent(cause)) throw cause;
      throw new CallreelError('FileMissing', undefined, { cause });
    }
    throw new CallreelError('FileMissing');
  }

  /** See {@link Store.localPath}. */
  localPath(key: string): string {
    return this.#pathOf(key);
  }

  /** Nothing is held open. */
  async close(): Promise<void> {
    return;
  }

  #pathOf(key: string): string {
    return join(this.#root, ...checkKey(key));
  }

  /** A file cannot be renamed onto another disk: copied beside its place first, then renamed there. */
  async #copyAcross(path: string, target: string): Promise<void> {
    const folder = join(this.#root, UNFINISHED);
    await makeFolder(folder);
    const copy = join(folder, `${process.pid}-${process.hrtime.bigint()}`);
    try {
      await copyFile(path, copy);
      await syncFile(copy);
      await rename(copy, target);
    } catch (error) {
      throw diskError(error);
    } finally {
      await rm(copy, { force: true });
    }
    await rm(path, { force: true });
  }
}
