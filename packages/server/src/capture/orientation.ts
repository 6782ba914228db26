/** URI of the header extension that says how a picture is to be turned (3GPP TS 26.114, 7.4.5). */
export const VIDEO_ORIENTATION_URI = 'urn:3gpp:video-orientation';

/** How a picture as it was sent is brought upright: turned clockwise, then mirrored left to right. */
export type Orientation = { turnDegrees: 0 | 90 | 180 | 270; mirrored: boolean };

/** A picture that is shown as it was sent. */
export const UPRIGHT: Orientation = Object.freeze({ turnDegrees: 0, mirrored: false });

const TURNS = Object.freeze([0, 90, 180, 270] as const);

/**
 * Reads the data of the extension: bits `0 0 0 0 C F R1 R0` in its first byte. A picture that was turned
 * counter-clockwise by R quarters is turned back clockwise (table 7.2). The camera bit says nothing about it.
 * Null when there is no data.
 */
export function readOrientation(data: Buffer): Orientation | null {
  const byte = data[0];
  if (byte === undefined) return null;
  return { turnDegrees: TURNS[byte & 3] ?? 0, mirrored: (byte & 4) !== 0 };
}
