import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderOrder } from '../../packages/server/src/recording/render-protocol.ts';
import { TASK_ID } from './bench-bundle.ts';

/** The order for a bundle; all that is made of it lies in folders under `ownFolder`, which are made. */
export function orderFor(bundleFolder: string, ownFolder: string, { complete = true } = {}): RenderOrder {
  const [workFolder, outFolder] = [join(ownFolder, 'work'), join(ownFolder, 'out')];
  mkdirSync(workFolder, { recursive: true });
  mkdirSync(outFolder, { recursive: true });
  return { taskId: TASK_ID, bundleFolder, workFolder, outFolder, baseName: '1_7', indexAlways: false, complete };
}
