/**
 * What enters: HTTP. What leaves: the console API, playback, the pages. May not: hold logic or SQL; everything
 * is asked of the parts that it is given.
 */
export { createApi } from './api.ts';
export type { ApiDeps, ListReader } from './deps.ts';
export type { ApiInstance } from './instance.ts';
