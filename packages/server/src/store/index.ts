/**
 * What enters: finished files. What leaves: objects under keys, read by range. May not: know recordings.
 */
export type { CloudStorageTarget } from './cloud-storage-target.ts';
export { LocalStore } from './local-store.ts';
export { S3Store } from './s3-store.ts';
export type { Store } from './store.ts';
