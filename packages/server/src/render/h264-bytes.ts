const START = Buffer.from([0, 0, 1]);
const SPS = 7;
const PPS = 8;
/** Slices; everything else is in the configuration record or of no use in a file. */
const KEPT = new Set([1, 2, 3, 4, 5]);

/** The units of an Annex B stream, without start codes. */
export function splitAnnexB(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = bytes.indexOf(START);
  while (start >= 0) {
    const next = bytes.indexOf(START, start + 3);
    let end = next < 0 ? bytes.length : next;
    while (end > start + 3 && bytes[end - 1] === 0) end -= 1;
    if (end > start + 3) units.push(bytes.subarray(start + 3, end));
    start = next;
  }
  return units;
}

/**
 * An access unit as MP4 keeps it: slices, each behind four bytes of length.
 * @param withSets Whether parameter sets stay in it, too; not by default.
 */
export function lengthPrefixed(accessUnit: Buffer, { withSets = false } = {}): Buffer {
  const parts: Buffer[] = [];
  for (const unit of splitAnnexB(accessUnit)) {
    const kind = (unit[0] ?? 0) & 0x1f;
    if (!KEPT.has(kind) && !(withSets && (kind === SPS || kind === PPS))) continue;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(unit.length);
    parts.push(length, unit);
  }
  return Buffer.concat(parts);
}

/** The parameter sets that an access unit brings, in Annex B; null when one of both kinds is missing. */
export function parameterSetsOf(accessUnit: Buffer): Buffer | null {
  const units = splitAnnexB(accessUnit).filter((unit) => [SPS, PPS].includes((unit[0] ?? 0) & 0x1f));
  const kinds = new Set(units.map((unit) => (unit[0] ?? 0) & 0x1f));
  if (kinds.size < 2) return null;
  return Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit]));
}

/** The AVCDecoderConfigurationRecord (ISO 14496-15 5.3.3.1) of an encoder's global header, for 4:2:0 of 8 bits. */
export function avcDecoderConfiguration(globalHeader: Buffer): Buffer {
  const units = splitAnnexB(globalHeader);
  const sps = units.find((unit) => ((unit[0] ?? 0) & 0x1f) === SPS);
  const pps = units.find((unit) => ((unit[0] ?? 0) & 0x1f) === PPS);
  if (sps === undefined || pps === undefined) throw new Error('the encoder gave no parameter sets');
  const [, profile = 0, compatibility = 0, level = 0] = sps;
  const isHigh = profile >= 100;
  return Buffer.concat([
    Buffer.from([1, profile, compatibility, level, 0xff, 0xe1, sps.length >> 8, sps.length & 0xff]),
    sps,
    Buffer.from([1, pps.length >> 8, pps.length & 0xff]),
    pps,
    isHigh ? Buffer.from([0xfd, 0xf8, 0xf8, 0]) : Buffer.alloc(0),
  ]);
}
