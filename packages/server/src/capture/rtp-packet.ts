/** The parts of an RTP packet (RFC 3550) that a recording needs. `payload` is a view into the given buffer. */
export type RtpPacket = {
  payloadType: number;
  marker: boolean;
  /** 16 bits, wrapping. */
  sequence: number;
  /** 32 bits, wrapping, in units of the codec's clock. */
  timestamp: number;
  ssrc: number;
  /** Without header, contributing sources, extensions and padding. Empty for a packet of padding only. */
  payload: Buffer;
};

const FIXED_HEADER_BYTES = 12;

/** Reads an RTP packet; null when the bytes are not one (wrong version, lengths that do not fit). */
export function parseRtpPacket(bytes: Buffer): RtpPacket | null {
  if (bytes.length < FIXED_HEADER_BYTES) return null;
  const first = bytes.readUInt8(0);
  if (first >> 6 !== 2) return null;
  const second = bytes.readUInt8(1);
  let start = FIXED_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (bytes.length < start + 4) return null;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
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
    payload: bytes.subarray(start, end),
  };
}
