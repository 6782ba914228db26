/**
 * Proves recordings by their content.
 *
 * What enters: a finished file, and what the plan says of it. What leaves: when each place flashed, when each
 * pitch sounded, which colour was seen, and how far that is off. May not: use anything of the product; it
 * reads files with Debian's ffmpeg only.
 */
export * from './colors.ts';
export * from './flashes.ts';
export * from './freezes.ts';
export * from './match.ts';
export * from './pictures.ts';
export * from './probe.ts';
export * from './tones.ts';
