import type { CallInfo, ResumedCall } from '@callreel/protocol';
import type { CallMedia } from '../media/call-media.ts';
import { EMPTY_ROOM, type RoomView } from './room-view.ts';

/** The one call in which an engine is. `phase` only moves forward: calling or ringing, then active. */
export type EngineCall = {
  readonly callId: string;
  phase: 'calling' | 'ringing' | 'active';
  info: CallInfo;
  view: RoomView;
  /** When the call was answered, by the server's clock, in ms since the Unix epoch; 0 before that. */
  acceptedAtMs: number;
  /** Sound and picture; null while the call rings here and has not been answered. */
  media: CallMedia | null;
};

/** A call that has just come up. */
export function newEngineCall(phase: EngineCall['phase'], info: CallInfo, media: CallMedia | null): EngineCall {
  return { callId: info.callId, phase, info, view: EMPTY_ROOM, acceptedAtMs: 0, media };
}

/** What an engine does after a reconnection. */
export type ResumeStep =
  /** Hang up what the user has left while the server did not hear. */
  | { do: 'hangup'; callId: string }
  /** The call of this device is over: tell that it ended, or never began. */
  | { do: 'finish' }
  /** The call goes on as it is. */
  | { do: 'stay' }
  /** The call goes on; its room is told. */
  | { do: 'update'; call: Extract<ResumedCall, { state: 'active' }> }
  /** The call has begun meanwhile. */
  | { do: 'begin'; call: Extract<ResumedCall, { state: 'active' }> }
  /** A call that this engine does not know: a page that was loaded anew. */
  | { do: 'adopt'; call: ResumedCall };

/**
 * Compares what the server knows of a device with what the device knows. `left` are the calls that the user
 * has hung up or rejected without the server's answer.
 */
export function resumeSteps(
  mine: Pick<EngineCall, 'callId' | 'phase'> | null,
  known: readonly ResumedCall[],
  left: ReadonlySet<string>,
): ResumeStep[] {
  const steps: ResumeStep[] = [];
  for (const { info } of known) {
    if (left.has(info.callId)) steps.push({ do: 'hangup', callId: info.callId });
  }
  const rest = known.filter(({ info }) => !left.has(info.callId));
  const same = mine === null ? undefined : rest.find(({ info }) => info.callId === mine.callId);
  if (mine !== null && same !== undefined) {
    if (same.state !== 'active') steps.push({ do: 'stay' });
    else steps.push({ do: mine.phase === 'active' ? 'update' : 'begin', call: same });
    return steps;
  }
  if (mine !== null) steps.push({ do: 'finish' });
  // The running call counts most; of several that ring, the newest.
  const adopted =
    rest.find(({ state }) => state === 'active') ?? rest.find(({ state }) => state === 'calling') ?? rest.at(-1);
  if (adopted !== undefined) steps.push({ do: 'adopt', call: adopted });
  return steps;
}
