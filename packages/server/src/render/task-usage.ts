import type { UsageCount } from '../recording/usage-count.ts';
import { type ReelSubject, reelName } from '../timeline/index.ts';
import { withoutParts } from './alarm-span.ts';
import type { UsageMeter } from './usage-meter.ts';
import { bucketParts, type UsageSpan } from './usage-span.ts';

/** How often it is told while something is recorded: with what a render lags and a writing takes, far below a minute. */
const TELL_EVERY_MS = 10_000;

type CountedReel = { subject: ReelSubject; meter: UsageMeter };

/** How long a task has recorded, by what is in the files of its reels. */
export class TaskUsage {
  readonly #reels = new Map<string, CountedReel>();
  #lookedMs = performance.now();
  #told = '[]';

  /** Takes the meter of a reel, in place of one that it had before. */
  set(subject: ReelSubject, meter: UsageMeter): void {
    this.#reels.set(reelName(subject), { subject, meter });
  }

  /** The usage so far, when there is something new and it is time to tell it; else null. */
  due(): UsageCount[] | null {
    if (performance.now() - this.#lookedMs < TELL_EVERY_MS) return null;
    this.#lookedMs = performance.now();
    const counts = this.counts;
    const json = JSON.stringify(counts);
    if (json === this.#told) return null;
    this.#told = json;
    return counts;
  }

  /** The usage so far, in order of time, mode and class. */
  get counts(): UsageCount[] {
    const sums = new Map<string, UsageCount>();
    for (const reel of this.#reels.values()) {
      const mode = reel.subject.kind;
      for (const part of bucketParts(this.#countedSpans(reel))) {
        const key = `${part.bucketUs} ${mode} ${part.class}`;
        const sum = sums.get(key);
        if (sum === undefined) sums.set(key, { mode, ...part });
        else sum.recordedUs += part.recordedUs;
      }
    }
    return [...sums.values()].sort(
      (a, b) => a.bucketUs - b.bucketUs || compare(a.mode, b.mode) || compare(a.class, b.class),
    );
  }

  /**
   * The times of a reel that count. What is recorded of one user with his picture counts as video only, whether the sound
   * is in the same file or in one of its own: that one counts where there is no picture beside it.
   */
  #countedSpans({ subject, meter: { spans } }: CountedReel): readonly UsageSpan[] {
    if (subject.kind === 'mixed' || subject.media !== 'audio') return spans;
    const beside = this.#reels.get(reelName({ ...subject, media: 'video' }));
    if (beside === undefined) return spans;
    return withoutParts(spans, beside.meter.spans).map((span) => ({ ...span, class: 'audio' }));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
