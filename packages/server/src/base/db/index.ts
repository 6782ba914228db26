/**
 * What enters: a folder or a URL. What leaves: Kysely over the tables, brought up to date. May not: know
 * what a stage does with its tables.
 */
export { type Database, openDatabase } from './database.ts';
export type { Tables } from './tables.ts';
