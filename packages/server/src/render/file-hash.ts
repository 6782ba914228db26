import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;

/** SHA-256 of a file, lower-case hex. @throws file errors. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  // One is read while the other is looked at; a new one for each block would be garbage of tens of MB at a time.
  let [reading, spare] = [Buffer.allocUnsafeSlow(BLOCK_BYTES), Buffer.allocUnsafeSlow(BLOCK_BYTES)];
  const file = await open(path, 'r');
  try {
    let next = file.read(reading, 0, BLOCK_BYTES, null);
    for (;;) {
      const { bytesRead } = await next;
      if (bytesRead === 0) return hash.digest('hex');
      [reading, spare] = [spare, reading];
      next = file.read(reading, 0, BLOCK_BYTES, null);
      hash.update(spare.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
