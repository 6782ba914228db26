import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

// How long after hang-up the MP4 is in the library, for calls of several lengths: real bots, real Janus, by the
// demo's own table. Lengths in seconds may be given as arguments.

const run = promisify(execFile);
const CALLREEL = join(import.meta.dirname, '../callreel');
const lengths = process.argv.length > 2 ? process.argv.slice(2) : ['15', '60', '300'];

console.log('call s   file s   bytes       ready after hang-up ms');
for (const seconds of lengths) {
  const folder = await mkdtemp(join(tmpdir(), 'callreel-bench-'));
  try {
    const { stdout } = await run(CALLREEL, ['demo', '--data', folder, '--seconds', seconds]);
    const row = stdout.split('\n').find((line) => /\.mp4 +\d+ +\d+ +[0-9a-f]{64}$/.test(line));
    if (row === undefined) throw new Error(`The demo printed no row:\n${stdout}`);
    const [, callS = '', fileS = '', , bytes = '', readyMs = ''] = row.split(/ +/);
    console.log(`${callS.padEnd(8)} ${fileS.padEnd(8)} ${bytes.padEnd(11)} ${readyMs}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
