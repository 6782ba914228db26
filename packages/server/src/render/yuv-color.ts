/** A colour in BT.601, limited range. */
export type YuvColor = { y: number; u: number; v: number };

/** How much brighter a place without a picture is than the background: seen, but not looked at. */
const PLACEHOLDER_STEP = 14;

/** Turns `#rrggbb` into BT.601, limited range: what cameras send over VP8 and H.264 in calls, and what the file is tagged with. */
export function yuvOf(color: string): YuvColor {
  const value = Number.parseInt(color.replace('#', ''), 16) || 0;
  const [r, g, b] = [(value >> 16) & 255, (value >> 8) & 255, value & 255];
  return {
    y: Math.round(16 + (65.481 * r + 128.553 * g + 24.966 * b) / 255),
    u: Math.round(128 + (-37.797 * r - 74.203 * g + 112 * b) / 255),
    v: Math.round(128 + (112 * r - 93.786 * g - 18.214 * b) / 255),
  };
}

/** The colour of a place without a picture. */
export function placeholderOf(background: YuvColor): YuvColor {
  const { y } = background;
  return { ...background, y: y > 128 ? y - PLACEHOLDER_STEP : y + PLACEHOLDER_STEP };
}
