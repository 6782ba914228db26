import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ColorSample, complaintsOf, measureColors, type Rectangle } from '../../../../test/scorer/index.ts';
import { nowUs } from '../base/clock.ts';
import type { LayoutParameters } from '../recording/layout-parameters.ts';
import { pictureFileName } from '../recording/picture-name.ts';
import type { RenderedFile, RenderMessage, RenderOrder } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import type { Watermark } from '../recording/watermark.ts';
import { Canvas, planesOf } from './canvas.ts';
import {
  cachedPicture,
  cachedSound,
  hasMade,
  orderFor,
  renderToEnd,
  startRender,
  TEST_PARAMETERS,
  TestCall,
} from './test-call.ts';
import { timeRaster } from './text-watermark.ts';
import { timeBox, timeText } from './time-watermark.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-decorations-'));
afterAll(() => rmSync(folder, { recursive: true }));

const RED = '#a02020';
const BLUE = '#2020a0';
const GROUND = '#602060';
const PLAIN_PLACE = '#703070';
/** Left and right half of the background picture, which is half as wide as it would have to be. */
const [ORANGE, TEAL] = ['#c08020', '#20a0a0'];
const LIME = '#60c020';
const BACKGROUND = 'https://example.com/background.jpg';
const FACE = 'https://example.com/face.png';
const LOGO = 'https://example.com/logo.png';
const KINDS = { [BACKGROUND]: 'jpg', [FACE]: 'png', [LOGO]: 'png' } as const;
const files: Record<string, string> = {};

beforeAll(() => {
  const draw = (
    url: keyof typeof KINDS,
    width: number,
    height: number,
    paint: (context: SKRSContext2D) => void,
  ): void => {
    const canvas = createCanvas(width, height);
    paint(canvas.getContext('2d'));
    const path = join(folder, `drawn.${pictureFileName(url, KINDS[url])}`);
    writeFileSync(path, KINDS[url] === 'jpg' ? canvas.toBuffer('image/jpeg', 95) : canvas.toBuffer('image/png'));
    files[url] = path;
  };
  draw(BACKGROUND, 360, 360, (context) => {
    context.fillStyle = ORANGE;
    context.fillRect(0, 0, 180, 360);
    context.fillStyle = TEAL;
    context.fillRect(180, 0, 180, 360);
  });
  // A square in the middle of nothing.
  draw(FACE, 200, 200, (context) => {
    context.fillStyle = LIME;
    context.fillRect(50, 50, 100, 100);
  });
  // Opaque white, half of white, nothing.
  draw(LOGO, 90, 30, (context) => {
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, 30, 30);
    context.fillStyle = 'rgba(255, 255, 255, 0.5)';
    context.fillRect(30, 0, 30, 30);
  });
});

const parameters = (more: Partial<TaskParameters>): TaskParameters => ({
  ...TEST_PARAMETERS,
  video: { ...TEST_PARAMETERS.video, bitrateBps: 1_500_000 },
  backgroundColor: GROUND,
  ...more,
});
/** A user, and from `shownS` on his picture. */
function visit(
  call: TestCall,
  userId: string,
  color: string,
  fromS: number,
  untilS: number,
  shownS: number | null = fromS,
): void {
  call.user(userId, { fromS, untilS });
  if (shownS === null) return;
  const frames = cachedPicture({ codec: 'vp8', color, fromS: shownS, seconds: untilS - shownS });
  call.stream(userId, 'vp8', frames, { fromS: shownS, untilS });
}
/** Somebody who is only heard: a file begins with the first packet. */
function listener(call: TestCall, untilS: number): void {
  call.user('ear', { fromS: 0, untilS });
  call.stream('ear', 'opus', cachedSound({ pitchHz: 600, seconds: untilS }), { fromS: 0, untilS });
}
/** A picture is in the bundle, and the journal says so from `atS` on. */
function keep(
  call: TestCall,
  bundleFolder: string,
  atS: number,
  url: keyof typeof KINDS,
  from = files[url] ?? '',
): void {
  const file = pictureFileName(url, KINDS[url]);
  mkdirSync(join(bundleFolder, 'pictures'), { recursive: true });
  writeFileSync(join(bundleFolder, 'pictures', file), readFileSync(from));
  call.event(atS, { type: 'pictureKept', url, file });
}
const newOrder = (name: string): RenderOrder => orderFor(join(folder, name));
type Rendered = { file: RenderedFile; pictures: { url: string; detail: string }[] };
async function rendered(order: RenderOrder): Promise<Rendered> {
  const { files: made, report } = await renderToEnd(order);
  const [file] = made;
  if (file === undefined) throw new Error('no file');
  expect(await complaintsOf(file.path)).toBe('');
  return { file, pictures: report.pictures };
}

const rgbOf = (color: string): [number, number, number] => {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};
const isNear = ({ r, g, b }: ColorSample, color: string): boolean => {
  const [red, green, blue] = rgbOf(color);
  return Math.max(Math.abs(r - red), Math.abs(g - green), Math.abs(b - blue)) <= 16;
};
const mixed = (one: string, other: string): string =>
  `#${rgbOf(one)
    .map((value, index) =>
      Math.round((value + (rgbOf(other)[index] ?? 0)) / 2)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
const spot = (xPx: number, yPx: number, widthPx = 16, heightPx = 16): Rectangle => ({ xPx, yPx, widthPx, heightPx });

/** In which rectangle which colour is to be seen from when to when, to the frame. Flashes of the callers' pictures are let pass. */
type Sight = [rectangle: Rectangle, color: string, fromS: number, untilS: number];
async function expectSights(call: TestCall, file: RenderedFile, sights: readonly Sight[]): Promise<void> {
  const series = await measureColors(
    file.path,
    sights.map(([rectangle]) => rectangle),
  );
  sights.forEach(([rectangle, color, fromS, untilS], index) => {
    const [startUs, endUs] = [fromS, untilS].map((atS) => call.startUs + atS * 1e6 - file.startUs - 1);
    const seen = (series[index] ?? []).filter(({ atUs }) => atUs >= (startUs ?? 0) && atUs < (endUs ?? 0));
    expect(seen.length).toBeGreaterThan(3);
    const wrong = seen.filter((sample) => {
      const inSecond = (((sample.atUs + file.startUs - call.startUs) % 1e6) + 1e6) % 1e6;
      const flashes = [RED, BLUE].some((one) => one === color) && (inSecond < 170_000 || inSecond > 930_000);
      return !isNear(sample, color) && !flashes;
    });
    expect({ rectangle, color, fromS, wrong: wrong.slice(0, 3) }).toEqual({ rectangle, color, fromS, wrong: [] });
  });
}
/** Brightness of a part of every picture. */
function lumaOf(file: RenderedFile, { xPx, yPx, widthPx, heightPx }: Rectangle): Buffer[] {
  const raw = execFileSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-i',
      file.path,
      '-vf',
      `extractplanes=y,crop=${widthPx}:${heightPx}:${xPx}:${yPx}`,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-',
    ],
    { maxBuffer: 2 ** 30 },
  );
  const size = widthPx * heightPx;
  return Array.from({ length: raw.length / size }, (_, index) => raw.subarray(index * size, (index + 1) * size));
}
const distance = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;

// One at a time: one of them follows a call as it runs.
describe('decorations, seen in the file', () => {
  test('a background is behind the places and around them, in every render mode', async () => {
    const call = new TestCall();
    const order = newOrder('background');
    const layout: LayoutParameters = { mode: 'custom', rectangles: [{ ...box, userId: 'anna', alpha: 128 }] };
    const looks = (['crop', 'bars', 'stretch'] as const).map((renderMode) =>
      parameters({ layout, background: { url: BACKGROUND, renderMode } }),
    );
    call.task(0, 8, looks[0]);
    keep(call, order.bundleFolder, -0.1, BACKGROUND);
    visit(call, 'anna', RED, 0, 8);
    looks.slice(1).forEach((look, index) => call.modify(2 + index * 2, look));
    call.modify(6, parameters({ layout }));
    call.write(order.bundleFolder);
    const { file, pictures } = await rendered(order);
    expect(pictures).toEqual([]);
    const through = spot(220, 150, 60, 40);
    await expectSights(call, file, [
      [spot(8, 8), ORANGE, 0, 2],
      [spot(300, 8), ORANGE, 0, 2],
      [spot(330, 8), TEAL, 0, 2],
      [spot(620, 340), TEAL, 0, 2],
      // 360 × 360 in the middle of 640 × 360.
      [spot(8, 8), GROUND, 2, 4],
      [spot(120, 340), GROUND, 2, 4],
      [spot(150, 340), ORANGE, 2, 4],
      [spot(480, 8), TEAL, 2, 4],
      [spot(510, 8), GROUND, 2, 4],
      [spot(8, 8), ORANGE, 4, 6],
      [spot(330, 8), TEAL, 4, 6],
      [spot(620, 340), TEAL, 4, 6],
      [spot(8, 8), GROUND, 6, 8],
      [spot(330, 340), GROUND, 6, 8],
    ]);
    // What shines through does so once. Its second half is that of the background, which the flash is not in.
    const [series = []] = await measureColors(file.path, [through]);
    const quiet = (fromS: number): ColorSample[] =>
      series.filter(({ atUs }) => Math.abs(atUs / 1e6 - fromS - 0.5) < 0.2);
    for (const sample of [...quiet(0.2), ...quiet(4.2)]) expect(isNear(sample, mixed(RED, ORANGE))).toBe(true);
    for (const sample of quiet(6.2)) expect(isNear(sample, mixed(RED, GROUND))).toBe(true);
  });

  test('placeholders are shown while a camera is off, and for who is not there when it is said', async () => {
    const call = new TestCall();
    const order = newOrder('placeholder');
    const rectangles = [
      { leftPx: 0, topPx: 0, widthPx: 200, heightPx: 200, userId: 'anna' },
      { leftPx: 220, topPx: 0, widthPx: 200, heightPx: 200, userId: 'ben', placeholderUrl: BACKGROUND },
      { leftPx: 440, topPx: 0, widthPx: 200, heightPx: 200, userId: 'zoe' },
    ];
    const placeholder = { url: FACE };
    call.task(0, 6, parameters({ layout: { mode: 'custom', rectangles }, placeholder }));
    keep(call, order.bundleFolder, -0.1, FACE);
    keep(call, order.bundleFolder, -0.1, BACKGROUND);
    visit(call, 'anna', RED, 0, 6, 2);
    visit(call, 'ben', BLUE, 0, 6, null);
    listener(call, 6);
    call.modify(4, parameters({ layout: { mode: 'custom', rectangles, showAbsent: true }, placeholder }));
    call.write(order.bundleFolder);
    const { file, pictures } = await rendered(order);
    expect(pictures).toEqual([]);
    await expectSights(call, file, [
      [spot(60, 100, 80, 40), LIME, 0, 1.9],
      // What is transparent in it is the background's colour.
      [spot(8, 8), GROUND, 0, 1.9],
      [spot(60, 100, 80, 40), RED, 2.2, 6],
      [spot(230, 100), ORANGE, 0, 6],
      [spot(390, 100), TEAL, 0, 6],
      [spot(540, 100), GROUND, 0, 4],
      [spot(500, 60, 80, 80), LIME, 4, 6],
    ]);
  });

  test('watermarks lie over everything, each with its own transparency, from the frame of their moment on', async () => {
    const call = new TestCall();
    const order = newOrder('watermarks');
    const logo: Watermark = { kind: 'picture', url: LOGO, leftPx: 40, topPx: 200, widthPx: 180, heightPx: 60 };
    const text: Watermark = {
      kind: 'text',
      text: '██',
      leftPx: 400,
      topPx: 100,
      widthPx: 200,
      heightPx: 60,
      fontSizePx: 40,
      color: '#20c020',
      backgroundColor: '#202020',
    };
    call.task(0, 6, parameters({ watermarks: [logo] }));
    keep(call, order.bundleFolder, -0.1, LOGO);
    visit(call, 'anna', RED, 0, 6);
    call.modify(2.5, parameters({ watermarks: [logo, text] }));
    call.modify(4.5, parameters({ watermarks: [{ ...logo, topPx: 280 }] }));
    call.write(order.bundleFolder);
    const { file } = await rendered(order);
    const quiet = (sights: Sight[]): Sight[] =>
      sights.flatMap(([rectangle, color, fromS, untilS]) =>
        // A caller's flash is seen through it.
        Array.from(
          { length: Math.ceil(untilS) },
          (_, second): Sight => [rectangle, color, Math.max(fromS, second + 0.2), Math.min(untilS, second + 0.9)],
        ).filter(([, , from, until]) => until - from > 0.3),
      );
    await expectSights(call, file, [
      [spot(52, 210, 36, 40), '#ffffff', 0, 4.5],
      ...quiet([[spot(112, 210, 36, 40), mixed(RED, '#ffffff'), 0, 4.5]]),
      [spot(172, 210, 36, 40), RED, 0, 4.5],
      [spot(52, 210, 36, 40), RED, 4.5, 6],
      [spot(52, 290, 36, 40), '#ffffff', 4.5, 6],
      [spot(540, 110, 50, 40), RED, 0, 2.5],
      [spot(540, 110, 50, 40), '#202020', 2.5, 4.5],
      [spot(540, 110, 50, 40), RED, 4.5, 6],
      // Two full blocks of text.
      [spot(410, 116, 20, 20), '#20c020', 2.5, 4.5],
    ]);
  });

  test('a time shows that of the frame, at each of its places', async () => {
    const call = new TestCall(1_790_000_000_400_000);
    const positions = [
      'topLeft',
      'topRight',
      'bottomLeft',
      'bottomRight',
      'topCenter',
      'bottomCenter',
      'center',
    ] as const;
    const zoned = positions.map(
      (position, index) => ({ kind: 'time', position, utcOffsetMinutes: index * 97 - 300 }) as const,
    );
    const { video } = parameters({});
    call.task(0, 4, parameters({ watermarks: [...zoned], video: { ...video, widthPx: 1280, heightPx: 720 } }));
    visit(call, 'anna', BLUE, 0, 4);
    const order = newOrder('time');
    call.write(order.bundleFolder);
    const { file } = await rendered(order);
    for (const { position, utcOffsetMinutes } of zoned) {
      const box = timeBox(position, { widthPx: 1280, heightPx: 720 });
      const frames = lumaOf(file, box.rectangle);
      expect(frames.length).toBeGreaterThan(50);
      const looks = (text: string): Buffer => {
        using canvas = new Canvas(box.rectangle);
        const { planes, through } = timeRaster(text, box);
        const whole = { ...box.rectangle, xPx: 0, yPx: 0 };
        canvas.fill(whole, { y: 50, u: 128, v: 128 });
        if (through !== undefined) canvas.overlay(whole, planes, through, whole);
        const [{ bytes, strideBytes }] = planesOf(canvas.frame);
        const rows = Array.from({ length: whole.heightPx }, (_, row) =>
          bytes.subarray(row * strideBytes, row * strideBytes + whole.widthPx),
        );
        return Buffer.concat(rows);
      };
      const known = new Map<string, Buffer>();
      frames.forEach((frame, index) => {
        const atUs = file.startUs + Math.round((index * 1e6) / 15);
        const read = [-3_600, -60, -10, -2, -1, 0, 1, 2, 10, 60, 3_600]
          .map((offS) => {
            const text = timeText(atUs + offS * 1_000_000, utcOffsetMinutes);
            const image = known.get(text) ?? looks(text);
            known.set(text, image);
            return { offS, off: distance(frame, image) };
          })
          .reduce((best, one) => (one.off < best.off ? one : best));
        expect({ position, index, offS: read.offS }).toEqual({ position, index, offS: 0 });
      });
    }
  });

  test('a picture is shown from the moment on at which it came; what cannot be is left out and told of', async () => {
    const call = new TestCall();
    const order = newOrder('late');
    const url = (name: string): string => `https://example.com/${name}.png`;
    const mark = (one: string, leftPx: number): Watermark => ({
      kind: 'picture',
      url: one,
      leftPx,
      topPx: 0,
      widthPx: 40,
      heightPx: 40,
    });
    const [wide, none, long, gone, never, failed] = ['wide', 'none', 'long', 'gone', 'never', 'failed'].map(url);
    const bad = [wide, none, long, gone, never, failed].map((one) => one ?? '');
    const watermarks = [mark(BACKGROUND, 600), ...bad.map((one, index) => mark(one, index * 60))];
    call.task(
      0,
      4,
      parameters({
        layout: { mode: 'custom', rectangles: [{ ...box, userId: 'anna' }] },
        watermarks,
        background: { url: url('never') },
        placeholder: { url: url('none') },
      }),
    );
    keep(call, order.bundleFolder, 2, BACKGROUND);
    const pictures = join(order.bundleFolder, 'pictures');
    const put = (name: string, bytes: Buffer): void => {
      writeFileSync(join(pictures, `${name}.png`), bytes);
      call.event(-0.1, { type: 'pictureKept', url: url(name), file: `${name}.png` });
    };
    put('wide', createCanvas(2561, 2).toBuffer('image/png'));
    put('none', Buffer.from('no picture at all, but long enough to be one'));
    put('long', Buffer.concat([readFileSync(files[LOGO] ?? ''), Buffer.alloc(5 * 1024 * 1024)]));
    call.event(-0.1, { type: 'pictureKept', url: url('gone'), file: 'gone.png' });
    call.event(-0.1, { type: 'pictureFailed', url: url('failed'), detail: 'It is answered with 404.' });
    visit(call, 'anna', RED, 0, 4, null);
    listener(call, 4);
    call.write(order.bundleFolder);
    const { file, pictures: problems } = await rendered(order);
    expect(Object.fromEntries(problems.map(({ url: one, detail }) => [one.slice(20), detail]))).toEqual({
      'wide.png': 'It is 2561 × 2; at most 2560 a side.',
      'none.png': 'It is neither a png nor a jpg.',
      'long.png': expect.stringMatching(/^It has \d+ bytes; at most 5242880\.$/),
      'gone.png': 'Its file cannot be read (ENOENT).',
      'never.png': expect.stringContaining('does not hold it'),
      'failed.png': 'It is answered with 404.',
    });
    await expectSights(call, file, [
      [spot(602, 8, 14, 24), GROUND, 0, 2],
      [spot(602, 8, 14, 24), ORANGE, 2, 4],
      [spot(622, 8, 14, 24), TEAL, 2, 4],
      [spot(8, 8, 300, 24), GROUND, 0, 4],
      [spot(220, 120, 60, 60), PLAIN_PLACE, 0, 4],
    ]);
  });

  test('live and later it is the same file, to the byte; killed in between it shows the same', async () => {
    const call = new TestCall(nowUs() + 500_000);
    const order = newOrder('live');
    const time: Watermark = { kind: 'time', position: 'bottomRight', utcOffsetMinutes: 480 };
    const text: Watermark = {
      kind: 'text',
      text: '会议 مرحبا 😀',
      leftPx: 20,
      topPx: 20,
      widthPx: 300,
      heightPx: 60,
      fontSizePx: 30,
    };
    const logo: Watermark = { kind: 'picture', url: LOGO, leftPx: 400, topPx: 20, widthPx: 180, heightPx: 60 };
    call.task(
      -0.1,
      8,
      parameters({
        background: { url: BACKGROUND, renderMode: 'bars' },
        placeholder: { url: FACE },
        watermarks: [time, logo],
      }),
    );
    keep(call, order.bundleFolder, 0.7, BACKGROUND);
    keep(call, order.bundleFolder, 1.3, LOGO);
    keep(call, order.bundleFolder, 2.3, FACE);
    visit(call, 'anna', RED, 0, 8);
    visit(call, 'ben', BLUE, 0.5, 8, 4.5);
    call.modify(3.3, parameters({ placeholder: { url: FACE }, watermarks: [text, time, logo] }));
    const playing = call.play(order.bundleFolder, nowUs);
    const { messages, ended } = startRender(order);
    await playing;
    expect(await ended).toEqual({ code: 0, signal: null });
    const live = messages.at(-1);
    if (live?.type !== 'finished') throw new Error('not finished');
    const elsewhere = (name: string): RenderOrder => ({
      ...order,
      workFolder: `${order.workFolder}-${name}`,
      outFolder: `${order.outFolder}-${name}`,
    });
    const { file: later } = await rendered(elsewhere('later'));
    expect(live.files[0]?.sha256).toBe(later.sha256);
    const killed = elsewhere('killed');
    const first = startRender(killed);
    await new Promise<void>((resolve) => {
      first.child.on('message', (message: RenderMessage) => {
        if (hasMade(message, 2)) resolve();
      });
    });
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await renderToEnd(killed);
    expect(second.report.resumedAtSegment).toBeGreaterThanOrEqual(2);
    // A segment of its own begins with a key frame of an encoder that begins anew: what is seen is the same.
    const whole = { xPx: 0, yPx: 0, widthPx: 640, heightPx: 360 };
    const again = second.files[0] === undefined ? [] : lumaOf(second.files[0], whole);
    const before = lumaOf(later, whole);
    expect(again.length).toBe(before.length);
    again.forEach((frame, index) => expect(distance(frame, before[index] ?? Buffer.alloc(0))).toBeLessThan(2));
  });
});

const box = { leftPx: 200, topPx: 100, widthPx: 100, heightPx: 100 };
