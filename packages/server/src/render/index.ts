/**
 * Frames into files.
 *
 * What enters: a render order, a capture bundle, the timeline's answers. What leaves: segments, finished files,
 * their facts. May not: be imported by the server process. It runs as a child (`main.ts`) and is the only
 * folder that imports node-av and @napi-rs/canvas, so that a crash of native code costs one render and not the server.
 */
export { RenderFailure, render } from './renderer.ts';
