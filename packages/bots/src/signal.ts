/** How many signals differ from each other; user indexes beyond that start again. */
export const SIGNAL_COUNT = 24;

/** Pictures a second of a bot. */
export const FRAME_RATE = 15;

/** Size of a bot's picture, in pixels. */
export const PICTURE = Object.freeze({ width: 640, height: 360 });

/** After how many seconds picture and clock of a bot repeat themselves. */
export const LOOP_S = 10;

/** How long a tone lasts, in ms. Four packets of Opus. */
export const TONE_MS = 80;

/** How long a flash lasts, in pictures: two, so that an output at the same rate shows it whatever the phase. */
export const FLASH_FRAMES = 2;

/** Colour with parts from 0 to 255. */
export type Rgb = { r: number; g: number; b: number };

/**
 * What one simulated user shows and sounds. Every whole second of the wall clock (`Date.now() % 1000` = 0) the
 * whole picture is white for {@link FLASH_FRAMES} pictures and the tone sounds for {@link TONE_MS}; between
 * flashes the picture has the user's colour, plain between a quarter of its height (above: name and clock)
 * and three quarters (below: noise around the same colour, so that there is something to encode).
 */
export type Signal = {
  /** 0 to {@link SIGNAL_COUNT} − 1. */
  index: number;
  /** Written in the picture. */
  name: string;
  color: Rgb;
  /** Frequency of the tone, a sine, in Hz. No two are harmonics of each other. */
  pitchHz: number;
};

/** The plan for a user by index (from 0): a pure function, by which recordings are judged. */
export function signalOf(userIndex: number): Signal {
  const index = userIndex % SIGNAL_COUNT;
  // The golden angle keeps the first users' colours far apart, however many there are.
  const hue = (index * 137.508) % 360;
  return {
    index,
    name: `BOT ${String(index + 1).padStart(2, '0')}`,
    color: rgbOf(hue, 0.75, index % 2 === 0 ? 0.36 : 0.48),
    pitchHz: 440 + 130 * index,
  };
}

/** Colour of a hue (degrees), a saturation and a lightness (0 to 1 each). */
function rgbOf(hue: number, saturation: number, lightness: number): Rgb {
  const part = (n: number): number => {
    const k = (n + hue / 30) % 12;
    const chroma = saturation * Math.min(lightness, 1 - lightness);
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return { r: part(0), g: part(8), b: part(4) };
}
