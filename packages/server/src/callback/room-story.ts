import type { JournalEvent } from '../capture/journal-event.ts';
import type { RoomIdentity } from '../room/room-parts.ts';
import type { CallbackEvent } from './callback-event.ts';
import { type Medium, mediaStarted, mediaStopped, type RoomSubject, roomCallback } from './room-callbacks.ts';

type Stream = { userId: string; medium: Medium };

/**
 * What is told of one room session: from its journal's events to those of groups 1 and 2. No I/O and no clock: the same
 * events give the same story, so that a story that a crash interrupted is told to its end from the journal.
 *
 * The dialect has a room created by whoever enters first; so a room that nobody entered is not told of. Who leaves has
 * left, and is not told to have stopped sending as well.
 */
export class RoomStory {
  readonly #room: RoomSubject;
  #openedUs = 0;
  #state: 'empty' | 'created' | 'dismissed' = 'empty';
  readonly #streams = new Map<string, Stream>();
  /** What each user is told to send. */
  readonly #sending = new Map<string, Set<Medium>>();

  constructor({ roomSessionId, sdkAppId, roomId, roomIdType }: RoomIdentity) {
    this.#room = { sdkAppId, orderKey: `room ${roomSessionId}`, roomId, roomIdType };
  }

  /** Whether the end of the room has been told, or will never be. */
  get isOver(): boolean {
    return this.#state === 'dismissed';
  }

  /** What the next event of the journal is told as: in order, often nothing. */
  next(event: JournalEvent): CallbackEvent[] {
    if (this.isOver) return [];
    switch (event.type) {
      case 'roomOpened':
        this.#openedUs = event.atUs;
        return [];
      case 'userEntered':
        return [...this.#created(event.userId), roomCallback(this.#room, 'entered', event)];
      case 'userLeft':
        this.#sending.delete(event.userId);
        return [roomCallback(this.#room, 'left', event)];
      case 'roomClosed': {
        const wasCreated = this.#state === 'created';
        this.#state = 'dismissed';
        return wasCreated ? [roomCallback(this.#room, 'dismissed', event)] : [];
      }
      case 'streamPublished': {
        const medium = mediumOf(event);
        if (medium === null) return [];
        this.#streams.set(event.streamId, { userId: event.userId, medium });
        return event.muted ? this.#stops(event.streamId, event.atUs) : this.#starts(event.streamId, event.atUs);
      }
      case 'streamUnmuted':
        return this.#starts(event.streamId, event.atUs);
      case 'streamMuted':
        return this.#stops(event.streamId, event.atUs);
      case 'streamUnpublished': {
        const told = event.leaving === true ? [] : this.#stops(event.streamId, event.atUs);
        this.#streams.delete(event.streamId);
        return told;
      }
      default:
        return [];
    }
  }

  #created(userId: string): CallbackEvent[] {
    if (this.#state !== 'empty') return [];
    this.#state = 'created';
    return [roomCallback(this.#room, 'created', { userId, atUs: this.#openedUs })];
  }

  #starts(streamId: string, atUs: number): CallbackEvent[] {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return [];
    const sending = this.#sending.get(stream.userId) ?? new Set();
    this.#sending.set(stream.userId, sending);
    if (sending.has(stream.medium)) return [];
    sending.add(stream.medium);
    return [mediaStarted(this.#room, stream.medium, { userId: stream.userId, atUs })];
  }

  #stops(streamId: string, atUs: number): CallbackEvent[] {
    const stream = this.#streams.get(streamId);
    if (stream === undefined || this.#sending.get(stream.userId)?.delete(stream.medium) !== true) return [];
    return [mediaStopped(this.#room, stream.medium, { userId: stream.userId, atUs })];
  }
}

/** The dialect knows a shared screen as one thing; its sound is not told of apart. */
function mediumOf({ kind, source }: { kind: 'audio' | 'video'; source: 'main' | 'aux' }): Medium | null {
  if (source === 'aux') return kind === 'video' ? 'screen' : null;
  return kind;
}
