/** Largest picture that is taken, in bytes (REFERENCE.md §3: 5 MB). */
export const PICTURE_MAX_BYTES = 5 * 1024 * 1024;
/** Longest side of a picture that is taken, in pixels (REFERENCE.md §3: 2K). */
export const PICTURE_MAX_SIDE_PX = 2560;

/** What the beginning of a picture says of it; `kind` is also the extension of its file. */
export type PictureKind = { kind: 'png' | 'jpg'; widthPx: number; heightPx: number };

/** A file that is not shown as a picture; the message says why. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture';
}

const PNG_SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/**
 * Reads kind and size of a picture without decoding it: a small file may claim to be gigabytes of pixels.
 * @throws {NoPicture} for what is neither png nor jpg, or too large.
 */
export function pictureKindOf(bytes: Buffer): PictureKind {
  if (bytes.length > PICTURE_MAX_BYTES)
    throw new NoPicture(`It has ${bytes.length} bytes; at most ${PICTURE_MAX_BYTES}.`);
  const kind = pngOf(bytes) ?? jpgOf(bytes);
  if (kind === null) throw new NoPicture('It is neither a png nor a jpg.');
  const { widthPx, heightPx } = kind;
  if (widthPx < 1 || heightPx < 1) throw new NoPicture('It has no size.');
  if (Math.max(widthPx, heightPx) > PICTURE_MAX_SIDE_PX)
    throw new NoPicture(`It is ${widthPx} × ${heightPx}; at most ${PICTURE_MAX_SIDE_PX} a side.`);
  return kind;
}

/** The header is always the first chunk (PNG 5.6). */
function pngOf(bytes: Buffer): PictureKind | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE) || bytes.toString('latin1', 12, 16) !== 'IHDR')
    return null;
  return { kind: 'png', widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) };
}

/** The size stands in the frame header (SOF), behind other segments (ITU-T T.81 B.2). */
function jpgOf(bytes: Buffer): PictureKind | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { kind: 'jpg', widthPx: bytes.readUInt16BE(at + 7), heightPx: bytes.readUInt16BE(at + 5) };
    // Fill bytes, and markers that stand alone, have no length.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
