import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Journal } from '../capture/journal.ts';
import type { JournalEvent } from '../capture/journal-event.ts';
import { PictureFetches } from './picture-fetch.ts';
import { NoPicture, pictureKindOf } from './picture-kind.ts';
import { pictureFileName, pictureUrlsOf } from './picture-name.ts';
import { DEFAULT_TASK_PARAMETERS, type TaskParameters } from './task-parameters.ts';

const folder = mkdtempSync(join(tmpdir(), 'callreel-pictures-'));
const log = pino({ level: 'silent' });
let server: Server;
let origin = '';
let asked: string[] = [];
let busy = 0;

/** A picture of one colour, made by Debian's ffmpeg. */
function picture(name: string, size: string): Buffer {
  const path = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `color=red:s=${size}`, '-frames:v', '1', path]);
  return readFileSync(path);
}

beforeAll(async () => {
  const files = new Map<string, Buffer>([
    ['/a.png', picture('a.png', '64x32')],
    ['/a.jpg', picture('a.jpg', '64x32')],
    ['/wide.png', picture('wide.png', '2562x2')],
    ['/most.png', picture('most.png', '2560x2')],
    ['/text.png', Buffer.from('<html>')],
    ['/empty.png', Buffer.alloc(0)],
    ['/huge.png', Buffer.alloc(5 * 1024 * 1024 + 1)],
  ]);
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === '/hang.png') return;
    if (path === '/busy.png') {
      busy += 1;
      if (busy < 3) {
        response.writeHead(503).end();
        return;
      }
      response.end(files.get('/a.png'));
      return;
    }
    const body = files.get(path);
    if (path === '/down.png') response.writeHead(500).end();
    else if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const wanting = (...paths: string[]): TaskParameters => ({
  ...DEFAULT_TASK_PARAMETERS,
  watermarks: paths.map((path) => {
    const url = path.startsWith('/') ? origin + path : path;
    return { kind: 'picture', url, leftPx: 0, topPx: 0, widthPx: 2, heightPx: 2 };
  }),
});
const fetches = (more = {}): PictureFetches =>
  new PictureFetches(log, { allows: () => true, pausesMs: [10, 10], timeoutMs: 300, ...more });

function eventsOf(journal: Journal): JournalEvent[] {
  const lines = readFileSync(join(journal.folder, 'journal.jsonl'), 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalEvent);
}
/** How it ended, by path. */
function endsOf(journal: Journal): Record<string, string> {
  return Object.fromEntries(
    eventsOf(journal).flatMap((event) =>
      event.type === 'pictureKept'
        ? [[event.url.replace(origin, ''), event.file]]
        : event.type === 'pictureFailed'
          ? [[event.url.replace(origin, ''), event.detail]]
          : [],
    ),
  );
}

describe('pictures of a task', () => {
  test('are kept in the bundle, each once, and the journal says so', async () => {
    asked = [];
    const journal = Journal.open(join(folder, 'kept'));
    const pictures = fetches();
    pictures.want(journal, wanting('/a.png', '/a.jpg', '/a.png', '/most.png'));
    pictures.want(journal, wanting('/a.png'));
    await pictures.settled();
    pictures.want(journal, wanting('/a.jpg'));
    await pictures.settled();
    const [png, jpg, most] = [
      pictureFileName(`${origin}/a.png`, 'png'),
      pictureFileName(`${origin}/a.jpg`, 'jpg'),
      pictureFileName(`${origin}/most.png`, 'png'),
    ];
    expect(endsOf(journal)).toEqual({ '/a.png': png, '/a.jpg': jpg, '/most.png': most });
    expect(readdirSync(join(journal.folder, 'pictures')).sort()).toEqual([png, jpg, most].sort());
    expect(readFileSync(join(journal.folder, 'pictures', png))).toEqual(readFileSync(join(folder, 'a.png')));
    expect(asked.sort()).toEqual(['/a.jpg', '/a.png', '/most.png']);
    journal.close();
  });

  test('that are none, too large or not there are told of, and nothing of them is kept', async () => {
    const journal = Journal.open(join(folder, 'failed'));
    const pictures = fetches();
    pictures.want(
      journal,
      wanting(
        '/text.png',
        '/empty.png',
        '/wide.png',
        '/huge.png',
        '/gone.png',
        '/hang.png',
        '/down.png',
        'http://[::1]:1/x',
      ),
    );
    await pictures.settled();
    expect(endsOf(journal)).toEqual({
      '/text.png': 'It is neither a png nor a jpg.',
      '/empty.png': 'It is neither a png nor a jpg.',
      '/wide.png': 'It is 2562 × 2; at most 2560 a side.',
      '/huge.png': 'Its answer has more than 5242880 bytes.',
      '/gone.png': 'It is answered with 404.',
      '/hang.png': 'No answer within 300 ms.',
      '/down.png': 'It is answered with 500.',
      'http://[::1]:1/x': expect.stringContaining('It cannot be reached'),
    });
    expect(() => readdirSync(join(journal.folder, 'pictures'))).toThrow('ENOENT');
    journal.close();
  });

  test('are tried again where that may help, and not where it may not', async () => {
    asked = [];
    busy = 0;
    const journal = Journal.open(join(folder, 'busy'));
    const pictures = fetches();
    pictures.want(journal, wanting('/busy.png', '/gone.png', '/down.png'));
    await pictures.settled();
    expect(endsOf(journal)['/busy.png']).toBe(pictureFileName(`${origin}/busy.png`, 'png'));
    const times = (path: string): number => asked.filter((one) => one === path).length;
    expect([times('/busy.png'), times('/gone.png'), times('/down.png')]).toEqual([3, 1, 3]);
    journal.close();
  });

  test('at private addresses are refused by default', async () => {
    asked = [];
    const journal = Journal.open(join(folder, 'private'));
    const pictures = new PictureFetches(log);
    pictures.want(journal, wanting('/a.png'));
    await pictures.settled();
    expect(endsOf(journal)['/a.png']).toContain('not a public one');
    expect(asked).toEqual([]);
    journal.close();
  });

  test('that a process did not get to its end are fetched by the next one', async () => {
    const path = join(folder, 'restart');
    const first = Journal.open(path);
    const parameters = wanting('/a.png', '/hang.png', '/gone.png');
    const before = fetches({ timeoutMs: 60_000 });
    before.want(first, parameters);
    await expect.poll(() => Object.keys(endsOf(first)).length).toBe(2);
    // Ends what hangs at once, and does not call it failed.
    await before.close();
    await before.close();
    before.want(first, wanting('/a.jpg'));
    first.close();
    expect(Object.keys(endsOf(first)).sort()).toEqual(['/a.png', '/gone.png']);
    asked = [];
    const second = Journal.open(path);
    const after = fetches();
    after.want(second, parameters);
    await after.settled();
    expect(endsOf(second)['/hang.png']).toContain('No answer');
    expect(new Set(asked)).toEqual(new Set(['/hang.png']));
    second.close();
  });

  test('that come when the room is over change nothing any more', async () => {
    const journal = Journal.open(join(folder, 'over'));
    const pictures = fetches();
    pictures.want(journal, wanting('/a.png'));
    journal.close();
    await pictures.settled();
    expect(eventsOf(journal)).toEqual([]);
    expect(readdirSync(journal.folder)).toEqual(['journal.jsonl']);
  });

  test('are all that the parameters name', () => {
    const named: TaskParameters = {
      ...wanting('/1'),
      background: { url: '2' },
      placeholder: { url: '3' },
      layout: {
        mode: 'custom',
        rectangles: [
          { leftPx: 0, topPx: 0, widthPx: 2, heightPx: 2, placeholderUrl: '4' },
          { leftPx: 0, topPx: 0, widthPx: 2, heightPx: 2, placeholderUrl: '2' },
        ],
      },
    };
    expect(pictureUrlsOf(named).sort()).toEqual(['2', '3', '4', `${origin}/1`].sort());
    expect(pictureUrlsOf(DEFAULT_TASK_PARAMETERS)).toEqual([]);
  });
});

describe('the beginning of a picture', () => {
  test('says kind and size', () => {
    expect(pictureKindOf(readFileSync(join(folder, 'a.png')))).toEqual({ kind: 'png', widthPx: 64, heightPx: 32 });
    expect(pictureKindOf(readFileSync(join(folder, 'a.jpg')))).toEqual({ kind: 'jpg', widthPx: 64, heightPx: 32 });
  });

  test('whatever comes, it is a picture or none', () => {
    const jpg = readFileSync(join(folder, 'a.jpg'));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.from([0xff, 0xd8, 0xff, ...rest])),
          fc.tuple(fc.nat(jpg.length - 1), fc.nat(255)).map(([at, value]) => Buffer.from(jpg).fill(value, at, at + 1)),
          fc.nat(jpg.length).map((length) => jpg.subarray(0, length)),
        ),
        (bytes) => {
          try {
            const { widthPx, heightPx } = pictureKindOf(Buffer.from(bytes));
            expect(Math.max(widthPx, heightPx)).toBeLessThanOrEqual(2560);
          } catch (error) {
            expect(error).toBeInstanceOf(NoPicture);
          }
        },
      ),
    );
  });
});
