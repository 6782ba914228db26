import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ColorSample, complaintsOf, measureColors, type Rectangle } from '../../../../test/scorer/index.ts';
import { nowUs } from '../base/clock.ts';
import type { LayoutParameters, RenderMode } from '../recording/layout-parameters.ts';
import type { RenderedFile, RenderMessage } from '../recording/render-protocol.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { floatingRectangles, gridRectangles, type Size, screenShareRectangles } from '../timeline/index.ts';
import { cachedPicture, hasMade, orderFor, renderToEnd, startRender, TEST_PARAMETERS, TestCall } from './test-call.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-layouts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const RED = '#a02020';
const GREEN = '#20a020';
const BLUE = '#2020a0';
const YELLOW = '#a0a020';
const BACKGROUND = '#602060';
/** Of the background: what a place without a picture shows. */
const PLACEHOLDER = '#703070';
const WHITE = '#ffffff';

type Rgb = [number, number, number];
const rgbOf = (color: string): Rgb => {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};
const isNear = ({ r, g, b }: ColorSample, [red, green, blue]: Rgb, tolerance = 14): boolean =>
  Math.max(Math.abs(r - red), Math.abs(g - green), Math.abs(b - blue)) <= tolerance;

const parameters = (layout: LayoutParameters, more: Partial<TaskParameters> = {}): TaskParameters => ({
  ...TEST_PARAMETERS,
  backgroundColor: BACKGROUND,
  layout,
  ...more,
});

/** Somebody with a picture of one colour, which flashes white at every whole second. */
function show(
  call: TestCall,
  userId: string,
  color: string,
  { fromS, untilS, ...more }: { fromS: number; untilS: number; source?: 'main' | 'aux'; borderColor?: string },
): void {
  const { source = 'main', borderColor } = more;
  const picture = { codec: 'vp8', color, fromS, seconds: untilS - fromS } as const;
  const frames = cachedPicture(borderColor === undefined ? picture : { ...picture, borderColor });
  call.stream(userId, 'vp8', frames, { fromS, untilS, source });
}
function visit(
  call: TestCall,
  userId: string,
  color: string,
  stay: { fromS: number; untilS: number; borderColor?: string },
): void {
  call.user(userId, stay);
  show(call, userId, color, stay);
}

async function renderCall(name: string, call: TestCall): Promise<RenderedFile> {
  const order = orderFor(join(folder, name));
  call.write(order.bundleFolder);
  const [file] = (await renderToEnd(order)).files;
  if (file === undefined) throw new Error('no file');
  expect(await complaintsOf(file.path)).toBe('');
  return file;
}

/** In which rectangle which colour is to be seen from when to when. Flashes are let pass. */
type Sight = [rectangle: Rectangle, color: string, fromS: number, untilS: number];

/** Every picture of the file in the time of a sight must show it. One and a half frames at its ends are free. */
async function expectSights(call: TestCall, file: RenderedFile, sights: readonly Sight[]): Promise<void> {
  const series = await measureColors(
    file.path,
    sights.map(([rectangle]) => rectangle),
  );
  sights.forEach(([rectangle, color, fromS, untilS], index) => {
    const startUs = call.startUs + fromS * 1e6 - file.startUs + 100_000;
    const endUs = call.startUs + untilS * 1e6 - file.startUs - 100_000;
    const seen = (series[index] ?? []).filter(({ atUs }) => atUs >= startUs && atUs < endUs);
    expect(seen.length).toBeGreaterThan(3);
    const wrong = seen.filter((sample) => {
      const inSecond = (((sample.atUs + file.startUs - call.startUs) % 1e6) + 1e6) % 1e6;
      const flashes = inSecond < 170_000 || inSecond > 930_000;
      return !isNear(sample, rgbOf(color)) && !flashes;
    });
    expect({ rectangle, color, fromS, wrong: wrong.slice(0, 3) }).toEqual({ rectangle, color, fromS, wrong: [] });
  });
}

/** A spot inside a place: away from its edges, where the codec mixes colours, and from what moves in the test picture. */
const spot = (xPx: number, yPx: number, widthPx = 16, heightPx = 16): Rectangle => ({ xPx, yPx, widthPx, heightPx });

// One at a time: a test beside this one follows a call as it runs, and needs a part of the machine for that.
describe('layouts, seen in the file', () => {
  test('floating: small pictures over the first one, in rows from the lower left, as people come and go', async () => {
    const call = new TestCall();
    call.task(0, 8, parameters({ mode: 'floating' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 6 });
    visit(call, 'ben', BLUE, { fromS: 2, untilS: 8 });
    visit(call, 'cleo', GREEN, { fromS: 4, untilS: 8 });
    const file = await renderCall('floating', call);
    // 640 × 360: small ones 150 × 84, the first at 6, 270; the second at 158.
    const [large, first, second] = [spot(300, 120, 200, 80), spot(20, 300, 100, 40), spot(172, 300, 100, 40)];
    await expectSights(call, file, [
      [large, RED, 0.2, 6],
      [first, RED, 0.2, 1.9],
      [first, BLUE, 2.1, 6],
      [second, RED, 0.2, 3.9],
      [second, GREEN, 4.1, 6],
      // The next in order of entry has the large place.
      [large, BLUE, 6, 8],
      [first, GREEN, 6, 8],
      [second, BLUE, 6, 8],
      // The edges of the small one, to the pixel of the codec's block.
      [spot(14, 274, 4, 76), BLUE, 2.1, 6],
      [spot(0, 274, 4, 76), RED, 2.1, 6],
      [spot(10, 256, 140, 8), RED, 2.1, 6],
    ]);
  });

  test('floating: the named one is large as long as he is there', async () => {
    const call = new TestCall();
    call.task(0, 6, parameters({ mode: 'floating', large: { userId: 'ben' } }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 6 });
    visit(call, 'ben', BLUE, { fromS: 2, untilS: 4 });
    const file = await renderCall('floating-named', call);
    const [large, first] = [spot(300, 120, 200, 80), spot(20, 300, 100, 40)];
    await expectSights(call, file, [
      [large, RED, 0.2, 1.9],
      [large, BLUE, 2.1, 4],
      [first, RED, 0.2, 6],
      [large, RED, 4, 6],
    ]);
  });

  test.for(['left', 'right'] as const)(
    'screen share, large %s: his screen, else his camera, else the background',
    async (largeSide) => {
      const call = new TestCall();
      call.task(0, 8, parameters({ mode: 'screenShare', large: { userId: 'ben' }, largeSide }));
      visit(call, 'anna', RED, { fromS: 0, untilS: 8 });
      visit(call, 'ben', BLUE, { fromS: 2, untilS: 8 });
      show(call, 'ben', YELLOW, { fromS: 4, untilS: 6, source: 'aux' });
      const file = await renderCall(`share-${largeSide}`, call);
      const [largeX, smallX] = largeSide === 'left' ? [0, 512] : [128, 0];
      const large = spot(largeX + 200, 60, 100, 240);
      const small = [0, 1, 2, 3].map((row) => spot(smallX + 16, row * 90 + 16, 96, 60)) as [
        Rectangle,
        Rectangle,
        Rectangle,
        Rectangle,
      ];
      await expectSights(call, file, [
        [large, BACKGROUND, 0.2, 1.9],
        [small[0], RED, 0.2, 8],
        [small[1], BACKGROUND, 0.2, 3.9],
        [large, BLUE, 2.1, 3.9],
        [large, YELLOW, 4.1, 6],
        [small[1], BLUE, 4.1, 6],
        // A stream that has ended is held for half a second.
        [large, BLUE, 6.6, 8],
        [small[1], BACKGROUND, 6.6, 8],
        [small[2], BACKGROUND, 0.2, 8],
        [small[3], BACKGROUND, 0.2, 8],
      ]);
    },
  );

  test('a grid: a shared screen beside the camera of the same user, others after it', async () => {
    const call = new TestCall();
    call.task(0, 6, parameters({ mode: 'grid' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 6 });
    visit(call, 'ben', BLUE, { fromS: 0.02, untilS: 6 });
    show(call, 'anna', YELLOW, { fromS: 2, untilS: 4, source: 'aux' });
    const file = await renderCall('grid-share', call);
    await expectSights(call, file, [
      [spot(60, 40, 200, 280), RED, 0.2, 1.9],
      [spot(380, 40, 200, 280), BLUE, 0.2, 1.9],
      [spot(60, 30, 200, 120), RED, 2.1, 4],
      [spot(380, 30, 200, 120), YELLOW, 2.1, 4],
      [spot(60, 210, 200, 120), BLUE, 2.1, 4],
      [spot(380, 210, 200, 120), BACKGROUND, 2.1, 4],
      [spot(380, 40, 200, 280), BLUE, 4.6, 6],
    ]);
  });

  test('who shows nothing has a placeholder, or no place when the layout says so', async () => {
    for (const pureAudioDisableLayout of [false, true]) {
      const call = new TestCall();
      call.task(0, 4, parameters({ mode: 'grid', pureAudioDisableLayout }));
      visit(call, 'anna', RED, { fromS: 0, untilS: 4 });
      call.user('ben', { fromS: 0.05, untilS: 4 });
      show(call, 'ben', BLUE, { fromS: 2, untilS: 4 });
      const file = await renderCall(`pure-${pureAudioDisableLayout}`, call);
      await expectSights(call, file, [
        [spot(60, 40, 200, 280), RED, 0.2, 4],
        [spot(380, 40, 200, 280), pureAudioDisableLayout ? RED : PLACEHOLDER, 0.2, 1.9],
        [spot(380, 40, 200, 280), BLUE, 2.1, 4],
      ]);
    }
  });

  test('custom: layers, transparency, reserved and free places, as people come and go', async () => {
    const call = new TestCall();
    const rectangles = [
      // On top of all, kept for cleo: three fifths of her are seen.
      { leftPx: 240, topPx: 120, widthPx: 160, heightPx: 120, userId: 'cleo', layer: 5, alpha: 102 },
      { leftPx: 0, topPx: 0, widthPx: 320, heightPx: 360 },
      { leftPx: 320, topPx: 0, widthPx: 320, heightPx: 180, layer: 1 },
      { leftPx: 600, topPx: 300, widthPx: 40, heightPx: 60, alpha: 255 },
    ];
    call.task(0, 8, parameters({ mode: 'custom', rectangles }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 8 });
    visit(call, 'ben', BLUE, { fromS: 0.02, untilS: 4 });
    visit(call, 'cleo', GREEN, { fromS: 2, untilS: 6 });
    visit(call, 'dan', YELLOW, { fromS: 2, untilS: 8 });
    const file = await renderCall('custom', call);
    const over = (upper: string, lower: string): string => {
      const [a, b] = [rgbOf(upper), rgbOf(lower)];
      const mixed = a.map((value, index) => Math.round(value * 0.6 + (b[index] ?? 0) * 0.4));
      return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
    };
    const [overLeft, overRight, overFree] = [spot(256, 136, 48, 88), spot(336, 136, 48, 32), spot(336, 196, 48, 32)];
    await expectSights(call, file, [
      [spot(40, 40, 160, 280), RED, 0.2, 8],
      [spot(420, 40, 180, 100), BLUE, 0.2, 4],
      [overLeft, RED, 0.2, 1.9],
      [overLeft, over(GREEN, RED), 2.1, 6],
      [overRight, over(GREEN, BLUE), 2.1, 4],
      [overFree, over(GREEN, BACKGROUND), 2.1, 6],
      // The fourth rectangle is dan's, who cannot be seen in it, until ben's is free.
      [spot(604, 304, 32, 50), BACKGROUND, 0.2, 8],
      [spot(420, 40, 180, 100), YELLOW, 4.1, 8],
      [overRight, over(GREEN, YELLOW), 4.1, 6],
      [overRight, YELLOW, 6, 8],
      [overFree, BACKGROUND, 6, 8],
    ]);
  });

  /** A green picture of 320 × 180 with a white border of a fifth, in a place of 320 × 360: half of its width is too much. */
  test.for<[RenderMode, [Rectangle, string][]]>([
    [
      'stretch',
      [
        [spot(8, 150, 40, 60), WHITE],
        [spot(272, 150, 40, 60), WHITE],
        [spot(100, 8, 120, 48), WHITE],
        [spot(100, 304, 120, 48), WHITE],
        [spot(84, 90, 150, 180), GREEN],
      ],
    ],
    [
      'crop',
      [
        [spot(8, 90, 300, 180), GREEN],
        [spot(8, 30, 300, 30), WHITE],
        [spot(8, 304, 300, 48), WHITE],
      ],
    ],
    [
      'bars',
      [
        [spot(8, 4, 300, 76), BACKGROUND],
        [spot(8, 280, 300, 76), BACKGROUND],
        [spot(8, 96, 300, 20), WHITE],
        [spot(8, 150, 40, 60), WHITE],
        [spot(84, 136, 150, 90), GREEN],
        [spot(272, 150, 40, 60), WHITE],
      ],
    ],
    [
      'gentleCrop',
      [
        // A tenth is cut at each side, so a tenth of the picture's width is left of the border: 40 of 320.
        [spot(6, 150, 24, 60), WHITE],
        [spot(52, 90, 216, 180), GREEN],
        [spot(290, 150, 24, 60), WHITE],
        [spot(100, 30, 120, 30), WHITE],
      ],
    ],
  ])('%s', async ([renderMode, sights]) => {
    for (const [name, layout, leftPx] of [
      ['grid', { mode: 'grid', renderMode }, 0],
      [
        'custom',
        { mode: 'custom', rectangles: [{ leftPx: 320, topPx: 0, widthPx: 320, heightPx: 360, renderMode }] },
        320,
      ],
    ] as const) {
      const call = new TestCall();
      call.task(0, 2, parameters(layout as LayoutParameters));
      visit(call, 'anna', GREEN, { fromS: 0, untilS: 2, borderColor: WHITE });
      call.user('ben', { fromS: 0.05, untilS: 2 });
      const file = await renderCall(`${renderMode}-${name}`, call);
      await expectSights(
        call,
        file,
        sights.map(([rectangle, color]) => [{ ...rectangle, xPx: rectangle.xPx + leftPx }, color, 0.1, 2]),
      );
    }
  });

  test('modified while it runs: layout and background change in the frame of that moment, nothing else does', async () => {
    const call = new TestCall();
    call.task(0, 6, parameters({ mode: 'grid' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 6 });
    visit(call, 'ben', BLUE, { fromS: 0.02, untilS: 6 });
    const share: LayoutParameters = { mode: 'screenShare', large: { userId: 'ben' } };
    const other = { ...TEST_PARAMETERS.video, widthPx: 320, heightPx: 180, fps: 30 };
    call.modify(2.5, parameters(share, { backgroundColor: '#206060', video: other }));
    call.modify(4.5, parameters({ mode: 'grid' }, { backgroundColor: '#000000' }));
    const file = await renderCall('modified', call);
    expect(file).toMatchObject({ widthPx: 640, heightPx: 360 });
    const [left, right, lower] = [spot(60, 40, 200, 280), spot(524, 16, 96, 60), spot(524, 200, 96, 140)];
    await expectSights(call, file, [
      [left, RED, 0.2, 2.5],
      [right, BLUE, 0.2, 2.5],
      [left, BLUE, 2.5, 4.5],
      [right, RED, 2.5, 4.5],
      [lower, '#206060', 2.5, 4.5],
      [left, RED, 4.5, 6],
      [lower, BLUE, 4.5, 6],
    ]);
    // To the frame: the first one at or after the moment.
    const [series = []] = await measureColors(file.path, [left]);
    for (const [atS, before, after] of [
      [2.5, RED, BLUE],
      [4.5, BLUE, RED],
    ] as const) {
      const atUs = call.startUs + atS * 1e6 - file.startUs;
      const first = series.findIndex((sample) => sample.atUs >= atUs - 1);
      expect(isNear(series[first - 1] ?? { atUs: 0, r: 0, g: 0, b: 0, luma: 0 }, rgbOf(before))).toBe(true);
      expect(isNear(series[first] ?? { atUs: 0, r: 0, g: 0, b: 0, luma: 0 }, rgbOf(after))).toBe(true);
    }
  });

  test('killed after a change and started again, it goes on with what was changed', async () => {
    const call = new TestCall();
    call.task(0, 10, parameters({ mode: 'grid' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 10 });
    visit(call, 'ben', BLUE, { fromS: 0.02, untilS: 10 });
    call.modify(2.5, parameters({ mode: 'floating' }));
    call.modify(7.5, parameters({ mode: 'grid' }));
    const order = orderFor(join(folder, 'killed'));
    call.write(order.bundleFolder);
    const { child, ended } = startRender(order);
    await new Promise<void>((resolve) => {
      child.on('message', (message: RenderMessage) => {
        if (hasMade(message, 2)) resolve();
      });
    });
    child.kill('SIGKILL');
    await ended;
    const { files, report } = await renderToEnd(order);
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    expect(report.resumedAtSegment).toBeGreaterThanOrEqual(2);
    await expectSights(call, file, [
      [spot(380, 40, 200, 280), BLUE, 0.2, 2.5],
      [spot(300, 120, 200, 80), RED, 2.5, 7.5],
      [spot(20, 300, 100, 40), BLUE, 2.5, 7.5],
      [spot(380, 40, 200, 280), BLUE, 7.5, 10],
    ]);
  });

  test.for<[string, LayoutParameters, (canvas: Size) => Rectangle[]]>([
    ['grid', { mode: 'grid' }, (canvas) => gridRectangles(25, canvas)],
    ['floating', { mode: 'floating' }, (canvas) => floatingRectangles(25, canvas)],
    [
      'screenShare',
      { mode: 'screenShare', large: { userId: 'u0' } },
      (canvas) => {
        const { large, small } = screenShareRectangles(24, canvas);
        return [large, ...small];
      },
    ],
  ])('25 people in %s', async ([mode, layout, placesOf]) => {
    const call = new TestCall();
    const video = { ...TEST_PARAMETERS.video, widthPx: 1280, heightPx: 720, bitrateBps: 4_000_000 };
    call.task(0, 1.5, parameters(layout, { video }));
    const colors = Array.from({ length: 25 }, (_, index) => {
      const level = (step: number): string => (32 + step * 40).toString(16).padStart(2, '0');
      return `#${level(index % 5)}${level(Math.floor(index / 5))}60`;
    });
    colors.forEach((color, index) => {
      const userId = `u${index}`;
      call.user(userId, { fromS: index * 0.001, untilS: 1.5 });
      // The first is large somewhere: what moves in a picture is small in a large one.
      const size = index === 0 ? {} : { widthPx: 64, heightPx: 36 };
      const frames = cachedPicture({ codec: 'vp8', color, seconds: 1.5, ...size });
      call.stream(userId, 'vp8', frames, { fromS: 0, untilS: 1.5 });
    });
    const file = await renderCall(`many-${mode}`, call);
    await expectSights(
      call,
      file,
      placesOf(video).map(({ xPx, yPx, widthPx, heightPx }, index): Sight => {
        // Of the one that lies under all others, where there is no other one.
        if (mode === 'floating' && index === 0) return [spot(1050, 50, 180, 80), colors[0] ?? '', 0.1, 1.5];
        const inside = { xPx: xPx + 16, yPx: yPx + heightPx / 2, widthPx: widthPx - 32, heightPx: heightPx / 2 - 8 };
        return [inside, colors[index] ?? '', 0.1, 1.5];
      }),
    );
  });

  test('rendered again with parameters of one’s own, what it was given while it ran does not count', async () => {
    const call = new TestCall();
    call.task(0, 4, parameters({ mode: 'grid' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 4 });
    visit(call, 'ben', BLUE, { fromS: 0.02, untilS: 4 });
    call.modify(2, parameters({ mode: 'grid' }));
    const order = {
      ...orderFor(join(folder, 'again')),
      parameters: parameters({ mode: 'floating', large: { userId: 'ben' } }),
    };
    call.write(order.bundleFolder);
    const [file] = (await renderToEnd(order)).files;
    if (file === undefined) throw new Error('no file');
    await expectSights(call, file, [
      [spot(40, 60, 560, 160), BLUE, 0.2, 4],
      [spot(20, 300, 100, 40), RED, 0.2, 4],
    ]);
  });

  test('modified live is the same file as later, to the byte', async () => {
    const call = new TestCall(nowUs() + 500_000);
    call.task(-0.1, 6, parameters({ mode: 'grid' }));
    visit(call, 'anna', RED, { fromS: 0, untilS: 6 });
    visit(call, 'ben', BLUE, { fromS: 1, untilS: 6 });
    show(call, 'ben', YELLOW, { fromS: 2, untilS: 4, source: 'aux' });
    call.modify(1.7, parameters({ mode: 'floating', large: { userId: 'ben' } }));
    call.modify(3.2, parameters({ mode: 'screenShare', large: { userId: 'ben' } }, { backgroundColor: '#206060' }));
    const order = orderFor(join(folder, 'live'));
    const playing = call.play(order.bundleFolder, nowUs);
    const { messages, ended } = startRender(order);
    await playing;
    expect(await ended).toEqual({ code: 0, signal: null });
    const last = messages.at(-1);
    if (last?.type !== 'finished') throw new Error('not finished');
    const again = await renderToEnd({
      ...order,
      workFolder: `${order.workFolder}-again`,
      outFolder: `${order.outFolder}-again`,
    });
    expect(last.files[0]?.sha256).toBe(again.files[0]?.sha256);
    expect(messages.filter(({ type }) => type === 'progress').length).toBeGreaterThanOrEqual(2);
  });
});
