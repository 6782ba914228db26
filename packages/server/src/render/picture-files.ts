import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NoPicture, PICTURE_MAX_BYTES } from '../recording/picture-kind.ts';
import { PICTURES_FOLDER } from '../recording/picture-name.ts';
import type { KeptPicture } from '../timeline/index.ts';
import { decodeStill, type StillPicture } from './still-picture.ts';

/** The files of the pictures that a task asks for by their addresses, and which of them cannot be shown. */
export class PictureFiles {
  readonly #folder: string;
  readonly #given: Readonly<Record<string, string>>;
  readonly #missing = new Map<string, string>();
  readonly #unreadable = new Map<string, string>();

  /** @param given Files by address that are used instead of the bundle's, from the beginning on. */
  constructor(bundleFolder: string, given: Readonly<Record<string, string>> = {}) {
    this.#folder = join(bundleFolder, PICTURES_FOLDER);
    this.#given = given;
  }

  /** What could not be shown of what was asked for. */
  get problems(): { url: string; detail: string }[] {
    return [...this.#missing, ...this.#unreadable].map(([url, detail]) => ({ url, detail }));
  }

  /** The file of an address at a moment, or null while there is none. @param kept What the bundle says of pictures. */
  find(url: string, kept: readonly KeptPicture[], atUs: number): string | null {
    if (Object.hasOwn(this.#given, url)) return this.#given[url] ?? null;
    const known = kept.find((picture) => picture.url === url && picture.fromUs <= atUs);
    if (known === undefined) this.#missing.set(url, 'The capture does not hold it at the time when it is to be seen.');
    else if ('detail' in known) this.#missing.set(url, known.detail);
    else {
      // It came a little after the task had asked for it.
      this.#missing.delete(url);
      return join(this.#folder, known.file);
    }
    return null;
  }

  /** Reads a picture; null when it cannot be shown, which is remembered. */
  read(url: string, path: string): StillPicture | null {
    try {
      // Before it is read: what somebody put there may be of any size.
      const stat = statSync(path);
      const { size } = stat;
      if (!stat.isFile()) throw new NoPicture('It is no file.');
      if (size > PICTURE_MAX_BYTES) throw new NoPicture(`It has ${size} bytes; at most ${PICTURE_MAX_BYTES}.`);
      return decodeStill(readFileSync(path));
    } catch (error) {
      this.#unreadable.set(url, detailOf(error));
      return null;
    }
  }
}

function detailOf(error: unknown): string {
  if (error instanceof NoPicture) return error.message;
  return error instanceof Error && 'code' in error ? `Its file cannot be read (${String(error.code)}).` : String(error);
}
