import { Frame } from 'node-av/lib';
import type { RenderOrder } from '../../packages/server/src/recording/render-protocol.ts';
import type { TaskParameters } from '../../packages/server/src/recording/task-parameters.ts';
import { PictureEncoder } from '../../packages/server/src/render/picture-encoder.ts';
import { render } from '../../packages/server/src/render/renderer.ts';

// Renders the order in this process, keeps a copy of every picture of the canvas, and then encodes these pictures
// alone, with the encoder of the render. Prints the CPU time of that alone, all threads, as JSON. The pictures lie in
// memory: 1.4 MB each at 1280 × 720.

const order = JSON.parse(process.argv[2] ?? '') as RenderOrder;
const { video } = JSON.parse(process.argv[3] ?? '') as TaskParameters;
const pictures: Frame[] = [];
const { encode } = PictureEncoder.prototype;
PictureEncoder.prototype.encode = (picture) => {
  const copy = new Frame();
  copy.alloc();
  copy.width = picture.width;
  copy.height = picture.height;
  copy.format = picture.format;
  if (copy.getBuffer(0) < 0 || copy.copy(picture) < 0 || copy.copyProps(picture) < 0) throw new Error('no memory');
  pictures.push(copy);
  return [];
};
const end = await render(order, { tell: () => undefined, signal: new AbortController().signal });
if (pictures.length === 0) throw new Error(`nothing was painted: ${JSON.stringify(end)}`);
PictureEncoder.prototype.encode = encode;

const before = process.cpuUsage();
const encoder = new PictureEncoder(video);
let bytes = 0;
const count = (samples: { data: Buffer }[]): void => {
  for (const { data } of samples) bytes += data.length;
};
pictures.forEach((picture, index) => {
  count(encoder.encode(picture, index));
});
count(encoder.flush());
encoder[Symbol.dispose]();
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  `${JSON.stringify({ userMs: user / 1000, systemMs: system / 1000, totalMs: (user + system) / 1000, pictures: pictures.length, bytes })}\n`,
);
process.exit(0);
