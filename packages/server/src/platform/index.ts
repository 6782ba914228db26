/**
 * The composition: makes the stages and connects them. The way of a call is read here from top to bottom.
 *
 * What enters: the configuration. What leaves: a running platform. May not: be imported by a stage.
 */
export { Platform, type PlatformFacts } from './platform.ts';
