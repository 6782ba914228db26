/** The parts of an RTP packet (RFC 3550) that a recording needs. `payload` is a view into the given buffer. */
export type RtpPacket = {
  payloadType: number;
  marker: boolean;
  /** 16 bits, wrapping. */
  sequence: number;
  /** 32 bits, wrapping, in units of the codec's clock. */
  timestamp: number;
  ssrc: number;
  /** Header extensions (RFC 8285), or null: `profile` is their first 16 bits, `bytes` what follows the length. */
  extension: RtpExtension | null;
  /** Without header, contributing sources, extensions and padding. Empty for a packet of padding only. */
  payload: Buffer;
};

/** The header extensions of a packet, not yet taken apart. `bytes` is a view. */
export type RtpExtension = { profile: number; bytes: Buffer };

const FIXED_HEADER_BYTES = 12;

/** Reads an RTP packet; null when the bytes are not one (wrong version, lengths that do not fit). */
export function parseRtpPacket(bytes: Buffer): RtpPacket | null {
  if (bytes.length < FIXED_HEADER_BYTES) return null;
  const first = bytes.readUInt8(0);
  if (first >> 6 !== 2) return null;
  const second = bytes.readUInt8(1);
  let start = FIXED_HEADER_BYTES + (first & 0x0f) * 4;
  let extension: RtpExtension | null = null;
  if ((first & 0x10) !== 0) {
    if (bytes.length < start + 4) return null;
    const from = start + 4;
    const profile = bytes.readUInt16BE(start);
    start = from + bytes.readUInt16BE(start + 2) * 4;
    extension = { profile, bytes: bytes.subarray(from, start) };
  }
  let end = bytes.length;
  if ((first & 0x20) !== 0 && end > start) {
    const paddingBytes = bytes.readUInt8(end - 1);
    if (paddingBytes === 0) return null;
    end -= paddingBytes;
  }
  if (start > end) return null;
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    extension,
    payload: bytes.subarray(start, end),
  };
}

const ONE_BYTE_PROFILE = 0xbede;
const TWO_BYTE_PROFILE = 0x1000;

/**
 * The data of one header extension, in its one-byte or two-byte form (RFC 8285 4.2 and 4.3), or null when the
 * packet does not carry it. A length that does not fit ends the search.
 */
export function extensionData({ profile, bytes }: RtpExtension, id: number): Buffer | null {
  const isOneByte = profile === ONE_BYTE_PROFILE;
  // The lowest four bits of the two-byte form are the application's.
  if (!isOneByte && (profile & 0xfff0) !== TWO_BYTE_PROFILE) return null;
  let offset = 0;
  while (offset < bytes.length) {
    const first = bytes[offset] ?? 0;
    offset += 1;
    // Padding has no length.
    if (first === 0) continue;
    const elementId = isOneByte ? first >> 4 : first;
    if (isOneByte && elementId === 15) return null;
    const lengthBytes = isOneByte ? (first & 0x0f) + 1 : bytes[offset];
    if (lengthBytes === undefined) return null;
    if (!isOneByte) offset += 1;
    if (offset + lengthBytes > bytes.length) return null;
    if (elementId === id) return bytes.subarray(offset, offset + lengthBytes);
    offset += lengthBytes;
  }
  return null;
}
