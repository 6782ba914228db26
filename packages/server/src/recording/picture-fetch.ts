import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Log } from '../base/log.ts';
import { fetchOutside, OutboundError, type OutboundRequest } from '../base/outbound-fetch.ts';
import { writeWhole } from '../base/write-whole.ts';
import type { PictureEvent } from '../capture/journal-event.ts';
import { NoPicture, PICTURE_MAX_BYTES, pictureKindOf } from './picture-kind.ts';
import { PICTURES_FOLDER, pictureFileName, pictureUrlsOf } from './picture-name.ts';
import type { TaskParameters } from './task-parameters.ts';

/** Pauses before the next tries of a picture that may come yet, in ms: about a minute in all. */
const RETRY_PAUSES_MS = [1_000, 5_000, 15_000, 30_000] as const;
/** More than this of an address is of no use in a log. */
const LOGGED_LENGTH = 200;

/** How pictures are fetched. */
export type PictureFetchOptions = Pick<OutboundRequest, 'allows' | 'timeoutMs' | 'resolve'> & {
  /** Pauses between tries, in ms; about a minute in all by default. */
  pausesMs?: readonly number[];
};

/** Where a bundle is, what it says of pictures, and whether more can be said. */
export type PictureJournal = {
  readonly folder: string;
  readonly closed: boolean;
  knowsPicture(url: string): boolean;
  append(event: PictureEvent): unknown;
};

/**
 * Fetches the pictures that tasks ask for into the bundles, each once, and says in the journal how it ended. Nothing waits for it: a
 * picture is seen from the moment on at which it is there.
 */
export class PictureFetches {
  readonly #log: Log;
  readonly #options: PictureFetchOptions;
  readonly #abort = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(log: Log, options: PictureFetchOptions = {}) {
    this.#log = log;
    this.#options = options;
  }

  /** Sees to it that the bundle has what a task asks for. What the journal knows already is not fetched again. */
  want(journal: PictureJournal, parameters: TaskParameters): void {
    for (const url of pictureUrlsOf(parameters)) {
      const key = `${journal.folder} ${url}`;
      if (this.#abort.signal.aborted || journal.knowsPicture(url) || this.#underWay.has(key)) continue;
      const work = this.#keep(journal, url)
        .catch((error: unknown) => this.#log.error({ err: error }, 'a picture could not be kept'))
        .finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, work);
    }
  }

  /** Waits until nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  /** Lets go what is under way; the next process fetches it again. May be called twice. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.settled();
  }

  async #keep(journal: PictureJournal, url: string): Promise<void> {
    const fetched = await fetchPicture(url, { ...this.#options, signal: this.#abort.signal });
    // The room may be over, and its capture with it; or this process is about to be.
    if (fetched === null || journal.closed) return;
    if ('bytes' in fetched) {
      const file = keepPicture(url, fetched, join(journal.folder, PICTURES_FOLDER));
      journal.append({ type: 'pictureKept', url, file });
    } else {
      journal.append({ type: 'pictureFailed', url, detail: fetched.detail });
      this.#log.warn({ url: url.slice(0, LOGGED_LENGTH), detail: fetched.detail }, 'a picture cannot be had');
    }
  }
}

/** A picture that was fetched. */
export type FetchedPicture = { kind: 'png' | 'jpg'; bytes: Buffer };

/** Writes a picture into a folder, which is made when it is missing. @returns its name there. @throws file errors. */
export function keepPicture(url: string, { kind, bytes }: FetchedPicture, folder: string): string {
  const file = pictureFileName(url, kind);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeWhole(join(folder, file), bytes, { mode: 0o600 });
  return file;
}

/**
 * Fetches one picture; tries again where that may help.
 * @returns the picture, or why there is none; null when the signal ended it.
 */
export async function fetchPicture(
  url: string,
  { pausesMs = RETRY_PAUSES_MS, signal, ...request }: PictureFetchOptions & { signal?: AbortSignal },
): Promise<FetchedPicture | { detail: string } | null> {
  for (let tries = 0; ; tries += 1) {
    const pauseMs = pausesMs[tries];
    try {
      const options = { ...request, maxBytes: PICTURE_MAX_BYTES, ...(signal === undefined ? {} : { signal }) };
      const { status, body } = await fetchOutside(url, options);
      if (status !== 200) throw new OutboundError(`It is answered with ${status}.`, { retry: mayPass(status) });
      return { kind: pictureKindOf(body).kind, bytes: body };
    } catch (error) {
      if (signal?.aborted === true) return null;
      if (error instanceof NoPicture) return { detail: error.message };
      if (!(error instanceof OutboundError)) throw error;
      if (!error.retry || pauseMs === undefined) return { detail: error.message };
    }
    if (!(await pause(pauseMs, signal))) return null;
  }
}

/** Whether the same request may be answered in another way later. */
function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** Returns false when the signal has ended the pause. */
async function pause(pauseMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await setTimeout(pauseMs, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}
