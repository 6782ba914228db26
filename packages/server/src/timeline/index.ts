/**
 * What is seen and heard, and when.
 *
 * What enters: the journal's events, times of packets, a task's parameters. What leaves: media times
 * (`ClockMap`), the history of the room, scenes, the window of a file. May not: do I/O, read a clock, be
 * asynchronous: the same input gives the same output, live or a week later.
 */
export * from './arrangement.ts';
export * from './clock-map.ts';
export * from './complete-history.ts';
export * from './file-time.ts';
export * from './floating.ts';
export * from './grid.ts';
export * from './kept-pictures.ts';
export * from './rectangle.ts';
export * from './reel.ts';
export * from './room-history.ts';
export * from './room-pictures.ts';
export * from './scene.ts';
export * from './screen-share.ts';
export * from './single-scene.ts';
export * from './subscribed.ts';
export * from './window.ts';
