import type { RenderMode } from '../recording/layout-parameters.ts';
import { evenBelow, type Rectangle, type Size } from '../timeline/index.ts';

/** Which part of a picture is scaled onto which part of its place; `inner` is counted from the place's corner. */
export type PictureFit = { crop: Rectangle; inner: Rectangle };

/** Mode `gentleCrop` keeps at least this much of each side. */
const GENTLE_KEEPS = 0.8;

/** How a picture comes into a place of another shape. All offsets are even, so that chroma samples stay whole. */
export function fitPicture(mode: RenderMode, picture: Size, place: Size): PictureFit {
  const all: PictureFit = { crop: wholeOf(picture), inner: wholeOf(place) };
  switch (mode) {
    case 'stretch':
      return all;
    case 'crop':
      return { ...all, crop: coverCrop(picture, place) };
    case 'gentleCrop':
      return { ...all, crop: gentleCrop(picture, place) };
    case 'bars':
      return { ...all, inner: insideOf(picture, place) };
  }
}

/** The part of a picture that fills a place of another shape. */
export function coverCrop(picture: Size, place: Size): Rectangle {
  const scale = Math.max(place.widthPx / picture.widthPx, place.heightPx / picture.heightPx);
  return middle(picture, {
    widthPx: evenWithin(place.widthPx / scale, picture.widthPx),
    heightPx: evenWithin(place.heightPx / scale, picture.heightPx),
  });
}

function wholeOf({ widthPx, heightPx }: Size): Rectangle {
  return { xPx: 0, yPx: 0, widthPx, heightPx };
}

function gentleCrop(picture: Size, place: Size): Rectangle {
  const { widthPx, heightPx } = coverCrop(picture, place);
  const kept = (cutPx: number, sidePx: number): number =>
    Math.max(cutPx, Math.min(sidePx, Math.ceil((sidePx * GENTLE_KEEPS) / 2) * 2));
  return middle(picture, { widthPx: kept(widthPx, picture.widthPx), heightPx: kept(heightPx, picture.heightPx) });
}

/** The part of a place that a whole picture in its shape takes. */
function insideOf(picture: Size, place: Size): Rectangle {
  const scale = Math.min(place.widthPx / picture.widthPx, place.heightPx / picture.heightPx);
  return middle(place, {
    widthPx: evenWithin(picture.widthPx * scale, place.widthPx),
    heightPx: evenWithin(picture.heightPx * scale, place.heightPx),
  });
}

function middle(outer: Size, { widthPx, heightPx }: Size): Rectangle {
  return {
    xPx: evenBelow((outer.widthPx - widthPx) / 2),
    yPx: evenBelow((outer.heightPx - heightPx) / 2),
    widthPx,
    heightPx,
  };
}

function evenWithin(value: number, most: number): number {
  return Math.min(most, Math.max(2, Math.round(value / 2) * 2));
}
