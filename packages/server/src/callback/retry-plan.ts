const SECOND_US = 1_000_000;
/** That of the dialect: a try at once, then one every ten seconds for a minute. */
const FIRST_PAUSE_US = 10 * SECOND_US;
const FIRST_TRIES = 6;
const LONGEST_PAUSE_US = 3_600 * SECOND_US;

/**
 * When an event is tried again: every ten seconds for the first minute, then after pauses that double up to an hour. The
 * last try is due when the event is as old as `giveUpAfterUs`.
 *
 * The age counts from the writing: what had to wait behind others is not given a new day for it. It is tried once in any
 * case.
 *
 * @param attempts tries so far, at least 1; @param nowUs when the last of them ended.
 * @returns null: it is given up.
 */
export function nextAttemptUs({
  attempts,
  createdUs,
  nowUs,
  giveUpAfterUs,
}: {
  attempts: number;
  createdUs: number;
  nowUs: number;
  giveUpAfterUs: number;
}): number | null {
  const lastUs = createdUs + giveUpAfterUs;
  if (nowUs >= lastUs) return null;
  return Math.min(nowUs + pauseUs(attempts), lastUs);
}

function pauseUs(attempts: number): number {
  if (attempts <= FIRST_TRIES) return FIRST_PAUSE_US;
  // 2 ** 20 pauses are far above the longest one already; more would only lose digits.
  return Math.min(FIRST_PAUSE_US * 2 ** Math.min(attempts - FIRST_TRIES, 20), LONGEST_PAUSE_US);
}
