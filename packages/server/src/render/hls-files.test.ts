import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  complaintsOf,
  flashOnsets,
  matchOnsets,
  measureColors,
  measureTones,
  probeFile,
  readSound,
} from '../../../../test/scorer/index.ts';
import type { RenderedFile } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { HlsFiles } from './hls-files.ts';
import {
  hasMade,
  mixedReel,
  orderFor,
  recordingsIn,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-hls-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ANNA = { color: '#802020', pitchHz: 600 };
const SECONDS = 9;
const MATCH = { missingUs: [], extraUs: [] };

function planned(output: TaskParameters['output']): TestCall {
  const call = new TestCall();
  call.task(-0.1, SECONDS, { ...TEST_PARAMETERS, output });
  call.caller('anna', { ...ANNA, codec: 'vp8', fromS: 0, untilS: SECONDS });
  return call;
}

function only(files: readonly RenderedFile[]): RenderedFile {
  const [file] = files;
  if (file === undefined || files.length !== 1) throw new Error(`${files.length} files`);
  return file;
}

let mp4: RenderedFile;

beforeAll(async () => {
  const order = orderFor(join(folder, 'mp4'));
  planned({ format: 'mp4' }).write(order.bundleFolder);
  mp4 = only((await renderToEnd(order)).files);
}, 60_000);

async function expectContent(call: TestCall, file: RenderedFile): Promise<void> {
  expect(await complaintsOf(file.path)).toBe('');
  const times = Array.from({ length: SECONDS }, (_, atS) => call.startUs + atS * 1e6 - file.startUs);
  const [seen = []] = await measureColors(file.path, [{ xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }]);
  // Time stamps of MPEG-TS begin somewhere; picture and sound begin together.
  const colors = seen.map((sample) => ({ ...sample, atUs: sample.atUs - (seen[0]?.atUs ?? 0) }));
  expect(colors.length).toBe(Math.round((file.durationUs * 15) / 1e6));
  expect(matchOnsets(flashOnsets(colors), times, 40_000)).toMatchObject(MATCH);
  expect(matchOnsets(await measureTones(file.path, ANNA.pitchHz), times, 40_000)).toMatchObject(MATCH);
}

describe('HLS', () => {
  test.for(['ts', 'fmp4'] as const)(
    '%s: grows while it is made, goes on after a kill, ends as VOD',
    { timeout: 60_000 },
    async (kind) => {
      const call = planned({ format: 'hls', hlsSegments: kind });
      const order = orderFor(join(folder, kind));
      call.write(order.bundleFolder);
      const path = join(order.outFolder, '1_7.m3u8');
      for (const segments of [1, 3]) {
        const { child, messages, ended } = startRender(order);
        while (!messages.some((message) => hasMade(message, segments))) {
          if (child.exitCode !== null) break;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        child.kill('SIGKILL');
        await ended;
        const grown = readFileSync(path, 'utf8');
        expect(grown).toContain('#EXT-X-PLAYLIST-TYPE:EVENT');
        expect(grown).not.toContain('ENDLIST');
        const names = grown.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
        expect(names.length).toBeGreaterThanOrEqual(segments);
        for (const name of names) expect(existsSync(join(order.outFolder, name))).toBe(true);
      }
      const { files, report } = await renderToEnd(order);
      expect(report.resumedAtSegment).toBeGreaterThanOrEqual(3);
      const file = only(files);
      expect(file).toMatchObject({ name: '1_7.m3u8', type: 'hls', widthPx: 640, heightPx: 360 });
      const list = readFileSync(file.path, 'utf8');
      expect(list).toContain(`#EXT-X-TRTC-START-REC-TIME:${Math.floor(file.startUs / 1000)}\n`);
      expect(list).toContain('#EXT-X-TRTC-VIDEO-METADATA:WIDTH:640 HEIGHT:360\n');
      expect(list).toContain('#EXT-X-PLAYLIST-TYPE:VOD\n');
      expect(list.endsWith('#EXT-X-ENDLIST\n')).toBe(true);
      const lengths = [...list.matchAll(/#EXTINF:([0-9.]+),/g)].map(([, seconds]) => Number(seconds));
      expect(lengths.slice(0, -1).every((seconds) => seconds === 2)).toBe(true);
      expect(lengths.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(file.durationUs / 1e6, 4);
      expect(recordingsIn(order.outFolder)).toEqual([...(file.parts ?? []).map(({ name }) => name), file.name].sort());
      await expectContent(call, file);
    },
  );

  test.for(['ts', 'fmp4'] as const)('%s: the joints are unheard', async (kind) => {
    const call = planned({ format: 'hls', hlsSegments: kind });
    const order = orderFor(join(folder, `${kind}-sound`));
    call.write(order.bundleFolder);
    const file = only((await renderToEnd(order)).files);
    const [own, whole] = [await readSound(file.path), await readSound(mp4.path)];
    // The first frame comes without the one before it in MPEG-TS.
    const [from, until] = [2048, whole.length - 2048];
    let [off, energy] = [0, 0];
    for (let at = from; at < until; at += 1) {
      off += ((own[at] ?? 0) - (whole[at] ?? 0)) ** 2;
      energy += (whole[at] ?? 0) ** 2;
    }
    expect(10 * Math.log10(off / energy)).toBeLessThan(-40);
  });

  test.for(['ts', 'fmp4'] as const)('%s: ends where the recording does, though more was rendered', async (kind) => {
    const call = planned({ format: 'hls', hlsSegments: kind });
    const order = orderFor(join(folder, `${kind}-cut`));
    call.write(order.bundleFolder);
    await renderToEnd(order);
    const mixed = mixedReel(order);
    using files = HlsFiles.open(mixed.order, mixed.reel);
    const file = only(await files.finish(4_500_000));
    expect(await complaintsOf(file.path)).toBe('');
    expect(file.parts?.filter(({ name }) => !name.endsWith('.mp4')).length).toBe(3);
    expect(recordingsIn(order.outFolder).length).toBe((file.parts?.length ?? 0) + 1);
    const [seen = []] = await measureColors(file.path, [{ xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 }]);
    expect(seen.length).toBe(Math.ceil(4.5 * 15));
    const length = (await readSound(file.path)).length / 48_000;
    expect(Math.abs(length - 4.5)).toBeLessThan(0.1);
  });

  test.for(['ts', 'fmp4'] as const)('%s: sound only', async (kind) => {
    const call = planned({ format: 'hls', hlsSegments: kind, media: 'audio' });
    const order = orderFor(join(folder, `${kind}-audio`));
    call.write(order.bundleFolder);
    const file = only((await renderToEnd(order)).files);
    expect(await complaintsOf(file.path)).toBe('');
    expect(await probeFile(file.path)).toMatchObject({ video: null, audio: { codec: 'aac' } });
    expect(readFileSync(file.path, 'utf8')).not.toContain('VIDEO-METADATA');
    const times = Array.from({ length: SECONDS }, (_, atS) => call.startUs + atS * 1e6 - file.startUs);
    expect(matchOnsets(await measureTones(file.path, ANNA.pitchHz), times, 40_000)).toMatchObject(MATCH);
  });
});
