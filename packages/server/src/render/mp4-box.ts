/** A box of ISO 14496-12: size, four letters, contents. */
export function box(type: string, ...contents: readonly Buffer[]): Buffer {
  const size = contents.reduce((sum, part) => sum + part.length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...contents]);
}

/** A box with version and flags. */
export function fullBox(type: string, version: number, flags: number, ...contents: readonly Buffer[]): Buffer {
  return box(type, u32((version << 24) | flags), ...contents);
}

/** Numbers of one byte each. */
export function u8(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

/** Numbers of two bytes each, most significant first. */
export function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value & 0xffff, index * 2));
  return bytes;
}

/** Numbers of four bytes each, most significant first; negative ones as their complement. */
export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}

/** Numbers of eight bytes each, most significant first. */
export function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64BE(BigInt(value), index * 8));
  return bytes;
}

/** Letters as they are. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

/** The boxes that lie side by side in `bytes`: their names, and where their contents begin and end. */
export function* boxesOf(
  bytes: Buffer,
  start = 0,
  end = bytes.length,
): Generator<{ type: string; start: number; end: number }> {
  let offset = start;
  while (offset + 8 <= end) {
    const size = bytes.readUInt32BE(offset);
    if (size < 8 || offset + size > end) return;
    yield { type: bytes.toString('latin1', offset + 4, offset + 8), start: offset + 8, end: offset + size };
    offset += size;
  }
}
