/**
 * Whole units of each of some amounts, such that any number of them from the first one on come to their sum rounded up. So parts of a
 * day never come to more or less than the day. Pure.
 * @param amounts In order of time.
 * @param unit What one unit is of them.
 */
export function roundedUpTogether(amounts: readonly number[], unit: number): number[] {
  let sum = 0;
  return amounts.map((amount) => {
    const before = Math.ceil(sum / unit);
    sum += amount;
    return Math.ceil(sum / unit) - before;
  });
}
