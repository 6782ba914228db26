/**
 * Frames into files.
 *
 * What enters: a render order, a capture bundle, the timeline's answers. What leaves: segments, finished files,
 * their facts. May not: be imported by the server process. It runs as a child (`main.ts`) and is the only
 * folder that imports node-av and @napi-rs/canvas, so that a crash of native code costs one render and not the server.
 *
 * The way of the data: `renderer.ts` reads the journal and works on `reel.ts`, one for each row of files.
 * - Reading: `live-streams.ts` → `stream-feed.ts` → `video-track.ts` (`video-decoder.ts`, `upright-picture.ts`) and
 *   `sound-track.ts` (`sound-decoder.ts`, `sound-run.ts`).
 * - Beginning: `file-start.ts`, `picture-size.ts`, `reel-plan.ts`, `render-plan.ts`.
 * - Making: `segmented-reel.ts` with `frame-producer.ts`: `painted-pictures.ts` (`painter.ts`, `composition.ts`, layers of
 *   `place-layers.ts` and `decorations.ts`, `picture-encoder.ts`) or `copied-reel.ts` (`copied-pictures.ts`,
 *   `copied-segments.ts`); `sound-mixer.ts`, `sound-encoder.ts`; `segment-builder.ts`, `segment-file.ts`.
 *   Or `original-reel.ts` with `original-file.ts`, without segments.
 * - Files: `file-parts.ts` (`growing-file.ts`, `mp4-*.ts`, `adts-file.ts`), `hls-files.ts` (`ts-segment.ts`), `stills.ts`.
 * - What is told: `content-watch.ts`, `stream-watch.ts` and the meters.
 * - What is counted: `task-usage.ts` (`usage-meter.ts`, `usage-class.ts`, `usage-span.ts`).
 * - Tests play calls of `test-call.ts` and `test-signal.ts`.
 */
export { RenderFailure, render } from './renderer.ts';
