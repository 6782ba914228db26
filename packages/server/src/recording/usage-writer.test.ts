import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { UsageCount } from './usage-count.ts';
import { UsageWriter } from './usage-writer.ts';

const usage = (recordedUs: number): UsageCount[] => [{ mode: 'mixed', class: 'hd', bucketUs: 0, recordedUs }];

/** A writer whose writings wait until they are let go on. */
function slowWriter(): {
  writer: UsageWriter;
  begun: { recordedUs: number | undefined; isOver: boolean }[];
  goOn: (error?: Error) => void;
} {
  const begun: { recordedUs: number | undefined; isOver: boolean }[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const writer = new UsageWriter(
    ([count], { isOver }) => {
      begun.push({ recordedUs: count?.recordedUs, isOver });
      return new Promise((resolve, reject) =>
        waiting.push((error) => (error === undefined ? resolve() : reject(error))),
      );
    },
    pino({ level: 'silent' }),
  );
  return { writer, begun, goOn: (error) => waiting.shift()?.(error) };
}

test('writes one after the other, and of what waits the newest only', async () => {
  const { writer, begun, goOn } = slowWriter();
  for (const recordedUs of [1, 2, 3]) writer.take(usage(recordedUs));
  expect(begun).toEqual([{ recordedUs: 1, isOver: false }]);
  goOn();
  await expect.poll(() => begun).toHaveLength(2);
  goOn();
  await writer.idle;
  expect(begun[1]).toEqual({ recordedUs: 3, isOver: false });
});

test('a writing that fails does not hold up the next one', async () => {
  const { writer, begun, goOn } = slowWriter();
  writer.take(usage(1));
  goOn(new Error('the database is away'));
  await writer.idle;
  writer.take(usage(2));
  expect(begun.at(-1)).toEqual({ recordedUs: 2, isOver: false });
  goOn();
  await writer.idle;
});

test('the last one is written behind what is under way, in place of what waits, and throws when it fails', async () => {
  const { writer, begun, goOn } = slowWriter();
  writer.take(usage(1));
  writer.take(usage(2));
  const last = writer.last(usage(3));
  expect(begun).toHaveLength(1);
  goOn();
  await expect.poll(() => begun).toHaveLength(2);
  expect(begun[1]).toEqual({ recordedUs: 3, isOver: true });
  goOn(new Error('the database is away'));
  await expect(last).rejects.toThrow('away');
});
