/**
 * What enters: stored objects with their facts. What leaves: media records, found again. May not: read files.
 */
export { Catalogue } from './catalogue.ts';
export type { Library, MediaRecord, MediaStills } from './library.ts';
