import { expect } from 'vitest';
import { matchOnsets, measureFlashes, measureTones, type Rectangle } from '../scorer/index.ts';
import { type JournalledStream, wireOnsetsUs } from './wire-truth.ts';

/** What a recording is asked about one user. */
export type Asked = { userId: string; pitchHz: number; rectangle: Rectangle };

/** How the recording holds one user, against the wire; all in ms. */
export type Verdict = {
  userId: string;
  kind: 'audio' | 'video';
  /** Onsets on the wire inside the asked time. */
  expected: number;
  missing: number;
  /** Signed: positive is later than on the wire. */
  medianMs: number;
  worstMs: number;
};

/** Onsets further apart than this are not the same flash or tone. */
const SAME_US = 400_000;

/**
 * Compares a file with the wire, stream by stream.
 * @param between only onsets inside this time (µs since the epoch) are asked for.
 */
export async function judge(
  file: { path: string; startUs: number },
  captureFolder: string,
  streams: readonly JournalledStream[],
  asked: readonly Asked[],
  between: { fromUs: number; untilUs: number },
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const { userId, pitchHz, rectangle } of asked) {
    for (const kind of ['video', 'audio'] as const) {
      const own = streams.filter((stream) => stream.userId === userId && stream.kind === kind);
      const wire = (await Promise.all(own.map((stream) => wireOnsetsUs(captureFolder, stream, pitchHz))))
        .flat()
        .filter((atUs) => atUs > between.fromUs && atUs < between.untilUs);
      const found = (
        kind === 'video' ? await measureFlashes(file.path, { rectangle }) : await measureTones(file.path, pitchHz)
      ).map((atUs) => file.startUs + atUs);
      const { offsetsMs, missingUs } = matchOnsets(found, wire, SAME_US);
      const sorted = [...offsetsMs].sort((a, b) => a - b);
      verdicts.push({
        userId,
        kind,
        expected: wire.length,
        missing: missingUs.length,
        medianMs: Math.round(10 * (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN)) / 10,
        worstMs:
          Math.round(10 * offsetsMs.reduce((worst, each) => (Math.abs(each) > Math.abs(worst) ? each : worst), 0)) / 10,
      });
    }
  }
  return verdicts;
}

/** Bound of the issue for the distance between wire and file, in ms. */
const SYNC_MS = 40;

/** Prints the verdicts and asks that nothing is missing and everything lies within ± 40 ms of the wire. */
export function expectInSync(verdicts: readonly Verdict[], leastOnsets: number): void {
  console.table(verdicts);
  for (const { userId, kind, expected, missing, worstMs } of verdicts) {
    expect(expected, `${kind} of ${userId} on the wire`).toBeGreaterThanOrEqual(leastOnsets);
    expect(missing, `${kind} of ${userId} missing in the file`).toBe(0);
    expect(Math.abs(worstMs), `${kind} of ${userId} against the wire`).toBeLessThanOrEqual(SYNC_MS);
  }
}
