import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { nowUs } from '../base/clock.ts';
import type { Tables } from '../base/db/tables.ts';
import type { Log } from '../base/log.ts';
import { spentCaptures } from './queries.ts';

/** How often captures are looked at that nobody needs any more. */
const SWEEP_MS = 600_000;

/** What captures are looked at with. */
export type SpentCapturesParts = {
  db: Kysely<Tables>;
  log: Log;
  capturesFolder: string;
  captureRetentionHours: number;
};

/** Deletes captures: they are kept for a while after the last render, and always while a task is not rendered. */
export class SpentCaptures {
  readonly #parts: SpentCapturesParts;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: SpentCapturesParts) {
    this.#parts = parts;
  }

  /** Looks now, and from time to time until {@link SpentCaptures.close}. */
  async start(): Promise<void> {
    const { log } = this.#parts;
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) => log.error({ err: error }, 'spent captures could not be deleted'));
    }, SWEEP_MS);
    await this.sweep();
  }

  /** Deletes what nobody needs. @throws file and database errors. */
  async sweep(): Promise<void> {
    const { db, capturesFolder, captureRetentionHours } = this.#parts;
    const before = nowUs() - captureRetentionHours * 3_600_000_000;
    await mkdir(capturesFolder, { recursive: true, mode: 0o700 });
    const present = await readdir(capturesFolder);
    for (const roomSessionId of await spentCaptures(db, present, before))
      await rm(join(capturesFolder, roomSessionId), { recursive: true, force: true });
  }

  /** Looks no more. May be called twice. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
