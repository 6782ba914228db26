import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Small, so that what is read of a long file is little garbage at a time. */
const BLOCK_BYTES = 256 * 1024;

/** SHA-256 of a file, lower-case hex. @throws file errors. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(path, { highWaterMark: BLOCK_BYTES })) hash.update(block as Buffer);
  return hash.digest('hex');
}
