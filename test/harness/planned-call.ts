import { Pacer } from '@callreel/bots';
import { PlannedCaller, type PlannedSignal } from './planned-caller.ts';
import type { ServerProcess } from './server-process.ts';

/** Colours and pitches of up to nine callers: far apart, far from black and from the white of a flash, no harmonics. */
export const PLANNED_SIGNALS: readonly PlannedSignal[] = Object.freeze(
  ['#1a3fc4', '#0f7a2c', '#a01c1c', '#b08a10', '#7a1fa0', '#0f8f9a', '#c05a10', '#5c6b6e', '#9a2070'].map(
    (color, index) => ({ color, widthPx: 320, heightPx: 180, pitchHz: 440 + 270 * index }),
  ),
);

/** What is shared as a screen: bright, and of another shape than a camera. */
export const SCREEN_SIGNAL: PlannedSignal = Object.freeze({
  color: '#d07090',
  widthPx: 320,
  heightPx: 240,
  pitchHz: 3100,
});

/** Callers of one call by their names; the first one calls all others. */
export class PlannedCall {
  readonly callers: readonly PlannedCaller[];
  readonly #pacer: Pacer;

  private constructor(callers: readonly PlannedCaller[], pacer: Pacer) {
    this.callers = callers;
    this.#pacer = pacer;
  }

  /** Signs callers in and lets the first one call the others; nobody has answered yet. */
  static async place(
    server: ServerProcess,
    names: readonly string[],
    signals: readonly PlannedSignal[] = PLANNED_SIGNALS,
    roomId?: number,
  ): Promise<PlannedCall> {
    const pacer = new Pacer();
    const callers = await Promise.all(
      names.map((name, index) => PlannedCaller.signIn(server, pacer, name, at(signals, index))),
    );
    await at(callers, 0).call(callers.slice(1), roomId);
    return new PlannedCall(callers, pacer);
  }

  /** Id of the call. */
  get callId(): string {
    return at(this.callers, 0).callId;
  }

  /** Lets the first two speak with each other: the room opens. @param options `camera` false: they send sound only. */
  async begin(options: { camera?: boolean } = {}): Promise<void> {
    await Promise.all([this.caller(0).begin(options), this.caller(1).join(options)]);
  }

  /** A caller by number. */
  caller(index: number): PlannedCaller {
    return at(this.callers, index);
  }

  /** Signs everybody out. */
  close(): void {
    for (const caller of this.callers) caller.close();
    this.#pacer.close();
  }
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`There is no ${index} in a list of ${list.length}.`);
  return value;
}
