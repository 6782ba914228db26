import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  complaintsOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureTones,
  probeFile,
} from '../../../../test/scorer/index.ts';
import type { RenderedFile, RenderOrder } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { hasMade, orderFor, renderToEnd, startRender, TEST_PARAMETERS, TestCall } from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-media-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANNA = { color: '#802020', pitchHz: 600 };
const SECONDS = 9;
const MATCH = { missingUs: [], extraUs: [] };

/** The order for a call of Anna's, recorded as `output` says. */
function ordered(
  name: string,
  output: TaskParameters['output'],
  rest: Partial<TaskParameters & RenderOrder> = {},
): { call: TestCall; order: RenderOrder } {
  const { audio = TEST_PARAMETERS.audio, ...more } = rest;
  const call = new TestCall();
  call.task(-0.1, SECONDS, { ...TEST_PARAMETERS, audio, output });
  call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: SECONDS });
  const order = { ...orderFor(join(folder, name)), ...more };
  call.write(order.bundleFolder);
  return { call, order };
}

function planned(call: TestCall, file: RenderedFile): number[] {
  return Array.from({ length: SECONDS }, (_, atS) => call.startUs + atS * 1e6 - file.startUs).filter(
    (atUs) => atUs >= -1000 && atUs < file.durationUs - 50_000,
  );
}

async function expectTones(call: TestCall, file: RenderedFile): Promise<void> {
  const tones = (await measureTones(file.path, ANNA.pitchHz)).filter((atUs) => atUs < file.durationUs - 20_000);
  expect(matchOnsets(tones, planned(call, file), 40_000)).toMatchObject(MATCH);
}

function only(files: readonly RenderedFile[]): RenderedFile {
  const [file] = files;
  if (file === undefined || files.length !== 1) throw new Error(`${files.length} files`);
  return file;
}

describe('media kinds', () => {
  test('sound only, as MP4: one track, every tone in its place', async () => {
    const { call, order } = ordered('audio', { format: 'mp4', media: 'audio' });
    const file = only((await renderToEnd(order)).files);
    expect(file).toMatchObject({ name: '1_7_1.mp4', type: 'mp4', widthPx: 0, heightPx: 0, videoCodec: null });
    expect(await complaintsOf(file.path)).toBe('');
    const facts = await probeFile(file.path);
    expect(facts).toMatchObject({ video: null, audio: { codec: 'aac', sampleRateHz: 48_000, channels: 2 } });
    expect(Math.abs(facts.durationUs - file.durationUs)).toBeLessThan(2_000);
    await expectTones(call, file);
  });

  test('picture only: one track, every flash in its place', async () => {
    const { call, order } = ordered('video', { format: 'mp4', media: 'video' }, { splitAt: { durationMs: 4_000 } });
    const { files } = await renderToEnd(order);
    expect(files.map(({ name }) => name)).toEqual(['1_7_1.mp4', '1_7_2.mp4', '1_7_3.mp4']);
    for (const file of files) {
      expect(file).toMatchObject({ widthPx: 640, heightPx: 360, videoCodec: 'h264', audioCodec: null });
      expect(await complaintsOf(file.path)).toBe('');
      expect(await probeFile(file.path)).toMatchObject({ video: { durationUs: file.durationUs }, audio: null });
      const [colors = []] = await measureColors(file.path, [{ xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }]);
      expect(matchOnsets(flashOnsets(colors), planned(call, file), 40_000)).toMatchObject(MATCH);
    }
  });

  test.for([
    [48_000, 2],
    [44_100, 1],
    [16_000, 2],
  ] as const)('AAC of %i Hz and %i channels: the tones in their places', async ([sampleRateHz, channels]) => {
    const audio = { sampleRateHz, channels, bitrateBps: 48_000 };
    const { call, order } = ordered(`aac-${sampleRateHz}`, { format: 'aac' }, { audio, indexAlways: false });
    const file = only((await renderToEnd(order)).files);
    expect(file).toMatchObject({ name: '1_7.aac', type: 'aac', videoCodec: null, audioCodec: 'aac' });
    expect(await complaintsOf(file.path)).toBe('');
    expect(await probeFile(file.path)).toMatchObject({ video: null, audio: { codec: 'aac', sampleRateHz, channels } });
    await expectTones(call, file);
  });

  test('AAC in parts, after a kill: no frame lost or doubled, each part in time', async () => {
    const { order: wholeOrder } = ordered('aac-whole', { format: 'aac' });
    const whole = only((await renderToEnd(wholeOrder)).files);
    const { call, order } = ordered('aac-parts', { format: 'aac' }, { splitAt: { durationMs: 4_000 } });
    const { child, messages, ended } = startRender(order);
    while (!messages.some((message) => hasMade(message, 3))) {
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    await ended;
    const { files } = await renderToEnd(order);
    expect(files.map(({ name }) => name)).toEqual(['1_7_1.aac', '1_7_2.aac', '1_7_3.aac']);
    for (const file of files) {
      expect(await complaintsOf(file.path)).toBe('');
      await expectTones(call, file);
    }
    const joined = join(folder, 'joined.aac');
    execFileSync('sh', ['-c', 'cat "$@" > "$0"', joined, ...files.map(({ path }) => path)]);
    expect(await complaintsOf(joined)).toBe('');
    // A render that goes on codes the frames anew, so sizes may differ; their number may not.
    expect(frames(readFileSync(joined))).toBe(frames(readFileSync(whole.path)));
    expect(await matchedTones(joined, call, whole)).toMatchObject(MATCH);
  });
});

async function matchedTones(path: string, call: TestCall, file: RenderedFile): Promise<object> {
  return matchOnsets(await measureTones(path, ANNA.pitchHz), planned(call, file), 40_000);
}

/** Counts ADTS frames by walking from head to head. */
function frames(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count += 1) {
    if (bytes.readUInt16BE(at) >> 4 !== 0xfff) throw new Error(`no frame at ${at}`);
    at += (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
  }
  return count;
}
