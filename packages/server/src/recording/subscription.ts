/**
 * Whose streams are recorded, for sound and picture apart. Names are exact, or a prefix in the dialect's form `"1.*$"`
 * (all that begin with 1). A list that is not given is without effect; who is on a black list is not recorded even
 * when he is on a white one.
 */
export type Subscription = {
  /** Only these users' sound. At most 32, as the others. */
  audio?: string[];
  /** Not these users' sound. */
  notAudio?: string[];
  /** Only these users' pictures. */
  video?: string[];
  /** Not these users' pictures. */
  notVideo?: string[];
};
