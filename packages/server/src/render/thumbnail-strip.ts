import type { Frame } from 'node-av/lib';
import type { Rectangle } from '../timeline/index.ts';
import { planesOf } from './canvas.ts';
import { encodeJpeg, jpegPicture } from './jpeg.ts';

/** Most thumbnails of a strip. */
export const THUMBNAILS_MAX = 100;
const COLUMNS = 10;

/** A small picture and where in the file it is, in µs from its beginning. */
export type Thumbnail = { picture: Frame; atUs: number };

/** Where the thumbnails of a strip lie in its picture: in rows of ten. All have one size. */
export function thumbnailPlaces(count: number, { width, height }: { width: number; height: number }): Rectangle[] {
  return Array.from({ length: count }, (_, index) => ({
    xPx: (index % COLUMNS) * width,
    yPx: Math.floor(index / COLUMNS) * height,
    widthPx: width,
    heightPx: height,
  }));
}

/** All thumbnails in one JPEG file. @param thumbnails At least one; of one even size, made as `jpegPicture` does. @throws {AvError}. */
export function thumbnailSheet(thumbnails: readonly Thumbnail[]): Buffer {
  const size = thumbnails[0]?.picture ?? { width: 2, height: 2 };
  const places = thumbnailPlaces(thumbnails.length, size);
  using sheet = jpegPicture({
    widthPx: Math.min(COLUMNS, thumbnails.length) * size.width,
    heightPx: Math.ceil(thumbnails.length / COLUMNS) * size.height,
  });
  const targets = planesOf(sheet);
  // Black where the last row has none.
  targets.forEach(({ bytes }, plane) => bytes.fill(plane === 0 ? 0 : 128));
  thumbnails.forEach(({ picture }, index) => {
    const place = places[index];
    if (place === undefined) return;
    planesOf(picture).forEach((source, plane) => {
      const target = targets[plane];
      if (target === undefined) return;
      const scale = plane === 0 ? 1 : 2;
      for (let row = 0; row < place.heightPx / scale; row += 1) {
        const at = (place.yPx / scale + row) * target.strideBytes + place.xPx / scale;
        const from = row * source.strideBytes;
        source.bytes.copy(target.bytes, at, from, from + place.widthPx / scale);
      }
    });
  });
  return encodeJpeg(sheet);
}

/**
 * Which part of the sheet stands for which time, as WebVTT with media fragments (`#xywh=`), as players read it.
 * @param sheetName Name of the sheet beside it. @param durationUs Of the file.
 */
export function thumbnailIndex(thumbnails: readonly Thumbnail[], sheetName: string, durationUs: number): string {
  const size = thumbnails[0]?.picture ?? { width: 0, height: 0 };
  const cues = thumbnailPlaces(thumbnails.length, size).map(({ xPx, yPx, widthPx, heightPx }, index) => {
    const fromUs = thumbnails[index]?.atUs ?? 0;
    const untilUs = thumbnails[index + 1]?.atUs ?? Math.max(durationUs, fromUs + 1000);
    return [
      `${vttTime(fromUs)} --> ${vttTime(untilUs)}`,
      `${encodeURIComponent(sheetName)}#xywh=${xPx},${yPx},${widthPx},${heightPx}`,
    ].join('\n');
  });
  return `${['WEBVTT', ...cues].join('\n\n')}\n`;
}

function vttTime(us: number): string {
  const ms = Math.round(us / 1000);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const time = `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}`;
  return `${time}.${String(ms % 1000).padStart(3, '0')}`;
}
