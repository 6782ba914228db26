/** How what was found agrees with what was planned. Offsets are found − planned, in ms, of those that met. */
export type Match = { offsetsMs: number[]; missingUs: number[]; extraUs: number[]; worstMs: number };

/** Brings found and planned times together, each with the nearest one that is not further than `toleranceUs`. */
export function matchOnsets(foundUs: readonly number[], plannedUs: readonly number[], toleranceUs: number): Match {
  const left = [...foundUs];
  const offsetsMs: number[] = [];
  const missingUs: number[] = [];
  for (const planned of plannedUs) {
    const nearest = left.reduce<number | null>(
      (best, found) => (best === null || Math.abs(found - planned) < Math.abs(best - planned) ? found : best),
      null,
    );
    if (nearest === null || Math.abs(nearest - planned) > toleranceUs) {
      missingUs.push(planned);
      continue;
    }
    left.splice(left.indexOf(nearest), 1);
    offsetsMs.push(Math.round((nearest - planned) / 10) / 100);
  }
  return { offsetsMs, missingUs, extraUs: left, worstMs: Math.max(0, ...offsetsMs.map(Math.abs)) };
}
