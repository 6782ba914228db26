import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaintsOf } from '../../../../test/scorer/index.ts';
import { cachedPicture, cachedSound, orderFor, startRender, TEST_PARAMETERS, TestCall } from './test-call.ts';

/** Rounds of damage; more of them by hand: `DAMAGE_ROUNDS=200`. */
const ROUNDS = Number(process.env['DAMAGE_ROUNDS'] ?? 10);
const FIRST_SEED = Number(process.env['DAMAGE_SEED'] ?? 1);
/** The call lasts three seconds; what takes this long hangs. */
const HANGS_MS = 20_000;
const CODES = ['NothingCaptured', 'BundleUnreadable', 'DiskFull', 'RenderFailed'];

const folder = mkdtempSync(join(tmpdir(), 'callreel-damage-'));
const sound = join(folder, 'sound-bundle');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  const call = new TestCall();
  const video = { ...TEST_PARAMETERS.video, widthPx: 128, heightPx: 96, fps: 10 };
  call.task(-0.1, 3, { ...TEST_PARAMETERS, video });
  for (const codec of ['vp8', 'vp9', 'av1', 'h264'] as const) {
    call.user(codec, { fromS: 0, untilS: 3 });
    const picture = { codec, color: '#802020', seconds: 3, fps: 15, widthPx: 160, heightPx: 96, keyInterval: 15 };
    const frames = cachedPicture({ ...picture, profile: codec === 'h264' ? 'high' : 'baseline' });
    call.stream(codec, codec, frames, { fromS: 0, untilS: 3 });
    call.stream(codec, 'opus', cachedSound({ pitchHz: 600, seconds: 3 }), { fromS: 0, untilS: 3 });
  }
  call.event(3.1, { type: 'roomClosed' });
  call.write(sound);
});

/** Numbers that are the same in every run with the same seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Damages bytes: flipped bits, a part cut out, a part put in or written twice, a torn end. */
function damage(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length);
  const length = 1 + random(random(4) === 0 ? 5000 : 40);
  switch (random(5)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      for (let count = 1 + random(60); count > 0; count -= 1) {
        const index = random(bytes.length);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << random(8));
      }
      return flipped;
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(Array.from({ length }, () => random(256))),
        bytes.subarray(at),
      ]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    default:
      return bytes.subarray(0, at);
  }
}

/** Renders a copy of the sound bundle in which some files are damaged. */
async function renderDamaged(name: string, spoil: (file: string, bytes: Buffer) => Buffer): Promise<string> {
  const order = { ...orderFor(join(folder, name)), complete: true };
  cpSync(sound, order.bundleFolder, { recursive: true });
  for (const file of readdirSync(order.bundleFolder)) {
    const path = join(order.bundleFolder, file);
    const bytes = readFileSync(path);
    const spoilt = spoil(file, bytes);
    if (spoilt !== bytes) writeFileSync(path, spoilt);
  }
  const { child, messages, ended } = startRender(order);
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, HANGS_MS);
  const { code, signal } = await ended;
  clearTimeout(timer);
  expect({ name, hangs, signal }).toEqual({ name, hangs: false, signal: null });
  const last = messages.at(-1);
  if (last?.type === 'failed') {
    expect(CODES).toContain(last.code);
    expect(code).toBe(1);
    rmSync(join(folder, name), { recursive: true });
    return `${last.code}: ${last.detail}`;
  }
  expect(code, name).toBe(0);
  if (last?.type !== 'finished') throw new Error(`no end: ${JSON.stringify(last)}`);
  for (const { path, durationUs } of last.files) {
    expect(existsSync(path)).toBe(true);
    // Nothing that is not in the call makes the file longer.
    expect(durationUs, name).toBeLessThan(5_000_000);
    expect(await complaintsOf(path)).toBe('');
  }
  rmSync(join(folder, name), { recursive: true });
  return 'finished';
}

describe('damaged bundles', () => {
  test('random damage ends with a file or a coded failure', { timeout: 3_600_000 }, async () => {
    const outcomes = new Map<string, number>();
    const round = async (seed: number): Promise<void> => {
      const random = randomOf(seed);
      const isJournalSpoilt = random(3) === 0;
      const outcome = await renderDamaged(`seed-${seed}`, (file, bytes) => {
        const isJournal = file === 'journal.jsonl';
        if (isJournal ? !isJournalSpoilt : random(3) === 0) return bytes;
        return damage(bytes, random);
      });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    const seeds = Array.from({ length: ROUNDS }, (_, index) => FIRST_SEED + index);
    const worker = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await round(seed);
    };
    await Promise.all([worker(), worker()]);
    process.stdout.write(`damage: ${JSON.stringify([...outcomes])}\n`);
    expect(outcomes.get('finished') ?? 0).toBeGreaterThan(ROUNDS / 3);
  });
});
