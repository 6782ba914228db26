import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Log } from '../base/log.ts';
import { renderArguments } from './render-program.ts';
import type { RenderMessage, RenderOrder } from './render-protocol.ts';
import type { RenderSlots } from './render-slots.ts';
import type { UsageCount } from './usage-count.ts';

/** Pauses before starting again after a crash, by number of crashes without progress, in ms. */
const RESTART_PAUSES_MS = [0, 200, 1_000, 5_000, 15_000, 60_000] as const;

/** Only the kind is checked: the child is our own code of the same version. */
const MessageKind = Type.Object({
  type: Type.Union([Type.Literal('progress'), Type.Literal('usage'), Type.Literal('finished'), Type.Literal('failed')]),
});

/** The last word of a render. */
export type RenderOutcome = Extract<RenderMessage, { type: 'finished' | 'failed' }>;

/**
 * The render of one task, in a child process of its own.
 *
 * Life: starts as soon as there is a slot; started again after every crash, behind the last finished segment; `outcome` is the
 * last word. After six crashes without progress it gives up with `RenderFailed`; the capture is kept.
 */
export class RenderChild {
  /** Settles with the last word; never settles after {@link RenderChild.close}. */
  readonly outcome: Promise<RenderOutcome>;
  readonly #order: RenderOrder;
  readonly #log: Log;
  readonly #used: (usage: UsageCount[]) => void;
  #settle: (outcome: RenderOutcome) => void = () => undefined;
  #child: ChildProcess | null = null;
  #restart: NodeJS.Timeout | null = null;
  #crashes = 0;
  #renderedUntilUs = 0;
  #closed = false;
  #giveBack: () => void = () => undefined;

  /**
   * @param slots the render begins when there is room for it.
   * @param used is told of the whole usage while it grows; that of the end is in the outcome.
   */
  constructor(
    order: RenderOrder,
    { slots, log, used }: { slots: RenderSlots; log: Log; used: (usage: UsageCount[]) => void },
  ) {
    this.#order = order;
    this.#log = log.child({ taskId: order.taskId });
    this.#used = used;
    this.outcome = new Promise((resolve) => {
      this.#settle = (outcome) => {
        this.#giveBack();
        resolve(outcome);
      };
    });
    slots.take().then(
      (giveBack) => {
        this.#giveBack = giveBack;
        if (this.#closed) giveBack();
        // The first packet must not wait until a process is forked: the render follows the capture anyway.
        else setImmediate(() => this.#start());
      },
      (error: unknown) => this.#log.error({ err: error }, 'render got no slot'),
    );
  }

  /** Process id of the running child, or null between two. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Media time up to which the render is on disk; 0 before the first segment. */
  get renderedUntilUs(): number {
    return this.#renderedUntilUs;
  }

  /** Ends the child; the next process goes on with its segments. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#giveBack();
    if (this.#restart !== null) clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      // Not `exit`: of a child that has just ended by itself that has been told already.
      child.once('close', () => resolve());
      child.kill('SIGKILL');
    });
  }

  #start(): void {
    if (this.#closed) return;
    const child = spawn(process.execPath, renderArguments(this.#order), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    let outcome: RenderOutcome | null = null;
    child.on('message', (message: unknown) => {
      if (!Value.Check(MessageKind, message)) return;
      // See MessageKind.
      const word = message as RenderMessage;
      if (word.type === 'progress') {
        this.#crashes = 0;
        this.#renderedUntilUs = word.renderedUntilUs;
        // No progress in the sense of crashes: it grows again where files begin again.
      } else if (word.type === 'usage') this.#used(word.usage);
      else outcome = word;
    });
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on('line', (line) =>
        this.#log.warn({ line: line.slice(0, 500) }, 'render wrote to stderr'),
      );
    child.once('error', (error) => this.#log.error({ err: error }, 'render could not be started'));
    child.once('close', (code, signal) => {
      this.#child = null;
      if (this.#closed) return;
      if (outcome !== null && (outcome.type === 'finished' || outcome.code !== 'RenderFailed')) this.#settle(outcome);
      else this.#again(outcome, code, signal);
    });
  }

  #again(outcome: RenderOutcome | null, code: number | null, signal: NodeJS.Signals | null): void {
    const pauseMs = RESTART_PAUSES_MS[this.#crashes];
    const detail = outcome?.type === 'failed' ? outcome.detail : `The process ended with ${signal ?? `code ${code}`}.`;
    this.#log.warn({ crashes: this.#crashes + 1, detail }, 'render crashed');
    if (pauseMs === undefined) {
      this.#settle({ type: 'failed', code: 'RenderFailed', detail });
      return;
    }
    this.#crashes += 1;
    this.#restart = setTimeout(() => this.#start(), pauseMs);
  }
}
