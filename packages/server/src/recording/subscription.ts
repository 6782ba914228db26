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

const PREFIX_END = '.*$';

/** Whether a user's stream of a kind is recorded. Pure. */
export function isSubscribed(subscription: Subscription | undefined, kind: 'audio' | 'video', userId: string): boolean {
  if (subscription === undefined) return true;
  const [white, black] =
    kind === 'audio' ? [subscription.audio, subscription.notAudio] : [subscription.video, subscription.notVideo];
  const names = (list: readonly string[]): boolean => list.some((pattern) => matches(pattern, userId));
  return (white === undefined || names(white)) && (black === undefined || !names(black));
}

function matches(pattern: string, userId: string): boolean {
  return pattern.endsWith(PREFIX_END) ? userId.startsWith(pattern.slice(0, -PREFIX_END.length)) : pattern === userId;
}
