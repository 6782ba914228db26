import type { Span } from './room-history.ts';

/**
 * Media time of a moment of a file that leaves pauses out, or null when a pause that lasts comes before it.
 * @param startUs Media time of the file's beginning, which lies in no pause.
 * @param fileUs Since the file's beginning.
 * @param pauses In order, none over another.
 */
export function mediaTimeUs(startUs: number, fileUs: number, pauses: readonly Span[]): number | null {
  let atUs = startUs + fileUs;
  for (const { fromUs, untilUs } of pauses) {
    if (fromUs <= startUs && untilUs !== null && untilUs <= startUs) continue;
    if (atUs < fromUs) break;
    if (untilUs === null) return null;
    atUs += untilUs - Math.max(fromUs, startUs);
  }
  return atUs;
}

/** How far into a file that leaves pauses out a media time lies; what lies in a pause is where the pause is cut out. */
export function fileTimeUs(startUs: number, mediaUs: number, pauses: readonly Span[]): number {
  let fileUs = mediaUs - startUs;
  for (const { fromUs, untilUs } of pauses) {
    const from = Math.max(fromUs, startUs);
    const until = Math.min(untilUs ?? Number.POSITIVE_INFINITY, mediaUs);
    if (until > from) fileUs -= until - from;
  }
  return fileUs;
}
