import {
  type Look,
  lookAt,
  type RoomHistory,
  type Scene,
  type Size,
  sceneAt,
  singleSceneAt,
} from '../timeline/index.ts';
import type { LiveStreams } from './live-streams.ts';
import { Painter } from './painter.ts';
import { type CodedSample, PictureEncoder } from './picture-encoder.ts';
import type { PictureFiles } from './picture-files.ts';
import type { ReelPictures } from './reel-pictures.ts';
import type { RenderPlan } from './render-plan.ts';

/** Pictures that are painted from those of the streams, and encoded. */
export class PaintedPictures implements ReelPictures {
  readonly #plan: RenderPlan;
  readonly #painter: Painter;
  readonly #encoder: PictureEncoder;
  #isFed = false;
  #shown: Size | null = null;

  constructor(plan: RenderPlan, files: PictureFiles) {
    this.#plan = plan;
    this.#painter = new Painter(plan.video, files);
    this.#encoder = new PictureEncoder(plan.video);
  }

  get size(): Size | null {
    return this.#plan.reel.kind === 'mixed' ? this.#plan.video : this.#shown;
  }

  make(reel: RoomHistory, streams: LiveStreams, { atUs, frame }: { atUs: number; frame: number }): CodedSample[] {
    const { scene, look } = this.#sceneAt(reel, streams, atUs);
    const isBlackFilled = this.#plan.parameters.fill === 'black';
    const moment = { scene, look, atUs, pictures: reel.pictures, isBlackFilled };
    this.#painter.paint(moment, (dump) => streams.video(dump));
    streams.watch.painted(scene, atUs, (dump) => streams.video(dump)?.shownUs ?? null);
    this.#isFed = true;
    this.#shown = streams.video(scene.places[0]?.picture?.dump ?? '')?.shownSize ?? null;
    return this.#encoder.encode(this.#painter.canvas.frame, frame);
  }

  flush(): CodedSample[] {
    return this.#isFed ? this.#encoder.flush() : [];
  }

  [Symbol.dispose](): void {
    this.#painter[Symbol.dispose]();
    this.#encoder[Symbol.dispose]();
  }

  #sceneAt(history: RoomHistory, { facts }: LiveStreams, atUs: number): { scene: Scene; look: Look } {
    const { parameters, reel, video: canvas } = this.#plan;
    const { fill } = parameters;
    if (reel.kind === 'single') {
      const scene = singleSceneAt(history, facts, { reel, canvas, fill: fill ?? 'last' }, atUs);
      // Decorations are those of mixed files.
      return { scene, look: { layout: { mode: 'grid' }, backgroundColor: '#000000' } };
    }
    const look = history.task === null ? parameters : lookAt(history.task, atUs);
    return { scene: sceneAt(history, facts, { canvas, ...look, fill }, atUs), look };
  }
}
