import type { SfuRoom } from '../sfu/index.ts';
import type { RoomEvent } from './room-event.ts';
import { dumpOf, type PublishedStream, type RoomState } from './room-state.ts';

/** Where the words of a change go; see `RoomOutlet`. */
type CaptureOutlet = { record(event: RoomEvent): Promise<void>; save(): Promise<void> };

/**
 * Brings the captures of what is published to what the room wants. Where the media server, the journal and the state
 * do not say the same, since a process ended between them, the capture goes on in dumps with new names.
 */
export async function matchCaptures(state: RoomState, sfuRoom: SfuRoom | null, outlet: CaptureOutlet): Promise<void> {
  if (sfuRoom === null) return;
  const accepted = state.streams.filter(({ feed }) => feed !== '');
  for (const userId of new Set(accepted.map((stream) => stream.userId))) {
    const streams = accepted.filter((stream) => stream.userId === userId);
    const writtenTo = sfuRoom.state.publishers[userId]?.captureBase ?? null;
    const isSaid = streams.every(({ captureBase }) => captureBase === writtenTo);
    if (isSaid && (writtenTo !== null) === state.captured) continue;
    if (!isSaid || writtenTo !== null) {
      // Only when the dumps are closed the journal says so.
      await sfuRoom.capture(userId, null);
      await name(streams, null, outlet);
    }
    if (!state.captured) continue;
    // First of all, so that no name is given twice.
    state.publishings += 1;
    await outlet.save();
    const captureBase = `p${state.publishings}`;
    await name(streams, captureBase, outlet);
    await sfuRoom.capture(userId, captureBase);
  }
}

/** The journal first: a state that lags behind it is mended by doing it again, under another name. */
async function name(streams: PublishedStream[], captureBase: string | null, outlet: CaptureOutlet): Promise<void> {
  for (const stream of streams) {
    if (stream.captureBase === captureBase) continue;
    stream.captureBase = captureBase;
    const { userId, streamId } = stream;
    await outlet.record({ type: 'streamCaptured', userId, streamId, dump: dumpOf(stream) });
  }
  await outlet.save();
}
