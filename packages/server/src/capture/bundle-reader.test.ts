import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BundleReader } from './bundle-reader.ts';
import { JournalReader } from './journal-reader.ts';
import { mjrDump, rtpPacket } from './mjr-testkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(folder, 'case-'));
const line = (seq: number, userId = 'anna'): string =>
  `${JSON.stringify({ seq, atUs: seq * 1000, type: 'userEntered', userId })}\n`;

describe('JournalReader', () => {
  test('gives every event once, wherever the file is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (names, cuts) => {
          const path = join(newFolder(), 'journal.jsonl');
          const bytes = Buffer.from(names.map((name, index) => line(index + 1, name)).join(''));
          const reader = new JournalReader(path);
          expect(reader.read()).toEqual([]);
          const read = [];
          let from = 0;
          for (const cut of [...cuts.map((value) => value % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
            appendFileSync(path, bytes.subarray(from, cut));
            from = cut;
            read.push(...reader.read());
          }
          reader.close();
          expect(read.map((event) => ('userId' in event ? event.userId : ''))).toEqual(names);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('follows a writer that cuts off its torn line and goes on', () => {
    const path = join(newFolder(), 'journal.jsonl');
    writeFileSync(path, `${line(1)}{"seq":2,"atUs":20`);
    const reader = new JournalReader(path);
    expect(reader.read()).toHaveLength(1);
    truncateSync(path, line(1).length);
    expect(reader.read()).toEqual([]);
    appendFileSync(path, `${line(2)}broken\n${line(3)}`);
    expect(reader.read().map(({ seq }) => seq)).toEqual([2, 3]);
    expect(reader.brokenLines).toBe(1);
    reader.close();
  });

  test('passes over streams whose dump is no plain file name', () => {
    const path = join(newFolder(), 'journal.jsonl');
    const published = { atUs: 1, type: 'streamPublished', userId: 'anna', streamId: 's', kind: 'audio' };
    const names = ['a.mjr', null, '../a.mjr', '', '..', 7, undefined];
    writeFileSync(path, names.map((dump, seq) => `${JSON.stringify({ seq, ...published, dump })}\n`).join(''));
    const reader = new JournalReader(path);
    expect(reader.read().map(({ seq }) => seq)).toEqual([0, 1]);
    expect(reader.brokenLines).toBe(5);
    reader.close();
  });

  test('reads lines of any length', () => {
    const path = join(newFolder(), 'journal.jsonl');
    writeFileSync(path, line(1, 'x'.repeat(200_000)) + line(2));
    const reader = new JournalReader(path);
    expect(reader.read()).toHaveLength(2);
    reader.close();
  });
});

describe('BundleReader', () => {
  test('wakes when the journal has got a line', async () => {
    const bundleFolder = newFolder();
    const bundle = new BundleReader(bundleFolder);
    await bundle.changed();
    const woken = bundle.changed();
    appendFileSync(join(bundleFolder, 'journal.jsonl'), line(1));
    await woken;
    for (let turn = 0; turn < 3 && !bundle.refresh(); turn += 1) await bundle.changed();
    expect(bundle.events).toHaveLength(1);
    const waiting = bundle.changed();
    bundle.close();
    bundle.close();
    await waiting;
  });

  test('opens dumps by name, and nothing outside of the folder', () => {
    const bundleFolder = newFolder();
    const bundle = new BundleReader(bundleFolder);
    expect(() => bundle.openDump('../secret')).toThrow('not a file name');
    const stream = bundle.openDump('a.mjr');
    expect(stream.read()).toBeNull();
    const payload = Buffer.from([0x78, 1]);
    const packet = (sequence: number, ssrc: number, rtpTime: number): { arrivalUs: number; bytes: Buffer } => ({
      arrivalUs: 5_000_000,
      bytes: rtpPacket({ sequence, ssrc, rtpTime, marker: false, payload }),
    });
    writeFileSync(
      join(bundleFolder, 'a.mjr'),
      mjrDump({ codec: 'opus' }, [
        packet(65_535, 1, 2 ** 32 - 960),
        packet(0, 1, 0),
        packet(9, 2, 7),
        packet(30_000, 2, 8),
      ]),
    );
    const read = Array.from({ length: 4 }, () => stream.read());
    expect(read.map((one) => [one?.epoch, one?.sequence, one?.rtpTime])).toEqual([
      [0, 65_535, 2 ** 32 - 960],
      [0, 65_536, 2 ** 32],
      [1, 9, 7],
      [2, 30_000, 8],
    ]);
    stream.close();
    bundle.close();
  });
});
