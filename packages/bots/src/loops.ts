import { encodeAudioLoop } from './audio-loop.ts';
import type { Loop } from './loop.ts';
import { signalOf } from './signal.ts';
import { type BotVideoCodec, encodeVideoLoop } from './video-loop.ts';

/** What a bot sends. */
export type BotLoops = { audio: Loop; video: Loop };

/** Encodes each signal once, however many bots send it. */
export class LoopShelf {
  readonly #codec: BotVideoCodec;
  readonly #made = new Map<number, Promise<BotLoops>>();

  constructor(codec: BotVideoCodec) {
    this.#codec = codec;
  }

  /** Loops of the user with this index. */
  of(userIndex: number): Promise<BotLoops> {
    const signal = signalOf(userIndex);
    let loops = this.#made.get(signal.index);
    if (loops === undefined) {
      loops = Promise.all([encodeVideoLoop(signal, this.#codec), encodeAudioLoop(signal)]).then(([video, audio]) => ({
        video,
        audio,
      }));
      this.#made.set(signal.index, loops);
    }
    return loops;
  }
}
