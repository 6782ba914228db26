const SEQUENCE_HEADER = 1;

/** The sequence header of an AV1 temporal unit whose OBUs all have a size; null when it brings none. */
export function sequenceHeaderOf(unit: Buffer): Buffer | null {
  for (let at = 0; at < unit.length; ) {
    const head = unit[at] ?? 0;
    let next = at + 1 + ((head >> 2) & 1);
    if ((head & 2) === 0) return null;
    let size = 0;
    for (let shift = 0; shift < 56; shift += 7) {
      const byte = unit[next] ?? 0;
      next += 1;
      size += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) break;
    }
    if (((head >> 3) & 15) === SEQUENCE_HEADER) return unit.subarray(at, next + size);
    at = next + size;
  }
  return null;
}
