import type { UsageClass } from '@callreel/protocol';
import { USAGE_BUCKET_US } from '../recording/usage-count.ts';

/** A time of the call that is in a file, and what it counts as; in media time. */
export type UsageSpan = { fromUs: number; untilUs: number; class: UsageClass };

/** A part of a span within one bucket of time. */
type BucketPart = { class: UsageClass; bucketUs: number; recordedUs: number };

/** Adds a span behind the others, as a part of the last one where it goes on as that is. */
export function addSpan(spans: UsageSpan[], span: UsageSpan): void {
  const last = spans.at(-1);
  if (last?.untilUs === span.fromUs && last.class === span.class) last.untilUs = span.untilUs;
  else spans.push({ ...span });
}

/** The spans cut where buckets of time begin. Pure; what they hold in all stays the same to the microsecond. */
export function* bucketParts(spans: readonly UsageSpan[]): Generator<BucketPart> {
  for (const span of spans) {
    for (let atUs = span.fromUs; atUs < span.untilUs; ) {
      const bucketUs = Math.floor(atUs / USAGE_BUCKET_US) * USAGE_BUCKET_US;
      const untilUs = Math.min(span.untilUs, bucketUs + USAGE_BUCKET_US);
      yield { class: span.class, bucketUs, recordedUs: untilUs - atUs };
      atUs = untilUs;
    }
  }
}
