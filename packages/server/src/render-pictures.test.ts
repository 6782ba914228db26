import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas } from '@napi-rs/canvas';
import { afterAll, expect, test, vi } from 'vitest';
import { measureColors } from '../../../test/scorer/index.ts';
import { pictureFileName } from './recording/picture-name.ts';
import type { Watermark } from './recording/watermark.ts';
import { cachedPicture, recordingsIn, TEST_PARAMETERS, TestCall } from './render/test-call.ts';
import { runRender } from './render-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-render-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));

function picture(color: string): Buffer {
  const canvas = createCanvas(20, 20);
  const context = canvas.getContext('2d');
  context.fillStyle = color;
  context.fillRect(0, 0, 20, 20);
  return canvas.toBuffer('image/png');
}

test('rendering again takes pictures from files, from the capture, and from elsewhere', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/yellow.png') response.end(picture('#ffff00'));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bundle = join(folder, 'bundle');
  const call = new TestCall();
  call.task(0, 2);
  const kept = 'https://example.com/kept.png';
  // In the call it came late; rendered again it is there from the beginning on.
  call.event(1.5, { type: 'pictureKept', url: kept, file: pictureFileName(kept, 'png') });
  call.user('anna', { fromS: 0, untilS: 2 });
  call.stream('anna', 'vp8', cachedPicture({ codec: 'vp8', color: '#202020', seconds: 2 }), { fromS: 0, untilS: 2 });
  call.event(2.1, { type: 'roomClosed' });
  call.write(bundle);
  mkdirSync(join(bundle, 'pictures'));
  writeFileSync(join(bundle, 'pictures', pictureFileName(kept, 'png')), picture('#00ff00'));
  mkdirSync(join(folder, 'params'));
  writeFileSync(join(folder, 'params', 'red.png'), picture('#ff0000'));
  writeFileSync(join(folder, 'blue.png'), picture('#0000ff'));
  const urls = [
    'red.png',
    `file://${join(folder, 'blue.png')}`,
    kept,
    `${origin}/yellow.png`,
    `${origin}/gone.png`,
    '../x.png',
  ];
  const watermarks = urls.map(
    (url, index): Watermark => ({ kind: 'picture', url, leftPx: index * 60, topPx: 300, widthPx: 60, heightPx: 60 }),
  );
  const params = join(folder, 'params', 'p.json');
  writeFileSync(params, JSON.stringify({ ...TEST_PARAMETERS, watermarks }));
  const out = join(folder, 'out');
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    expect(await runRender([bundle, '--params', params, '--out', out])).toBe(0);
    const told = stderr.mock.calls.map(([text]) => String(text)).join('');
    expect(told).toContain(`picture ${origin}/gone.png: It is answered with 404.`);
    expect(told).toContain('picture ../x.png: Its file cannot be read (ENOENT).');
  } finally {
    stderr.mockRestore();
    stdout.mockRestore();
    server.close();
  }
  const [name = ''] = recordingsIn(out);
  expect(recordingsIn(out)).toEqual([expect.stringMatching(/\.mp4$/)]);
  const series = await measureColors(
    join(out, name),
    urls.map((_, index) => ({ xPx: index * 60 + 20, yPx: 320, widthPx: 20, heightPx: 20 })),
  );
  const bright = series.map((samples) => {
    const { r = 0, g = 0, b = 0 } = samples[10] ?? {};
    return [r, g, b].map((value) => (value > 150 ? 1 : 0)).join('');
  });
  expect(bright).toEqual(['100', '001', '010', '110', '000', '000']);
});
