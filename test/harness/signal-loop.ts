import { type BotVideoCodec, type Loop, signalOf } from '@callreel/bots';
import { encodeAudioLoop } from '../../packages/bots/src/audio-loop.ts';
import { packetiseH264, packetiseVp8 } from '../../packages/bots/src/packetise.ts';
import { type TestPicture, testPicture } from '../../packages/server/src/render/test-signal.ts';

/** Pictures a second of a planned caller. */
const FPS = 15;
/** After how many seconds a loop begins anew. */
const LOOP_S = 2;

/** What a planned caller shows: plain colours, so that the edges of its place can be found in a recording. */
export type PlainPicture = Pick<TestPicture, 'color' | 'lowerColor' | 'widthPx' | 'heightPx'>;

const pictures = new Map<string, Loop>();
const sounds = new Map<number, Promise<Loop>>();

/** A loop of pictures, white for two pictures at every whole second, the first of which is a key picture. */
export function pictureLoop(picture: PlainPicture, codec: BotVideoCodec = 'vp8'): Loop {
  const name = `${codec} ${JSON.stringify(picture)}`;
  const made = pictures.get(name) ?? encodePictures(picture, codec);
  pictures.set(name, made);
  return made;
}

/** A loop of sound: a tone at every whole second. */
export function soundLoop(pitchHz: number): Promise<Loop> {
  const made = sounds.get(pitchHz) ?? encodeAudioLoop({ ...signalOf(0), pitchHz });
  sounds.set(pitchHz, made);
  return made;
}

function encodePictures(picture: PlainPicture, codec: BotVideoCodec): Loop {
  const keyInterval = FPS;
  const frames = testPicture({ codec, seconds: LOOP_S, fps: FPS, keyInterval, ...picture });
  return {
    units: frames.map(({ data }, index) => ({
      payloads: codec === 'vp8' ? packetiseVp8(data) : packetiseH264(data),
      key: index % keyInterval === 0,
    })),
    clockRate: 90_000,
    unitsPerSecond: FPS,
  };
}
