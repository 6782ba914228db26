import type { ContentWatch } from './content-watch.ts';
import type { FileClock } from './file-clock.ts';
import type { AvcDescription } from './mp4-movie.ts';
import type { RenderPlan } from './render-plan.ts';
import type { UsageMeter } from './usage-meter.ts';

/** What the files of a reel are made by, beside its segments. */
export type ReelParts = {
  plan: RenderPlan;
  clock: FileClock;
  /** What copied pictures are, in the order of their numbers; grows with them. */
  descriptions?: readonly AvcDescription[];
};

/** What a reel is made by: its streams are watched while it is, and what is made is counted. */
export type WatchedReel = ReelParts & { watch: ContentWatch; usage: UsageMeter };
