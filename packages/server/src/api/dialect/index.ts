/**
 * What enters: requests in the known system's REST dialect. What leaves: its answers. May not: hold logic; it checks who
 * asks, puts words into our words and back, and asks the parts that it is given.
 */
export { Dialect, type DialectParts, type DialectRequest, type SigningKeys } from './dialect.ts';
export { DIALECT_CONSTRAINT, dialectConstraint, dialectRoutes } from './dialect-routes.ts';
export { RateLimiter } from './rate-limiter.ts';
export type { RecordingControl, StartOrder, TaskFile, TaskStatus } from './recording-control.ts';
export type { Page, RoomControl, RoomHistory, RoomLife, RoomName, RoomStay } from './room-control.ts';
export { type TrtcParts, trtcActions } from './trtc-actions.ts';
export type { RecordedMinutes, RecordedSeconds, UsageReader } from './usage-reader.ts';
