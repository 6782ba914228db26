import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MjrReader } from './mjr-reader.ts';
import { mjrDump, mjrHead, mjrRecord, TEST_ORIENTATION_ID } from './mjr-testkit.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-mjr-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function newPath(): string {
  files += 1;
  return join(folder, `${files}.mjr`);
}
const FIRST_US = 1_790_000_000_000_000;
const packetList = fc.array(fc.record({ gapMs: fc.nat(500), bytes: fc.uint8Array({ maxLength: 300 }) }), {
  minLength: 1,
  maxLength: 30,
});

function arrive(list: { gapMs: number; bytes: Uint8Array }[]): { arrivalUs: number; bytes: Buffer }[] {
  let atUs = FIRST_US;
  return list.map(({ gapMs, bytes }, index) => {
    if (index > 0) atUs += gapMs * 1000;
    return { arrivalUs: atUs, bytes: Buffer.from(bytes) };
  });
}

function readAll(reader: MjrReader): { arrivalUs: number; packet: Buffer }[] {
  const records = [];
  for (let record = reader.read(); record !== null; record = reader.read()) records.push(record);
  return records;
}

describe('MjrReader', () => {
  test('gives every packet, however the file grows', () => {
    fc.assert(
      fc.property(packetList, fc.array(fc.nat(), { maxLength: 8 }), (list, cuts) => {
        const packets = arrive(list);
        const dump = mjrDump({ codec: 'vp8' }, packets);
        const path = newPath();
        const reader = new MjrReader(path);
        expect(reader.read()).toBeNull();
        const read = [];
        let from = 0;
        for (const cut of [...cuts.map((value) => value % dump.length).sort((a, b) => a - b), dump.length]) {
          appendFileSync(path, dump.subarray(from, cut));
          from = cut;
          read.push(...readAll(reader));
        }
        reader.close();
        expect(read).toEqual(packets.map(({ arrivalUs, bytes }) => ({ arrivalUs, packet: bytes })));
        expect(reader.skippedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('passes over garbage and counts it', () => {
    const [a, b] = arrive([
      { gapMs: 0, bytes: Buffer.alloc(20, 1) },
      { gapMs: 7, bytes: Buffer.alloc(30, 2) },
    ]);
    if (a === undefined || b === undefined) throw new Error('no packets');
    const path = newPath();
    writeFileSync(
      path,
      Buffer.concat([
        mjrHead({ codec: 'opus' }, FIRST_US),
        mjrRecord(a, FIRST_US),
        Buffer.alloc(100_000, 7),
        mjrRecord(b, FIRST_US),
      ]),
    );
    const reader = new MjrReader(path);
    expect(readAll(reader).map(({ arrivalUs }) => arrivalUs - FIRST_US)).toEqual([0, 7000]);
    expect(reader.skippedBytes).toBe(100_000);
    expect(reader.header).toEqual({
      kind: 'audio',
      codec: 'opus',
      createdUs: FIRST_US - 1000,
      firstPacketUs: FIRST_US,
      extensionIds: new Map(),
    });
    reader.close();
  });

  test('is not swallowed by a length that is broken', () => {
    const packets = arrive(Array.from({ length: 5 }, () => ({ gapMs: 20, bytes: Buffer.alloc(50, 9) })));
    const dump = mjrDump({ codec: 'vp8' }, packets);
    const second = dump.indexOf('MEET', dump.indexOf('MEET') + 4);
    dump.writeUInt16BE(60_000, second + 8);
    const path = newPath();
    writeFileSync(path, dump);
    const reader = new MjrReader(path);
    expect(readAll(reader)).toHaveLength(4);
    expect(reader.skippedBytes).toBe(60);
    reader.close();
  });

  test('does not believe a time that the next record denies', () => {
    const times = [0, 20, 40, 4_000_000_000, 60, 30_060, 30_080, 10, 30_100, 95_000];
    const dump = Buffer.concat([
      mjrHead({ codec: 'opus' }, FIRST_US),
      ...times.map((ms) => mjrRecord({ arrivalUs: FIRST_US + ms * 1000, bytes: Buffer.alloc(20, 1) }, FIRST_US)),
    ]);
    const path = newPath();
    writeFileSync(path, dump);
    const reader = new MjrReader(path);
    const read = (): number[] => readAll(reader).map(({ arrivalUs }) => (arrivalUs - FIRST_US) / 1000);
    // A pause of 30 s is confirmed by what follows it; the last one is not, and waits for it.
    expect(read()).toEqual([0, 20, 40, 40, 60, 30_060, 30_080, 30_080, 30_100]);
    appendFileSync(path, mjrRecord({ arrivalUs: FIRST_US + 95_020_000, bytes: Buffer.alloc(20, 1) }, FIRST_US));
    expect(read()).toEqual([95_000, 95_020]);
    reader.close();
  });

  test('reads the ids of header extensions, and no head with absurd times', () => {
    const path = newPath();
    writeFileSync(path, mjrHead({ codec: 'vp9' }, FIRST_US));
    const reader = new MjrReader(path);
    reader.read();
    expect(reader.header).toMatchObject({
      codec: 'vp9',
      extensionIds: new Map([['urn:3gpp:video-orientation', TEST_ORIENTATION_ID]]),
    });
    reader.close();
    const json = Buffer.from('{"t":"v","c":"vp8","u":1e300}');
    writeFileSync(path, Buffer.concat([Buffer.from('MJR00002'), Buffer.from([0, json.length]), json]));
    const damaged = new MjrReader(path);
    expect(damaged.read()).toBeNull();
    expect(damaged.unreadable).toBe(true);
    damaged.close();
  });

  test('takes nothing from a file that is no dump', () => {
    const path = newPath();
    writeFileSync(path, 'something else, quite long, MEET and all');
    const reader = new MjrReader(path);
    expect(reader.read()).toBeNull();
    expect(reader.unreadable).toBe(true);
    reader.close();
  });
});
