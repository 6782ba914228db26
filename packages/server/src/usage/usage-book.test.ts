import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { USAGE_CLASSES, USAGE_MODES } from '@callreel/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../base/db/index.ts';
import type { UsageCount } from '../recording/usage-count.ts';
import { roundedUpTogether } from './rounding.ts';
import { UsageBook } from './usage-book.ts';
import type { UsageEntry } from './usage-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-usage-book-'));
let database: Database;
let book: UsageBook;

beforeAll(async () => {
  database = await openDatabase({ dataFolder: folder, databaseUrl: null });
  for (const sdkAppId of [1, 2])
    await database.db
      .insertInto('applications')
      .values({ sdk_app_id: sdkAppId, name: 'a', secret_key: 'k', recording: '{}', created_us: 1 })
      .execute();
  book = new UsageBook(database.db);
}, 60_000);
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const DAY_US = 86_400_000_000;
const dayUs = (day: string): number => Date.parse(`${day}T00:00:00Z`) * 1000;
const FROM_US = dayUs('2026-11-20');
const day = (number: number): string => new Date((FROM_US + number * DAY_US) / 1000).toISOString().slice(0, 10);
const sum = (parts: readonly { recordedUs: number }[]): number =>
  parts.reduce((total, { recordedUs }) => total + recordedUs, 0);
const over = { isOver: true };

/** Counts of one task within three days, each mode, class and bucket once. */
const taskCounts = fc.uniqueArray(
  fc.record({
    mode: fc.constantFrom(...USAGE_MODES),
    class: fc.constantFrom(...USAGE_CLASSES),
    bucketUs: fc.integer({ min: 0, max: 3 * 288 - 1 }).map((number) => FROM_US + number * 300_000_000),
    recordedUs: fc.integer({ min: 1, max: 300_000_000 }),
  }),
  { maxLength: 12, selector: (count) => `${count.mode} ${count.class} ${count.bucketUs}` },
);

describe('a usage book', () => {
  test('the sum over tasks is the sum over days is the sum over points, however often and in whatever parts it is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            sdkAppId: fc.constantFrom(1, 2),
            tellings: fc.array(taskCounts, { minLength: 1, maxLength: 3 }),
          }),
          {
            maxLength: 4,
          },
        ),
        async (tasks) => {
          await database.db.deleteFrom('usage_counts').execute();
          const told: { sdkAppId: number; counts: UsageCount[] }[] = [];
          for (const [index, { sdkAppId, tellings }] of tasks.entries()) {
            const task = { taskId: `task-${index}`, sdkAppId };
            for (const counts of tellings) await book.record(task, counts, { isOver: false });
            const counts = tellings.at(-1) ?? [];
            // Twice: nothing is counted twice.
            for (let time = 0; time < 2; time += 1) await book.record(task, counts, over);
            expect(sum(await book.task(task.taskId))).toBe(sum(counts));
            told.push({ sdkAppId, counts });
          }
          for (const sdkAppId of [1, 2, undefined]) {
            const own = told.filter((task) => sdkAppId === undefined || task.sdkAppId === sdkAppId);
            const query = sdkAppId === undefined ? {} : { sdkAppId };
            const days = await book.days({ from: day(0), to: day(2), ...query });
            const points: UsageEntry[] = [];
            for (const number of [0, 1, 2])
              points.push(...(await book.points({ from: day(number), to: day(number), ...query })));
            const tasksUs = sum(own.flatMap(({ counts }) => counts));
            expect([sum(days), sum(points)]).toEqual([tasksUs, tasksUs]);
            const keyOf = (entry: UsageEntry): string =>
              `${entry.sdkAppId} ${entry.mode} ${entry.class} ${Math.floor(entry.startUs / DAY_US)}`;
            const ofPoints = Map.groupBy(points, keyOf);
            expect(ofPoints.size).toBe(days.length);
            for (const entry of days) {
              const parts = ofPoints.get(keyOf(entry)) ?? [];
              expect(sum(parts)).toBe(entry.recordedUs);
              expect(entry.minutes).toBe(Math.ceil(entry.recordedUs / 60e6));
              expect(parts.reduce((total, { minutes }) => total + minutes, 0)).toBe(entry.minutes);
            }
            for (const mode of USAGE_MODES)
              expect(await book.days({ from: day(0), to: day(2), mode, ...query })).toEqual(
                days.filter((entry) => entry.mode === mode),
              );
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is not made less by a render that begins again, until it is over', async () => {
    const task = { taskId: 'again', sdkAppId: 1 };
    const count = (recordedUs: number, rest: Partial<UsageCount> = {}): UsageCount => ({
      ...{ mode: 'mixed', class: 'hd', bucketUs: FROM_US, recordedUs },
      ...rest,
    });
    await book.record(task, [count(200e6)], { isOver: false });
    await book.record(task, [count(10e6)], { isOver: false });
    expect(await book.task('again')).toEqual([count(200e6)]);
    // As much, and something else: a camera that came back takes its time from the sound.
    const other = [count(150e6), count(50e6, { class: 'audio' })];
    await book.record(task, other.toReversed(), { isOver: false });
    expect(await book.task('again')).toEqual(other.toSorted((a, b) => (a.class < b.class ? -1 : 1)));
    await book.record(task, [count(10e6)], over);
    expect(await book.task('again')).toEqual([count(10e6)]);
    await book.record(task, [], over);
    expect(await book.task('again')).toEqual([]);
  });

  test('takes days of a task at once', async () => {
    const counts = Array.from(
      { length: 2_000 },
      (_, index): UsageCount => ({ mode: 'mixed', class: 'hd', bucketUs: FROM_US + index * 300e6, recordedUs: 300e6 }),
    );
    await book.record({ taskId: 'long', sdkAppId: 1 }, counts, { isOver: false });
    expect(await book.task('long')).toEqual(counts);
    await book.record({ taskId: 'long', sdkAppId: 1 }, [], over);
  });

  test('days are those of UTC, and both ends belong to them', async () => {
    const task = { taskId: 'ends', sdkAppId: 2 };
    const bucket = (bucketUs: number): UsageCount => ({ mode: 'single', class: 'sd', bucketUs, recordedUs: 1e6 });
    const [first, last] = [dayUs('2026-03-01'), dayUs('2026-04-01') - 300e6];
    await book.record(task, [first - 300e6, first, last, last + 300e6].map(bucket), over);
    const entries = await book.days({ from: '2026-03-01', to: '2026-03-31', sdkAppId: 2 });
    expect(entries).toEqual([
      { sdkAppId: 2, mode: 'single', class: 'sd', startUs: first, recordedUs: 1e6, minutes: 1 },
      { sdkAppId: 2, mode: 'single', class: 'sd', startUs: dayUs('2026-03-31'), recordedUs: 1e6, minutes: 1 },
    ]);
    expect(await book.days({ from: '2026-03-01', to: '2026-03-31', sdkAppId: 1 })).toEqual([]);
  });

  test.each([
    ['2026-03-01', '2026-04-01', 'UsageRangeTooLong'],
    ['2026-03-02', '2026-03-01', 'ParameterInvalid'],
    ['2026-02-30', '2026-03-01', 'ParameterInvalid'],
    ['2026-3-1', '2026-03-01', 'ParameterInvalid'],
    ['', '2026-03-01', 'ParameterInvalid'],
    ['2026-03-01', '2026-03-01 00:00:00', 'ParameterInvalid'],
    ['+02026-03-01', '2026-03-01', 'ParameterInvalid'],
    ['2026-03-01', '9999-99-99', 'ParameterInvalid'],
  ])('refuses %s to %s with %s', async (from, to, code) => {
    await expect(book.days({ from, to })).rejects.toMatchObject({ code });
    await expect(book.points({ from, to })).rejects.toMatchObject({ code });
  });

  test('points are of one day', async () => {
    await expect(book.points({ from: '2026-03-01', to: '2026-03-02' })).rejects.toMatchObject({
      code: 'UsageRangeTooLong',
    });
  });
});

test('amounts are rounded up together: any of them from the first one on come to their sum rounded up', () => {
  expect(roundedUpTogether([1, 59, 1, 0, 60, 60], 60)).toEqual([1, 0, 1, 0, 1, 1]);
  fc.assert(
    fc.property(fc.array(fc.nat(400_000_000)), fc.integer({ min: 1, max: 60_000_000 }), (amounts, unit) => {
      let [amount, units] = [0, 0];
      for (const [index, rounded] of roundedUpTogether(amounts, unit).entries()) {
        amount += amounts[index] ?? 0;
        units += rounded;
        expect(rounded).toBeGreaterThanOrEqual(0);
        expect(units).toBe(Math.ceil(amount / unit));
      }
    }),
  );
});
