/**
 * What enters: the command line, the environment, the disk. What leaves: configuration, log, clock, data
 * folder, errors; the database has its own folder, `db/`. May not: import a stage.
 */
export { Absences } from './absences.ts';
export { CallreelError } from './callreel-error.ts';
export { nowUs } from './clock.ts';
export { loadConfig } from './config.ts';
export { type Config, ConfigSchema } from './config-schema.ts';
export { type DataFolder, openDataFolder } from './data-folder.ts';
export { createLog, type Log } from './log.ts';
export { describeSchemaError, type SchemaError } from './schema-error.ts';
