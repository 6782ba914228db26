import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cachedPicture, cachedSound, TEST_PARAMETERS, TestCall } from './render/test-call.ts';

const callreel = join(import.meta.dirname, '../../../callreel');
const folder = mkdtempSync(join(tmpdir(), 'callreel-main-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(callreel, args, { encoding: 'utf8', cwd: folder });
  return { code: status, out: stdout, error: stderr };
}

describe('./callreel', () => {
  test.each([[], ['help'], ['--help'], ['-h']])('%s shows what there is', (...args) => {
    expect(run(...args)).toMatchObject({ code: 0, out: expect.stringContaining('./callreel serve'), error: '' });
  });

  test.each(['nonsense', 'toString', '__proto__'])('there is no %s', (name) => {
    expect(run(name)).toMatchObject({ code: 2, out: '', error: expect.stringContaining(`no command "${name}"`) });
  });

  test('a wrong configuration is one sentence', () => {
    const { code, error } = run('serve', '--port', 'eighty');
    expect(code).toBe(1);
    expect(error).toBe(
      'callreel: The configuration is not valid. Key "port" is "eighty" (from --port); allowed: an integer from 0 to 65535.\n',
    );
  });
});

describe('./callreel render', () => {
  const bundle = join(folder, 'bundle');
  beforeAll(() => {
    const call = new TestCall();
    call.task(-0.1, 3);
    call.user('anna', { fromS: 0, untilS: 3 });
    call.stream('anna', 'vp8', cachedPicture({ codec: 'vp8', color: '#802020', seconds: 3 }), { fromS: 0, untilS: 3 });
    call.stream('anna', 'opus', cachedSound({ pitchHz: 600, seconds: 3 }), { fromS: 0, untilS: 3 });
    call.write(bundle);
  });

  test('renders a capture again, as it was ordered and with other parameters', () => {
    mkdirSync(join(folder, 'first'), { recursive: true });
    writeFileSync(join(folder, 'first/mine.tmp'), 'of somebody else');
    const first = run('render', bundle, '--out', 'first');
    expect(first).toMatchObject({ code: 0, out: `recording: ${join(folder, 'first/1_7.mp4')}\n` });
    expect(readdirSync(join(folder, 'first'))).toEqual([
      '1_7.mp4',
      '1_7.poster.jpg',
      '1_7.thumbnails.jpg',
      '1_7.thumbnails.vtt',
      'mine.tmp',
    ]);
    const params = join(folder, 'params.json');
    writeFileSync(
      params,
      JSON.stringify({ ...TEST_PARAMETERS, video: { ...TEST_PARAMETERS.video, widthPx: 320, heightPx: 180 } }),
    );
    expect(run('render', bundle, '--out', 'second', '--params', params, '--task', 't1').code).toBe(0);
    writeFileSync(params, JSON.stringify({ ...TEST_PARAMETERS, output: { format: 'hls+mp4' } }));
    const list = run('render', bundle, '--out', 'list', '--params', params);
    const both = ['1_7.m3u8', '1_7.mp4'].map((name) => `recording: ${join(folder, 'list', name)}\n`);
    expect(list).toMatchObject({ code: 0, out: both.join('') });
    // The playlist and all that it names are there: ffmpeg reads it to the end without a complaint.
    execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', join(folder, 'list/1_7.m3u8'), '-f', 'null', '-']);
    const size = (file: string): string =>
      execFileSync(
        'ffprobe',
        [
          '-v',
          'error',
          '-select_streams',
          'v',
          '-show_entries',
          'stream=width,height',
          '-of',
          'csv=p=0',
          join(folder, file),
        ],
        { encoding: 'utf8' },
      ).trim();
    expect([size('first/1_7.mp4'), size('second/1_7.mp4')]).toEqual(['640,360', '320,180']);
  });

  test('says what is wrong, and leaves nothing', () => {
    const params = join(folder, 'wrong.json');
    writeFileSync(params, JSON.stringify({ ...TEST_PARAMETERS, maxIdleMs: 1 }));
    mkdirSync(join(folder, 'empty'));
    for (const [args, sentence] of [
      [[], 'Exactly one capture bundle is needed.'],
      [[bundle, bundle], 'Exactly one capture bundle is needed.'],
      [[bundle, '--fast'], '--fast'],
      [[join(folder, 'empty')], 'The capture bundle cannot be read.'],
      [[bundle, '--task', 'other'], 'these tasks: t1'],
      [[bundle, '--params', join(folder, 'none.json')], 'a readable file of JSON'],
      [[bundle, '--params', params], 'maxIdleMs is 1: must be >= 5000'],
    ] satisfies [string[], string][]) {
      const { code, error } = run('render', ...args, '--out', 'third');
      expect(error).toContain(sentence);
      expect(error.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
    expect(existsSync(join(folder, 'third'))).toBe(false);
  });
});
