import type { StreamKind, StreamSource } from '@callreel/protocol';
import type { JournalEvent } from '../capture/journal-event.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';
import { addKeptPicture, type KeptPicture } from './kept-pictures.ts';

/** A span of time; `untilUs` is null while it lasts. The beginning belongs to it, the end does not. */
export type Span = { fromUs: number; untilUs: number | null };

/** A user in the room, from entering to leaving. `vanished`: the end is when it was noticed, not when it was. */
export type UserStay = Span & { userId: string; vanished: boolean };

/** How a stream ended. */
export type StreamEnd = 'normal' | 'timeout' | 'removed' | 'mediaServerLost';

/** A stream, from publishing to its end; where its capture went on in another dump, one of its parts. */
export type StreamLife = Span & {
  streamId: string;
  userId: string;
  kind: StreamKind;
  source: StreamSource;
  /** File of its capture, or null when nothing of it is captured. */
  dump: string | null;
  end: StreamEnd | null;
  /** When it was muted, in order. */
  muted: Span[];
  /** Set where this is a part of a stream that goes on: its end is not that of its dump. */
  isCut?: true;
  /** Set where this is a part of a stream that was there before: its beginning is not that of its dump. */
  isLate?: true;
};

/** The task: its window, its pauses, its parameters, and those that it was given later, in order. */
export type TaskLife = Span & {
  parameters: TaskParameters;
  modified: { fromUs: number; parameters: TaskParameters }[];
  pauses: Span[];
};

/** What the journal says, as spans. */
export type RoomHistory = {
  /** In order of entry. */
  stays: UserStay[];
  /** In order of publishing. */
  streams: StreamLife[];
  task: TaskLife | null;
  /** What the bundle says of the pictures that tasks ask for by their addresses. */
  pictures: KeptPicture[];
  /** Whether the room session is over, so that nothing will be added. */
  closed: boolean;
};

/**
 * Reads the journal for one task. Pure; events in their order. What the journal leaves open when a user
 * leaves or the room closes ends there.
 */
export function readRoomHistory(events: readonly JournalEvent[], taskId: string): RoomHistory {
  const history: RoomHistory = { stays: [], streams: [], task: null, pictures: [], closed: false };
  for (const event of events) applyEvent(history, event, taskId);
  return history;
}

/** Whether `tUs` lies in the span. */
export function spans({ fromUs, untilUs }: Span, tUs: number): boolean {
  return tUs >= fromUs && (untilUs === null || tUs < untilUs);
}

/** Whether the stream was muted at `tUs`. */
export function isMuted(stream: StreamLife, tUs: number): boolean {
  return stream.muted.some((span) => spans(span, tUs));
}

/** The parameters that can change while a task runs. */
export type Look = Pick<
  TaskParameters,
  'layout' | 'backgroundColor' | 'background' | 'placeholder' | 'watermarks' | 'subscription'
>;

/**
 * What the task looks like at `tUs`: the parameters last given up to then. What cannot change is that of
 * the beginning, whatever they say.
 */
export function lookAt({ parameters, modified }: TaskLife, tUs: number): Look {
  return modified.findLast(({ fromUs }) => fromUs <= tUs)?.parameters ?? parameters;
}

function applyEvent(history: RoomHistory, event: JournalEvent, taskId: string): void {
  const { atUs } = event;
  switch (event.type) {
    case 'roomOpened':
      return;
    case 'roomClosed':
      for (const stay of history.stays) stay.untilUs ??= atUs;
      for (const stream of history.streams) endStream(stream, atUs, 'normal');
      history.closed = true;
      return;
    case 'userEntered':
      // Entering twice without leaving keeps the first place.
      if (history.stays.some(({ userId, untilUs }) => userId === event.userId && untilUs === null)) return;
      history.stays.push({ userId: event.userId, fromUs: atUs, untilUs: null, vanished: false });
      return;
    case 'userLeft':
      for (const stay of history.stays) {
        if (stay.userId !== event.userId || stay.untilUs !== null) continue;
        stay.untilUs = atUs;
        stay.vanished = event.reason === 'timeout';
      }
      for (const stream of history.streams) if (stream.userId === event.userId) endStream(stream, atUs, event.reason);
      return;
    case 'streamPublished': {
      const { streamId, userId, kind, source, dump } = event;
      const muted = event.muted ? [{ fromUs: atUs, untilUs: null }] : [];
      history.streams.push({ streamId, userId, kind, source, dump, fromUs: atUs, untilUs: null, end: null, muted });
      return;
    }
    case 'streamCaptured': {
      // As a stream of its own: a dump has one clock, and is known by one life.
      const before = openStream(history, event.streamId);
      if (before === undefined) return;
      const { streamId, userId, kind, source } = before;
      const muted = isMuted(before, atUs) ? [{ fromUs: atUs, untilUs: null }] : [];
      endStream(before, atUs, 'normal');
      history.streams.push({
        ...{ streamId, userId, kind, source, dump: event.dump, fromUs: atUs, untilUs: null, end: null, muted },
      });
      return;
    }
    case 'streamUnpublished':
      for (const stream of history.streams)
        if (stream.streamId === event.streamId) endStream(stream, atUs, event.reason);
      return;
    case 'streamMuted': {
      const stream = openStream(history, event.streamId);
      if (stream !== undefined && stream.muted.at(-1)?.untilUs !== null)
        stream.muted.push({ fromUs: atUs, untilUs: null });
      return;
    }
    case 'streamUnmuted': {
      const span = openStream(history, event.streamId)?.muted.at(-1);
      if (span !== undefined) span.untilUs ??= atUs;
      return;
    }
    case 'taskStarted':
      if (event.taskId === taskId)
        history.task ??= {
          fromUs: event.fromUs,
          parameters: event.parameters,
          untilUs: null,
          modified: [],
          pauses: [],
        };
      return;
    case 'taskModified':
      if (event.taskId === taskId) history.task?.modified.push({ fromUs: atUs, parameters: event.parameters });
      return;
    case 'taskPaused': {
      const pauses = event.taskId === taskId ? history.task?.pauses : undefined;
      if (pauses !== undefined && pauses.at(-1)?.untilUs !== null) pauses.push({ fromUs: atUs, untilUs: null });
      return;
    }
    case 'taskResumed': {
      const pause = event.taskId === taskId ? history.task?.pauses.at(-1) : undefined;
      if (pause !== undefined) pause.untilUs ??= atUs;
      return;
    }
    case 'pictureKept':
    case 'pictureFailed':
      addKeptPicture(history.pictures, event);
      return;
    case 'taskStopped':
      if (event.taskId === taskId && history.task !== null) history.task.untilUs ??= event.untilUs;
      return;
  }
}

function openStream(history: RoomHistory, streamId: string): StreamLife | undefined {
  return history.streams.findLast((stream) => stream.streamId === streamId && stream.untilUs === null);
}

function endStream(stream: StreamLife, atUs: number, end: StreamEnd): void {
  if (stream.untilUs !== null) return;
  stream.untilUs = atUs;
  stream.end = end;
}
