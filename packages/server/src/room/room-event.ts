import type { StreamKind, StreamSource } from '@callreel/protocol';

/**
 * What happens in a room session, in order. Every event is handed over, and awaited, before it takes
 * effect; the capture writes it into the journal. Times come with the journal's envelope.
 */
export type RoomEvent =
  | { type: 'roomOpened'; sdkAppId: number; roomId: string; roomIdType: 'number' | 'string' }
  /** The room ends now; what follows takes everybody out. The windows of its tasks end here. */
  | { type: 'roomClosing' }
  /** Last event of a room session. */
  | { type: 'roomClosed' }
  | { type: 'userEntered'; userId: string }
  /** `timeout`: neither signalling nor media came for the media time-out. `removed`: by order of the server. */
  | { type: 'userLeft'; userId: string; reason: 'normal' | 'timeout' | 'removed' }
  /**
   * A stream begins. `dump` is the file name of its capture inside the bundle, or null when nothing of it
   * is captured. The file appears with the first packet. Sound that is muted goes on as silence; a camera
   * that is switched off sends nothing.
   */
  | {
      type: 'streamPublished';
      userId: string;
      streamId: string;
      kind: StreamKind;
      source: StreamSource;
      muted: boolean;
      dump: string | null;
    }
  /**
   * From now on what a stream sends is in another dump, or with null in none. The dump before is closed: no byte
   * will be added to it.
   */
  | { type: 'streamCaptured'; userId: string; streamId: string; dump: string | null }
  /** The stream is over and its dump is closed: no byte will be added to it. */
  | {
      type: 'streamUnpublished';
      userId: string;
      streamId: string;
      reason: 'normal' | 'timeout' | 'removed' | 'mediaServerLost';
      /** The user leaves the room: `userLeft` follows. Missing: he stays. */
      leaving?: true;
    }
  | { type: 'streamMuted'; userId: string; streamId: string }
  | { type: 'streamUnmuted'; userId: string; streamId: string };
