import type { StreamLife } from '../timeline/index.ts';
import type { Gap } from './gap-meter.ts';

/** What of the gaps lies within the window and in the stream's life, while it was not muted. In order. */
export function withinLife(gaps: readonly Gap[], { fromUs, untilUs, muted }: StreamLife, window: Gap): Gap[] {
  const from = Math.max(fromUs, window.fromUs);
  const until = Math.min(untilUs ?? Number.POSITIVE_INFINITY, window.untilUs);
  const inside = gaps
    .map((gap) => ({ fromUs: Math.max(gap.fromUs, from), untilUs: Math.min(gap.untilUs, until) }))
    .filter((gap) => gap.untilUs > gap.fromUs);
  return withoutParts(
    inside,
    muted.map((span) => ({ fromUs: span.fromUs, untilUs: span.untilUs ?? Number.POSITIVE_INFINITY })),
  );
}

/** What is left of the gaps when the parts are taken out. */
export function withoutParts(gaps: readonly Gap[], parts: readonly Gap[]): Gap[] {
  return parts.reduce<Gap[]>(
    (left, part) =>
      left.flatMap((gap) =>
        [
          { fromUs: gap.fromUs, untilUs: Math.min(gap.untilUs, part.fromUs) },
          { fromUs: Math.max(gap.fromUs, part.untilUs), untilUs: gap.untilUs },
        ].filter(({ fromUs, untilUs }) => untilUs > fromUs),
      ),
    [...gaps],
  );
}
