import { createHash } from 'node:crypto';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { syncFolderOf } from './durable-file.ts';
import { u32, u64 } from './mp4-box.ts';
import { fileType, movieBox, type SampleTable } from './mp4-movie.ts';
import { type Mp4Contents, type Piece, sampleTables, shiftTable } from './mp4-tables.ts';

/** What becomes a file, and where. */
export type Mp4Order = Mp4Contents & { path: string };

const COPY_BYTES = 4 * 1024 * 1024;

/**
 * Makes the finished MP4 from segments by copying: index in front, then the samples as they lie in the
 * segments. Written under a temporary name, brought to the disk, renamed. @throws file errors.
 */
export async function writeMp4(order: Mp4Order): Promise<{ sizeBytes: number; sha256: string }> {
  const { pieces, video, audio } = sampleTables(order);
  const dataBytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const dataHead =
    dataBytes + 8 > 0xffffffff
      ? Buffer.concat([u32(1), Buffer.from('mdat'), u64(dataBytes + 16)])
      : Buffer.concat([u32(dataBytes + 8), Buffer.from('mdat')]);
  const head = fileHead(order, video, audio, dataHead.length);
  const temporary = `${order.path}.${process.pid}.tmp`;
  const target = await open(temporary, 'w', 0o600);
  const hash = createHash('sha256');
  try {
    const front = Buffer.concat([head, dataHead]);
    hash.update(front);
    await writeAll(target, front);
    // Writing one block and reading the next go on while the hash of the block is computed.
    let writing: Promise<void> = Promise.resolve();
    for await (const block of blocks(pieces)) {
      await writing;
      writing = writeAll(target, block);
      hash.update(block);
    }
    await writing;
    await target.sync();
    const sizeBytes = front.length + dataBytes;
    await target.close();
    await rename(temporary, order.path);
    syncFolderOf(order.path);
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await target.close();
  }
}

/** The size of the index does not depend on the offsets in it, unless they need eight bytes: so it is made twice. */
function fileHead(order: Mp4Order, video: SampleTable, audio: SampleTable, dataHeadBytes: number): Buffer {
  const build = (offset: number): Buffer =>
    Buffer.concat([
      fileType(),
      movieBox(order.tracks(shiftTable(video, offset), shiftTable(audio, offset)), { fragmented: false }),
    ]);
  let length = build(0).length;
  for (;;) {
    const head = build(length + dataHeadBytes);
    if (head.length === length) return head;
    ({ length } = head);
  }
}

/**
 * The bytes of the pieces in order, in blocks of some MB: segments are small, and writes of a few KB would cost more than
 * the copying. A block is good until the one behind the next is asked for.
 */
async function* blocks(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  let [block, other] = [Buffer.allocUnsafeSlow(COPY_BYTES), Buffer.allocUnsafeSlow(COPY_BYTES)];
  let filled = 0;
  let path = '';
  let source: FileHandle | null = null;
  try {
    for (const piece of pieces) {
      if (source === null || path !== piece.path) {
        await source?.close();
        source = await open(piece.path, 'r');
        ({ path } = piece);
      }
      for (let done = 0; done < piece.length; ) {
        const wanted = Math.min(piece.length - done, COPY_BYTES - filled);
        const { bytesRead } = await source.read(block, filled, wanted, piece.offset + done);
        if (bytesRead === 0) throw new Error('a segment is shorter than its index says');
        done += bytesRead;
        filled += bytesRead;
        if (filled < COPY_BYTES) continue;
        yield block;
        [block, other] = [other, block];
        filled = 0;
      }
    }
    if (filled > 0) yield block.subarray(0, filled);
  } finally {
    await source?.close();
  }
}

async function writeAll(target: FileHandle, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) offset += (await target.write(bytes, offset)).bytesWritten;
}
