/**
 * What enters: finished files. What leaves: objects under keys, read by range. May not: know recordings.
 */
export { LocalStore } from './local-store.ts';
export type { Store } from './store.ts';
