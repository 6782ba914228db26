import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JournalEvent } from './capture/index.ts';
import { fetchPicture, keepPicture, PICTURES_FOLDER, pictureUrlsOf, type TaskParameters } from './recording/index.ts';

/** Pauses between tries, in ms: somebody waits for it, and can start it again. */
const PAUSES_MS = [1_000];

/**
 * The files of the pictures that parameters of one's own ask for, by their addresses. Paths count from the parameters' file;
 * what is neither a path nor in the bundle is fetched, from private addresses too, since who runs commands here could do
 * that himself. What cannot be had is told of on stderr.
 */
export async function picturesFor(
  parameters: TaskParameters,
  {
    paramsFolder,
    bundleFolder,
    events,
    fetchFolder,
  }: { paramsFolder: string; bundleFolder: string; events: readonly JournalEvent[]; fetchFolder: string },
): Promise<Record<string, string>> {
  const pictures: Record<string, string> = {};
  for (const url of pictureUrlsOf(parameters)) {
    const kept = events.find((event) => event.type === 'pictureKept' && event.url === url);
    if (kept?.type === 'pictureKept') pictures[url] = join(bundleFolder, PICTURES_FOLDER, kept.file);
    else if (url.startsWith('file://')) pictures[url] = fileURLToPath(url);
    else if (!/^https?:\/\//.test(url)) pictures[url] = resolve(paramsFolder, url);
    else {
      const fetched = await fetchPicture(url, { allows: () => true, pausesMs: PAUSES_MS });
      if (fetched === null) continue;
      if ('bytes' in fetched) pictures[url] = join(fetchFolder, keepPicture(url, fetched, fetchFolder));
      else process.stderr.write(`callreel: picture ${url}: ${fetched.detail}\n`);
    }
  }
  return pictures;
}
