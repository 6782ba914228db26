import type { UsageEntry } from '../usage/index.ts';

const HEAD = 'start,sdkAppId,mode,class,recordedUs,minutes';

/** Usage as CSV (RFC 4180), with a line of heads. `start` is UTC, as `2026-11-22T00:00:00Z`. No field needs quotes. */
export function usageCsv(entries: readonly UsageEntry[]): string {
  const lines = entries.map(({ startUs, sdkAppId, mode, class: kind, recordedUs, minutes }) =>
    [`${new Date(startUs / 1000).toISOString().slice(0, 19)}Z`, sdkAppId, mode, kind, recordedUs, minutes].join(','),
  );
  return [HEAD, ...lines].map((line) => `${line}\r\n`).join('');
}
