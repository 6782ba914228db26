import { expect } from 'vitest';
import { matchOnsets, measureFlashes, measureFreezes, measureTones, type Rectangle } from '../scorer/index.ts';
import { type JournalledStream, wireOnsetsUs } from './wire-truth.ts';

/** What a recording is asked about one user. */
export type Asked = {
  userId: string;
  pitchHz: number;
  rectangle: Rectangle;
  /** Default `main`. */
  source?: 'main' | 'aux';
  /** A band of the place that a moving mark crosses; without it freezes are not looked for. */
  strip?: Rectangle;
  /** Default: both. */
  kinds?: readonly ('audio' | 'video')[];
};

/** How the recording holds one user, against the wire; all in ms. */
export type Verdict = {
  userId: string;
  kind: 'audio' | 'video';
  /** Onsets on the wire inside the asked time. */
  expected: number;
  missing: number;
  /** Signed: positive is later than on the wire. */
  medianMs: number;
  /** Not signed, as `worstMs` is: 95 of 100 offsets are not larger. */
  p95Ms: number;
  worstMs: number;
  /** Distance of the 5th and the 95th percentile of the offsets. */
  spreadMs: number;
  /** How much later the last third is than the first. */
  driftMs: number;
  /** Times of more than half a second without another picture; null when it was not asked for. */
  freezes: number | null;
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
  for (const { userId, pitchHz, rectangle, source = 'main', strip, kinds = ['video', 'audio'] as const } of asked) {
    for (const kind of kinds) {
      const own = streams.filter(
        (stream) => stream.userId === userId && stream.kind === kind && stream.source === source,
      );
      const wire = (await Promise.all(own.map((stream) => wireOnsetsUs(captureFolder, stream, pitchHz))))
        .flat()
        .filter((atUs) => atUs > between.fromUs && atUs < between.untilUs);
      const found = (
        kind === 'video' ? await measureFlashes(file.path, { rectangle }) : await measureTones(file.path, pitchHz)
      ).map((atUs) => file.startUs + atUs);
      const { offsetsMs, missingUs } = matchOnsets(found, wire, SAME_US);
      const freezes =
        kind === 'audio' || strip === undefined
          ? null
          : await measureFreezes(file.path, strip, {
              fromUs: between.fromUs - file.startUs,
              untilUs: between.untilUs - file.startUs,
            });
      verdicts.push({
        userId: source === 'main' ? userId : `${userId} (${source})`,
        kind,
        expected: wire.length,
        missing: missingUs.length,
        ...figuresOf(offsetsMs),
        freezes: freezes === null ? null : freezes.length,
      });
    }
  }
  return verdicts;
}

/** Median, 95th percentile, spread and drift of offsets in the order of time. */
export function figuresOf(
  offsetsMs: readonly number[],
): Pick<Verdict, 'medianMs' | 'p95Ms' | 'worstMs' | 'spreadMs' | 'driftMs'> {
  const sorted = [...offsetsMs].sort((a, b) => a - b);
  const sizes = offsetsMs.map(Math.abs).sort((a, b) => a - b);
  const third = Math.ceil(offsetsMs.length / 3);
  return {
    medianMs: tenths(percentile(sorted, 50)),
    p95Ms: tenths(percentile(sizes, 95)),
    worstMs: tenths(offsetsMs.reduce((worst, each) => (Math.abs(each) > Math.abs(worst) ? each : worst), 0)),
    spreadMs: tenths(percentile(sorted, 95) - percentile(sorted, 5)),
    driftMs: tenths(mean(offsetsMs.slice(-third)) - mean(offsetsMs.slice(0, third))),
  };
}

/** The smallest value that is not below `share` of 100 of them (nearest rank). */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)] ?? Number.NaN;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function tenths(ms: number): number {
  return Math.round(10 * ms) / 10;
}

/** Bound of the issue for the distance between wire and file, in ms. */
const SYNC_MS = 40;

/** Bound for the 95th percentile, in ms; a picture waits for the file's next one besides: at most half of the time between two, on both sides. */
const P95_MS = 20;

/** How exactly a median is known, in ms: arrivals are whole ms, and the edge of a picture's place in the grid is sharp. */
const APART_MS = 5;

/**
 * Prints the verdicts and asks that nothing is missing, that 95 of 100 onsets lie within ± 20 ms of the wire (for pictures half
 * of the file's time between two more), and that users differ by less than one picture.
 */
export function expectTrue(
  verdicts: readonly Verdict[],
  { title, leastOnsets, fps }: { title: string; leastOnsets: number; fps: number },
): void {
  printRows(title, verdicts);
  const frameMs = 1000 / fps;
  for (const { userId, kind, expected, missing, p95Ms, freezes } of verdicts) {
    const whose = `${title}: ${kind} of ${userId}`;
    expect(expected, `${whose} on the wire`).toBeGreaterThanOrEqual(leastOnsets);
    expect(missing, `${whose} missing in the file`).toBe(0);
    expect(p95Ms, `${whose} against the wire`).toBeLessThanOrEqual(P95_MS + (kind === 'video' ? frameMs / 2 : 0));
    expect(freezes ?? 0, `freezes of ${whose}`).toBe(0);
  }
  for (const kind of ['audio', 'video'] as const) {
    const medians = verdicts.filter((each) => each.kind === kind).map(({ medianMs }) => medianMs);
    expect(Math.max(...medians) - Math.min(...medians), `${title}: users apart (${kind})`).toBeLessThanOrEqual(
      frameMs + APART_MS,
    );
  }
}

/** Prints a row for each user and kind. */
export function printRows(title: string, verdicts: readonly Verdict[]): void {
  console.log(
    [
      title,
      ...verdicts.map(
        ({ userId, kind, expected, missing, medianMs, p95Ms, spreadMs, driftMs, freezes }) =>
          `  ${userId.padEnd(16)} ${kind}  presence ${expected - missing}/${expected}  offset ${medianMs} (p95 ${p95Ms}) ms  spread ${spreadMs} ms  drift ${driftMs} ms${freezes === null ? '' : `  freezes ${freezes}`}`,
      ),
    ].join('\n'),
  );
}

/** Prints the verdicts and asks that nothing is missing and everything lies within ± 40 ms of the wire. */
export function expectInSync(verdicts: readonly Verdict[], leastOnsets: number): void {
  console.table(verdicts);
  for (const { userId, kind, expected, missing, worstMs } of verdicts) {
    expect(expected, `${kind} of ${userId} on the wire`).toBeGreaterThanOrEqual(leastOnsets);
    expect(missing, `${kind} of ${userId} missing in the file`).toBe(0);
    expect(Math.abs(worstMs), `${kind} of ${userId} against the wire`).toBeLessThanOrEqual(SYNC_MS);
  }
}
