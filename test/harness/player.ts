import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Rgb } from '../scorer/index.ts';

const HLS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js');
const TYPES: Readonly<Record<string, string>> = Object.freeze({
  '.mp4': 'video/mp4',
  '.m4s': 'video/iso.segment',
  '.ts': 'video/mp2t',
  '.aac': 'audio/aac',
  '.webm': 'video/webm',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.js': 'text/javascript',
});

/** What Chromium says of a file that it has played. Times in s. */
export type Played = {
  durationS: number;
  /** How far it came by playing from the beginning. */
  advancedS: number;
  /** Where it was after each seek, and the colours of the asked points there. */
  seeks: { atS: number; colors: Rgb[] }[];
  /** Where it said that it had ended. */
  endedS: number;
};

/** A page of Chromium that plays files of a folder, playlists by hls.js. `close()` once. */
export class Player {
  readonly #page: Page;
  readonly #files: Server;
  readonly #origin: string;

  private constructor(page: Page, files: Server, origin: string) {
    this.#page = page;
    this.#files = files;
    this.#origin = origin;
  }

  /** Opens a page beside the files of a folder. */
  static async open(browser: Browser, folder: string): Promise<Player> {
    const files = createServer((request, response) => {
      const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://files').pathname));
      if (path === '/')
        return void response.setHeader('content-type', 'text/html').end('<script src="/hls.js"></script>');
      const file = path === '/hls.js' ? HLS : join(folder, path);
      answer(file, request.headers.range).then(
        ({ status, headers, start, end }) => {
          response.writeHead(status, headers);
          createReadStream(file, { start, end }).pipe(response);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    const address = files.address();
    if (typeof address !== 'object' || address === null) throw new Error('The files are not served.');
    const origin = `http://127.0.0.1:${address.port}`;
    const page = await browser.newPage();
    await page.goto(origin);
    return new Player(page, files, origin);
  }

  /**
   * Plays a file from its beginning, then seeks to some times, then plays its end. Fails when Chromium does, or after 20 s.
   * @param points of the picture whose colours are read; none for sound alone.
   */
  async play(
    path: string,
    seeksS: readonly number[],
    points: readonly { xPx: number; yPx: number }[],
  ): Promise<Played> {
    const wanted = { url: `${this.#origin}/${path}`, isPlaylist: extname(path) === '.m3u8', seeksS, points };
    return this.#page.evaluate(`(${PLAY})(${JSON.stringify(wanted)})`);
  }

  /** Closes page and server. */
  async close(): Promise<void> {
    await this.#page.close();
    this.#files.closeAllConnections();
    await new Promise((resolve) => this.#files.close(resolve));
  }
}

type Answer = { status: number; headers: Record<string, string | number>; start: number; end: number };

async function answer(file: string, range: string | undefined): Promise<Answer> {
  const { size } = await stat(file);
  const wanted = /^bytes=(\d+)-(\d*)$/.exec(range ?? '');
  const start = Number(wanted?.[1] ?? 0);
  const end = Math.min(size - 1, wanted?.[2] ? Number(wanted[2]) : size - 1);
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    ...(wanted === null ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  };
  return { status: wanted === null ? 200 : 206, headers, start, end };
}

/** Runs in the page. */
const PLAY = `async ({ url, isPlaylist, seeksS, points }) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  let player = null;
  const work = async () => {
    const loaded = new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true }));
    if (isPlaylist) {
      player = new Hls();
      const parsed = new Promise((resolve, reject) => {
        player.on(Hls.Events.LEVEL_LOADED, (_, { details }) => resolve(details));
        player.on(Hls.Events.ERROR, (_, { fatal, details, error }) => { if (fatal) { fail(new Error('hls.js: ' + details + ' ' + error)); } });
      });
      player.loadSource(url);
      player.attachMedia(video);
      const details = await parsed;
      if (details.live) throw new Error('The playlist says that it is live.');
    } else video.src = url;
    await loaded;
    await video.play();
    await new Promise((resolve) => video.addEventListener('timeupdate', () => { if (video.currentTime > 1) resolve(); }));
    video.pause();
    const advancedS = video.currentTime;
    const durationS = video.duration;
    const canvas = new OffscreenCanvas(Math.max(1, video.videoWidth), Math.max(1, video.videoHeight));
    const paint = canvas.getContext('2d', { willReadFrequently: true });
    const seek = async (atS) => {
      const there = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
      video.currentTime = atS;
      await there;
    };
    // A page may be told of the end of a seek before the picture from there is shown.
    const seekPicture = async (atS) => {
      const shown = new Promise((resolve) => {
        const look = (_, { mediaTime }) => {
          if (Math.abs(mediaTime - atS) < 0.2) resolve();
          else video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
      });
      await Promise.all([seek(atS), shown]);
    };
    const seeks = [];
    for (const atS of seeksS) {
      await (points.length === 0 ? seek(atS) : seekPicture(atS));
      paint.drawImage(video, 0, 0);
      const colors = points.map(({ xPx, yPx }) => {
        const [r, g, b] = paint.getImageData(xPx, yPx, 1, 1).data;
        return { r, g, b };
      });
      seeks.push({ atS: video.currentTime, colors });
    }
    await seek(durationS - 0.7);
    const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
    await video.play();
    await ended;
    return { durationS, advancedS, seeks, endedS: video.currentTime };
  };
  let fail;
  const failed = new Promise((_, reject) => {
    fail = reject;
    video.addEventListener('error', () => reject(new Error('Chromium: ' + video.error.message)));
    setTimeout(() => reject(new Error('Chromium plays no further than ' + video.currentTime + ' s, state ' + video.readyState)), 20000);
  });
  try {
    return await Promise.race([work(), failed]);
  } finally {
    player?.destroy();
    video.removeAttribute('src');
  }
}`;
