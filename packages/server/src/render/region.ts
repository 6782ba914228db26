import type { Rectangle } from '../timeline/index.ts';

/** What two rectangles have in common, or null. Of even rectangles it is even. */
export function intersection(a: Rectangle, b: Rectangle): Rectangle | null {
  const xPx = Math.max(a.xPx, b.xPx);
  const yPx = Math.max(a.yPx, b.yPx);
  const widthPx = Math.min(a.xPx + a.widthPx, b.xPx + b.widthPx) - xPx;
  const heightPx = Math.min(a.yPx + a.heightPx, b.yPx + b.heightPx) - yPx;
  return widthPx > 0 && heightPx > 0 ? { xPx, yPx, widthPx, heightPx } : null;
}

/** Whether `outer` covers `inner`. */
export function covers(outer: Rectangle, inner: Rectangle): boolean {
  return (
    outer.xPx <= inner.xPx &&
    outer.yPx <= inner.yPx &&
    outer.xPx + outer.widthPx >= inner.xPx + inner.widthPx &&
    outer.yPx + outer.heightPx >= inner.yPx + inner.heightPx
  );
}

/**
 * The regions to paint so that all of `changed` is painted anew: without those that lie within another one, and
 * the whole canvas at once where they overlap so much that it is less work.
 */
export function regionsOf(changed: readonly Rectangle[], whole: Rectangle): Rectangle[] {
  const regions: Rectangle[] = [];
  // The larger ones first, so that what lies within them is found at once.
  for (const rectangle of [...changed].sort((a, b) => areaOf(b) - areaOf(a)))
    if (!regions.some((region) => covers(region, rectangle))) regions.push(rectangle);
  const areaPx = regions.reduce((sum, region) => sum + areaOf(region), 0);
  return areaPx > areaOf(whole) ? [whole] : regions;
}

/** The parts of `outer` around `inner`, which lies within it: above, below, left, right; none is empty. */
export function frameAround(outer: Rectangle, inner: Rectangle): Rectangle[] {
  const { xPx, yPx, widthPx, heightPx } = outer;
  const innerRight = inner.xPx + inner.widthPx;
  const innerBottom = inner.yPx + inner.heightPx;
  return [
    { xPx, yPx, widthPx, heightPx: inner.yPx - yPx },
    { xPx, yPx: innerBottom, widthPx, heightPx: yPx + heightPx - innerBottom },
    { xPx, yPx: inner.yPx, widthPx: inner.xPx - xPx, heightPx: inner.heightPx },
    { xPx: innerRight, yPx: inner.yPx, widthPx: xPx + widthPx - innerRight, heightPx: inner.heightPx },
  ].filter((part) => areaOf(part) > 0);
}

function areaOf({ widthPx, heightPx }: Rectangle): number {
  return widthPx * heightPx;
}
