/** Largest RTP payload, in bytes: below every usual MTU with all headers and SRTP's tag. */
export const PAYLOAD_MAX_BYTES = 1150;

/** Payloads of one VP8 picture (RFC 7741, with the one-byte descriptor): the first says that a partition starts. */
export function packetiseVp8(picture: Buffer): Buffer[] {
  return cut(picture, PAYLOAD_MAX_BYTES - 1).map((part, index) =>
    Buffer.concat([Buffer.of(index === 0 ? 0x10 : 0x00), part]),
  );
}

/**
 * Payloads of one H.264 picture in Annex B form (RFC 6184, packetization mode 1): small units alone, large
 * ones as FU-A.
 */
export function packetiseH264(picture: Buffer): Buffer[] {
  return unitsOf(picture).flatMap((unit) => {
    if (unit.length <= PAYLOAD_MAX_BYTES) return [unit];
    const header = unit[0] ?? 0;
    const parts = cut(unit.subarray(1), PAYLOAD_MAX_BYTES - 2);
    return parts.map((part, index) => {
      const start = index === 0 ? 0x80 : 0;
      const end = index === parts.length - 1 ? 0x40 : 0;
      return Buffer.concat([Buffer.of((header & 0xe0) | 28, start | end | (header & 0x1f)), part]);
    });
  });
}

/** Units of an Annex B stream, without start codes, access unit delimiters and supplemental information. */
export function unitsOf(stream: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let begin = afterStartCode(stream, 0);
  while (begin !== null) {
    const code = stream.indexOf(Buffer.of(0, 0, 1), begin);
    let end = code === -1 ? stream.length : code;
    // Zeros before a start code belong to it.
    while (end > begin && stream[end - 1] === 0) end--;
    const unit = stream.subarray(begin, end);
    const type = (unit[0] ?? 0) & 0x1f;
    if (unit.length > 0 && type !== 9 && type !== 6) units.push(unit);
    begin = code === -1 ? null : code + 3;
  }
  return units;
}

function afterStartCode(stream: Buffer, from: number): number | null {
  const code = stream.indexOf(Buffer.of(0, 0, 1), from);
  return code === -1 ? null : code + 3;
}

/** Cuts into parts of nearly the same size: no tiny last packet. */
function cut(bytes: Buffer, mostBytes: number): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / mostBytes));
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(Math.floor((index * bytes.length) / count), Math.floor(((index + 1) * bytes.length) / count)),
  );
}
