import type { UsageClass } from '@callreel/protocol';
import type { Size } from '../timeline/index.ts';

/** What a picture is counted as. */
export type PictureClass = Exclude<UsageClass, 'audio'>;

/** Most samples of a class; what is larger than all of them is `4k`. By their number and not by their sides: so the dialect bills, too. */
const AREAS_PX: readonly (readonly [PictureClass, number])[] = Object.freeze([
  ['sd', 640 * 480],
  ['hd', 1280 * 720],
  ['fullHd', 1920 * 1080],
  ['2k', 2560 * 1440],
]);

/** The class of a picture of such a size. Pure. */
export function usageClassOf({ widthPx, heightPx }: Size): PictureClass {
  return AREAS_PX.find(([, areaPx]) => widthPx * heightPx <= areaPx)?.[0] ?? '4k';
}
