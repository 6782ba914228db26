import { CallreelError } from '../base/callreel-error.ts';

/** Length of a day of UTC. */
export const DAY_US = 86_400_000_000;

/** Length of the spans of time within a day: that in which it is counted. */
export const POINT_US = 300_000_000;

/** Most days that can be asked for at once (REFERENCE.md §6). */
export const DAYS_MAX = 31;

/** Whole days: `fromUs` belongs to them, `untilUs` does not. */
export type UsageRange = { fromUs: number; untilUs: number; days: number };

/**
 * Reads a range of days of UTC, both of which belong to it.
 * @param daysMax Most days that it may have.
 * @throws {CallreelError} `ParameterInvalid`: no such day, or the last one is before the first one; `UsageRangeTooLong`.
 */
export function readUsageRange(from: string, to: string, daysMax = DAYS_MAX): UsageRange {
  const [fromUs, lastUs] = [dayOf('from', from), dayOf('to', to)];
  if (lastUs < fromUs) throw new CallreelError('ParameterInvalid', `The first day is ${from} and the last one ${to}.`);
  const days = (lastUs - fromUs) / DAY_US + 1;
  if (days > daysMax)
    throw new CallreelError('UsageRangeTooLong', `${from} to ${to} are ${days} days; allowed: ${daysMax}.`);
  return { fromUs, untilUs: lastUs + DAY_US, days };
}

/** The day of UTC in which a media time lies, as `2026-11-22`. */
export function dayText(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 10);
}

function dayOf(name: string, text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A day that there is not, as the 30th of February, is read as one of the next month.
  if (Number.isNaN(ms) || dayText(ms * 1000) !== text)
    throw new CallreelError('ParameterInvalid', `${name} is "${text.slice(0, 40)}"; allowed: a day as 2026-11-22.`);
  return ms * 1000;
}
