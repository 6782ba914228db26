/**
 * What enters: HTTP. What leaves: the console API, playback, the pages. May not: hold logic or SQL; everything
 * is asked of the parts that it is given.
 */
export { createApi } from './api.ts';
export type { ApiDeps, DialectDeps, ListReader } from './deps.ts';
export {
  type Page,
  RateLimiter,
  type RecordedMinutes,
  type RecordedSeconds,
  type RecordingControl,
  type RoomControl,
  type RoomHistory,
  type RoomLife,
  type RoomName,
  type RoomStay,
  type StartOrder,
  type TaskFile,
  type TaskStatus,
  type UsageReader,
} from './dialect/index.ts';
export type { ApiInstance } from './instance.ts';
