import { createHash } from 'node:crypto';
import type { TaskParameters } from './task-parameters.ts';

/** Folder of a bundle in which pictures are kept. */
export const PICTURES_FOLDER = 'pictures';

/** Name of a kept picture: the same for the same address. */
export function pictureFileName(url: string, kind: 'png' | 'jpg'): string {
  return `${createHash('sha256').update(url).digest('hex')}.${kind}`;
}

/** The addresses of all pictures that a task asks for, each once. */
export function pictureUrlsOf({ layout, background, placeholder, watermarks = [] }: TaskParameters): string[] {
  const urls = [
    background?.url,
    placeholder?.url,
    ...(layout.mode === 'custom' ? layout.rectangles.map(({ placeholderUrl }) => placeholderUrl) : []),
    ...watermarks.map((watermark) => (watermark.kind === 'picture' ? watermark.url : undefined)),
  ];
  return [...new Set(urls.filter((url) => url !== undefined))];
}
