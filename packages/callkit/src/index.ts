/**
 * Callkit: calls for any web page.
 *
 * What enters: the application's orders (`CallEngine`). What leaves: TUICallEngine's events, pictures in the
 * application's elements, errors with code, sentence and action. May not: keep global state (several engines
 * may live on one page), know Node, or know how the media server works.
 */
export * from './engine/call-engine.ts';
export type { CallEngineEvents, CallExtraInfo, EngineState } from './engine/call-events.ts';
export type { CallMediaOptions } from './media/browser-call-media.ts';
export type { CallMedia, View } from './media/call-media.ts';
export type { VideoCodec } from './media/codec-preference.ts';
export { CallkitError, type CallkitErrorCode, CLIENT_ERRORS, type ClientErrorCode } from './signalling/index.ts';
