import type { RenderOrder } from '../recording/render-protocol.ts';

/** Where the files of one reel go, and what they are called. The folders are its own, but for `outFolder`. */
export type ReelOrder = Pick<RenderOrder, 'workFolder' | 'outFolder' | 'baseName' | 'indexAlways' | 'splitAt'>;
