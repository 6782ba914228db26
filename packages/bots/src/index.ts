/**
 * Simulated callers over real WebRTC, for the demo, load tests and benchmarks.
 *
 * What enters: a server and how many calls. What leaves: calls whose pictures and sounds follow the plan of
 * `signalOf`, and how they went. May not: import the server.
 */
export { Bot, type BotEvents, type BotOptions, type BotTraffic } from './bot.ts';
export { BotPublisher, type BotPublisherOptions, type BotStream } from './bot-publisher.ts';
export type { Loop } from './loop.ts';
export { type BotLoops, LoopShelf } from './loops.ts';
export { Pacer } from './pacer.ts';
export { resultsTable } from './results-table.ts';
export { type BotCallResult, type RunBotsOptions, runBots } from './run-bots.ts';
export * from './signal.ts';
export { makeUserSig, type UserSigFacts } from './user-sig.ts';
export type { BotVideoCodec } from './video-loop.ts';
