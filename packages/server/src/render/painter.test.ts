import fc from 'fast-check';
import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { afterAll, describe, expect, test } from 'vitest';
import type { RenderMode } from '../recording/layout-parameters.ts';
import type { Scene, ScenePlace } from '../timeline/index.ts';
import { planesOf } from './canvas.ts';
import { type PaintedMoment, Painter } from './painter.ts';
import { PictureFiles } from './picture-files.ts';
import { fitPicture } from './picture-fit.ts';
import { frameAround } from './region.ts';
import type { VideoTrack } from './video-track.ts';
import { yuvOf } from './yuv-color.ts';

const SIZE = { widthPx: 64, heightPx: 48 };
const frames: Frame[] = [];
afterAll(() => {
  for (const frame of frames) frame.free();
});

const newPainter = (): Painter => new Painter(SIZE, new PictureFiles('none'));
const momentOf = (scene: Scene, backgroundColor: string): PaintedMoment => ({
  scene,
  look: { layout: { mode: 'grid' }, backgroundColor },
  atUs: 0,
  pictures: [],
});

/** A picture of one brightness, so that scaling does not change it. */
function flat(luma: number): Frame {
  const frame = new Frame();
  frame.alloc();
  frame.width = 32;
  frame.height = 24;
  frame.format = AV_PIX_FMT_YUV420P;
  frame.getBuffer(0);
  const [y, u, v] = planesOf(frame);
  y.bytes.fill(luma);
  u.bytes.fill(128);
  v.bytes.fill(128);
  frames.push(frame);
  return frame;
}

/** Tracks that show a brightness each; only what the painter asks for. */
function tracksOf(
  lumas: ReadonlyMap<string, { luma: number; serial: number }>,
): (dump: string) => VideoTrack | undefined {
  return (dump) => {
    const shown = lumas.get(dump);
    if (shown === undefined) return undefined;
    const picture = { frame: flat(shown.luma), mediaUs: 0, serial: shown.serial };
    return { picture } as VideoTrack;
  };
}

function lumaOf(painter: Painter): number[] {
  const [{ bytes, strideBytes }] = planesOf(painter.canvas.frame);
  return Array.from(
    { length: SIZE.widthPx * SIZE.heightPx },
    (_, index) => bytes[Math.floor(index / SIZE.widthPx) * strideBytes + (index % SIZE.widthPx)] ?? 0,
  );
}

/** What a canvas of the scene must be, pixel by pixel, by the simplest way there is. */
function expected(
  places: readonly ScenePlace[],
  lumas: ReadonlyMap<string, { luma: number }>,
  background: number,
): number[] {
  const canvas = new Array<number>(SIZE.widthPx * SIZE.heightPx).fill(background);
  for (const { rectangle, picture, alpha, renderMode } of places) {
    const luma = lumas.get(picture?.dump ?? '')?.luma ?? background + 14;
    const inner = fitPicture(renderMode, { widthPx: 32, heightPx: 24 }, rectangle).inner;
    const at = { ...inner, xPx: inner.xPx + rectangle.xPx, yPx: inner.yPx + rectangle.yPx };
    const isPicture = lumas.has(picture?.dump ?? '');
    const parts = isPicture
      ? [{ ...at, luma }, ...frameAround(rectangle, at).map((bar) => ({ ...bar, luma: background }))]
      : [{ ...rectangle, luma }];
    for (const { xPx, yPx, widthPx, heightPx, luma: over } of parts)
      for (let y = yPx; y < yPx + heightPx; y += 1)
        for (let x = xPx; x < xPx + widthPx; x += 1) {
          const index = y * SIZE.widthPx + x;
          canvas[index] = Math.round(((canvas[index] ?? 0) * alpha + over * (255 - alpha)) / 255);
        }
  }
  return canvas;
}

const place = fc
  .record({
    x: fc.nat(31),
    y: fc.nat(23),
    width: fc.integer({ min: 1, max: 32 }),
    height: fc.integer({ min: 1, max: 24 }),
    dump: fc.constantFrom('a', 'b', 'c', null),
    alpha: fc.constantFrom(0, 0, 0, 60, 200, 255),
    renderMode: fc.constantFrom<RenderMode>('crop', 'bars', 'stretch'),
  })
  .map(
    ({ x, y, width, height, dump, alpha, renderMode }): ScenePlace => ({
      userId: 'u',
      rectangle: {
        xPx: x * 2,
        yPx: y * 2,
        widthPx: Math.min(width, 32 - x) * 2,
        heightPx: Math.min(height, 24 - y) * 2,
      },
      picture: dump === null ? null : { dump, notBeforeUs: 0 },
      alpha,
      renderMode,
    }),
  );
/** Pictures that come one after another, without the places changing. */
const changes = fc.array(
  fc.record({ dump: fc.constantFrom('a', 'b', 'c'), luma: fc.integer({ min: 20, max: 230 }), gone: fc.boolean() }),
  { minLength: 1, maxLength: 6 },
);

describe('Painter', () => {
  test('what is painted bit by bit is what painting everything anew would give', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(place, { maxLength: 6 }), changes), { minLength: 1, maxLength: 2 }),
        (rounds) => {
          using painter = newPainter();
          const background = yuvOf('#102030').y;
          const lumas = new Map<string, { luma: number; serial: number }>();
          let serial = 0;
          for (const [places, steps] of rounds) {
            const scene: Scene = { places, leftOut: [] };
            for (const { dump, luma, gone } of steps) {
              serial += 1;
              if (gone) lumas.delete(dump);
              else lumas.set(dump, { luma, serial });
              painter.paint(momentOf(scene, '#102030'), tracksOf(lumas));
              const wanted = expected(places, lumas, background);
              // The scaler's own rounding may be one off; what shines through twice, or not at all, is more.
              expect(lumaOf(painter).filter((value, index) => Math.abs(value - (wanted[index] ?? 0)) > 1)).toEqual([]);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('another background is painted at once', () => {
    using painter = newPainter();
    for (const color of ['#000000', '#ffffff', '#808080']) {
      painter.paint(momentOf({ places: [], leftOut: [] }, color), () => undefined);
      expect(new Set(lumaOf(painter))).toEqual(new Set([yuvOf(color).y]));
    }
  });
});
