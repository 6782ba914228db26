import { lookAt, type RoomHistory, type Scene, sceneAt, singleSceneAt } from '../timeline/index.ts';
import type { LiveStreams } from './live-streams.ts';
import { Painter } from './painter.ts';
import { type CodedSample, PictureEncoder } from './picture-encoder.ts';
import type { ReelPictures } from './reel-pictures.ts';
import type { RenderPlan } from './render-plan.ts';

/** Pictures that are painted from those of the streams, and encoded. */
export class PaintedPictures implements ReelPictures {
  readonly #plan: RenderPlan;
  readonly #painter: Painter;
  readonly #encoder: PictureEncoder;
  #isFed = false;

  constructor(plan: RenderPlan) {
    this.#plan = plan;
    this.#painter = new Painter(plan.video);
    this.#encoder = new PictureEncoder(plan.video);
  }

  make(reel: RoomHistory, streams: LiveStreams, { atUs, frame }: { atUs: number; frame: number }): CodedSample[] {
    const { scene, backgroundColor } = this.#sceneAt(reel, streams, atUs);
    this.#painter.paint(scene, backgroundColor, (dump) => streams.video(dump));
    streams.watch.painted(scene, atUs, (dump) => streams.video(dump)?.shownUs ?? null);
    this.#isFed = true;
    return this.#encoder.encode(this.#painter.canvas.frame, frame);
  }

  flush(): CodedSample[] {
    return this.#isFed ? this.#encoder.flush() : [];
  }

  [Symbol.dispose](): void {
    this.#painter[Symbol.dispose]();
    this.#encoder[Symbol.dispose]();
  }

  #sceneAt(history: RoomHistory, { facts }: LiveStreams, atUs: number): { scene: Scene; backgroundColor: string } {
    const { parameters, reel, video: canvas } = this.#plan;
    if (reel.kind === 'single') {
      const scene = singleSceneAt(history, facts, { reel, canvas, fill: parameters.fill ?? 'last' }, atUs);
      return { scene, backgroundColor: '#000000' };
    }
    const { layout, backgroundColor, subscription } = history.task === null ? parameters : lookAt(history.task, atUs);
    const scene = sceneAt(history, facts, { canvas, layout, subscription, fill: parameters.fill }, atUs);
    return { scene, backgroundColor };
  }
}
