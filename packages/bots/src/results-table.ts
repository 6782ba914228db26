import type { BotCallResult } from './run-bots.ts';

/** Writes how calls went as a table of plain text, one line a call. */
export function resultsTable(results: readonly BotCallResult[]): string {
  const rows = results.map(({ number, callerId, calleeId, callId, lengthMs, sent, received, problem }) => [
    String(number),
    `${callerId} > ${calleeId}`,
    callId ?? '-',
    `${(lengthMs / 1000).toFixed(1)} s`,
    String(sent),
    String(received),
    problem ?? 'good',
  ]);
  const table = [['call', 'users', 'call id', 'length', 'sent', 'received', 'outcome'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
