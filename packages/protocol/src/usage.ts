/** What recorded time is counted as, the smallest first: sound alone, or a picture by its number of samples. */
export const USAGE_CLASSES = Object.freeze(['audio', 'sd', 'hd', 'fullHd', '2k', '4k'] as const);

/** One of {@link USAGE_CLASSES}. */
export type UsageClass = (typeof USAGE_CLASSES)[number];

/** Of which files it is: those of all together, or those of single users. */
export const USAGE_MODES = Object.freeze(['mixed', 'single'] as const);

/** One of {@link USAGE_MODES}. */
export type UsageMode = (typeof USAGE_MODES)[number];
