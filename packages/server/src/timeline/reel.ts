import type { StreamSource } from '@callreel/protocol';
import { lookAt, type RoomHistory, type StreamLife, type TaskLife, type UserStay } from './room-history.ts';
import { isSubscribed } from './subscribed.ts';

/**
 * What one file, or row of files, is of. A reel of the whole room mixes everybody; a reel of one user holds his
 * camera and microphone (`main`) or his screen and its sound (`aux`), both kinds or one.
 */
export type ReelSubject =
  | { kind: 'mixed' }
  | { kind: 'single'; userId: string; source: StreamSource; media: 'both' | 'audio' | 'video' };

/** The reels that a task asks for, as far as the journal knows, in order: the mixed one, then by first publishing. */
export function reelsOf({ task, streams }: RoomHistory): ReelSubject[] {
  if (task === null) return [];
  const { mode, output, single, sources } = task.parameters;
  const reels = new Map<string, ReelSubject>();
  const add = (reel: ReelSubject): unknown => reels.has(reelName(reel)) || reels.set(reelName(reel), reel);
  if (mode !== 'single') add({ kind: 'mixed' });
  if (mode === 'mixed') return [...reels.values()];
  const wanted = output.format === 'aac' ? 'audio' : (output.media ?? 'both');
  for (const stream of streams) {
    const { userId, source, kind } = stream;
    if ((sources !== undefined && source !== sources) || (wanted !== 'both' && wanted !== kind)) continue;
    if (stream.dump === null || subscribedSpans(task, stream).length === 0) continue;
    const isMerged = single?.merged === true && wanted === 'both';
    add({ kind: 'single', userId, source, media: isMerged ? 'both' : kind });
  }
  return [...reels.values()];
}

/** A name for each reel of a task, of characters that any folder can bear. */
export function reelName(reel: ReelSubject): string {
  if (reel.kind === 'mixed') return 'mixed';
  return `${reel.source}-${reel.media}-${Buffer.from(reel.userId, 'utf8').toString('hex')}`;
}

/**
 * The history as a reel has it: the streams that belong to it, and who is there for it. The reel of one user is
 * there from the first of its streams to the last; what is not subscribed to is not there.
 */
export function reelHistory(history: RoomHistory, reel: ReelSubject): RoomHistory {
  const { task } = history;
  if (task === null) return history;
  const whole = reelStreams(history, reel);
  if (reel.kind === 'mixed') return { ...history, streams: whole };
  const streams = whole.flatMap((stream) => subscribedParts(task, stream));
  return { ...history, streams, stays: stayOf(reel.userId, streams) };
}

/** The streams that belong to a reel, each as long as it is, subscribed to or not. */
export function reelStreams({ task, streams }: RoomHistory, reel: ReelSubject): StreamLife[] {
  if (reel.kind === 'mixed') {
    const sources = task?.parameters.sources;
    return sources === undefined ? streams : streams.filter(({ source }) => source === sources);
  }
  const { userId, source, media } = reel;
  return streams
    .filter((stream) => stream.userId === userId && stream.source === source)
    .filter(({ kind, dump }) => (media === 'both' || kind === media) && dump !== null);
}

/** The history with those parts of a reel's streams that are recorded: of what is not subscribed to nothing is. */
export function recordedHistory(history: RoomHistory, reel: ReelSubject): RoomHistory {
  const { task } = history;
  const streams = reelStreams(history, reel);
  return { ...history, streams: task === null ? streams : streams.flatMap((stream) => subscribedParts(task, stream)) };
}

/** Whether one of the streams is there at `tUs` or, as far as is known, later. */
export function isAnyOpenFrom({ streams }: RoomHistory, tUs: number): boolean {
  return streams.some(({ untilUs }) => untilUs === null || tUs < untilUs);
}

/** One stay over all streams: who comes back goes on in the same file. It ends with the last packet, as if he had vanished. */
function stayOf(userId: string, streams: readonly StreamLife[]): UserStay[] {
  if (streams.length === 0) return [];
  const ends = streams.map(({ untilUs }) => untilUs);
  const untilUs = ends.includes(null) ? null : Math.max(...ends.map((end) => end ?? 0));
  return [{ userId, fromUs: Math.min(...streams.map(({ fromUs }) => fromUs)), untilUs, vanished: true }];
}

/** The stream as far as it is subscribed to. */
function subscribedParts(task: TaskLife, stream: StreamLife): StreamLife[] {
  return subscribedSpans(task, stream).map(({ fromUs, untilUs }) => ({
    ...stream,
    fromUs,
    untilUs,
    ...(untilUs === stream.untilUs ? {} : { isCut: true as const }),
    ...(fromUs === stream.fromUs ? {} : { isLate: true as const }),
  }));
}

function subscribedSpans(
  task: TaskLife,
  { fromUs, untilUs, kind, userId }: StreamLife,
): { fromUs: number; untilUs: number | null }[] {
  const changes = task.modified
    .map((change) => change.fromUs)
    .filter((atUs) => atUs > fromUs && (untilUs === null || atUs < untilUs));
  const spans: { fromUs: number; untilUs: number | null }[] = [];
  for (const [index, atUs] of [fromUs, ...changes].entries()) {
    if (!isSubscribed(lookAt(task, atUs).subscription, kind, userId)) continue;
    const endUs = changes[index] ?? untilUs;
    const last = spans.at(-1);
    if (last?.untilUs === atUs) last.untilUs = endUs;
    else spans.push({ fromUs: atUs, untilUs: endUs });
  }
  return spans;
}
