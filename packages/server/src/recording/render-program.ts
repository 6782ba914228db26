import { fileURLToPath } from 'node:url';
import type { RenderOrder } from './render-protocol.ts';

const RENDER_MAIN = fileURLToPath(new URL('../render/main.ts', import.meta.url));

/**
 * Room for new objects, in MB. Left to itself V8 gives a busy process more and more of it, within an hour 130 MB, of
 * which a render uses 15: nearly all that it makes, packets and pictures, is dropped at once. Their native memory is
 * given back the sooner, too; the CPU time does not grow.
 */
const NEW_SPACE_MB = 2;

/** What to give to node, so that it renders an order and holds no more memory than it needs. */
export function renderArguments(order: RenderOrder): string[] {
  return [
    '--disable-warning=ExperimentalWarning',
    `--max-semi-space-size=${NEW_SPACE_MB}`,
    RENDER_MAIN,
    JSON.stringify(order),
  ];
}
