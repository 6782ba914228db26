import type { Subscription } from '../recording/subscription.ts';

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
