/**
 * The signal that a page sends instead of camera and microphone: the user's colour, under a band of noise, with a white flash, and a
 * tone at the user's pitch, both at every whole second of the wall clock. All pages of a machine share that
 * clock, so that a recording can be judged: between sound and picture of a user, and between users.
 */
export type PageSignal = {
  /** `#rrggbb` of the picture between flashes. */
  color: string;
  pitchHz: number;
  widthPx: number;
  heightPx: number;
  fps: number;
};

/** Length of a flash: three pictures of a recording with 15 per second. */
export const FLASH_MS = 200;

/** Length of a tone. */
export const TONE_MS = 100;

/**
 * The script that replaces `getUserMedia` in a page, before anything of the page runs. Picture and sound are made
 * in a worker: timers of a page that nobody looks at are throttled.
 */
export function pageSignalScript(signal: PageSignal): string {
  const worker = `
    const signal = ${JSON.stringify(signal)};
    const FLASH_MS = ${FLASH_MS}, TONE_MS = ${TONE_MS};
    const nowMs = () => performance.timeOrigin + performance.now();
    const at = (ms, work) => setTimeout(work, Math.max(0, ms - nowMs()));
    async function pictures(writable) {
      const writer = writable.getWriter();
      const canvas = new OffscreenCanvas(signal.widthPx, signal.heightPx);
      const paint = canvas.getContext('2d', { willReadFrequently: true });
      const periodMs = 1000 / signal.fps;
      let index = Math.ceil(nowMs() / periodMs);
      const originMs = performance.timeOrigin;
      const next = () => {
        const idealMs = index * periodMs;
        const flash = ((idealMs + 0.001) % 1000) < FLASH_MS;
        paint.fillStyle = flash ? '#ffffff' : signal.color;
        paint.fillRect(0, 0, canvas.width, canvas.height);
        // As much to encode as a face has: what the media server has not written yet is then a picture or two, not seconds.
        for (let square = 0; square < 24; square += 1) {
          paint.fillStyle = 'hsl(0 0% ' + Math.random() * 100 + '%)';
          paint.fillRect(Math.random() * canvas.width, Math.random() * 24, 16, 8);
        }
        paint.fillStyle = flash ? signal.color : '#000000';
        // A moving mark keeps the encoder and the eye awake.
        paint.fillRect((index * 4) % (canvas.width - 16), canvas.height - 24, 16, 16);
        const frame = new VideoFrame(canvas, { timestamp: Math.round((idealMs - originMs) * 1000) });
        writer.write(frame).catch(() => clearTimeout(timer));
        // A late worker leaves pictures out rather than sending them all late.
        index = Math.max(index + 1, Math.floor(nowMs() / periodMs));
        timer = at(index * periodMs, next);
      };
      let timer = at(index * periodMs, next);
    }
    async function sound(writable) {
      const writer = writable.getWriter();
      const RATE = 48000, BLOCK = 480;
      let sample = Math.ceil(nowMs() * RATE / 1000 / BLOCK) * BLOCK;
      const next = () => {
        while (sample * 1000 / RATE <= nowMs()) {
          const data = new Float32Array(BLOCK);
          for (let i = 0; i < BLOCK; i += 1) {
            const ms = ((sample + i) * 1000 / RATE) % 1000;
            if (ms < TONE_MS) data[i] = 0.5 * Math.sin(2 * Math.PI * signal.pitchHz * ms / 1000);
          }
          const block = new AudioData({ format: 'f32-planar', sampleRate: RATE, numberOfFrames: BLOCK, numberOfChannels: 1, timestamp: Math.round((sample * 1000 / RATE - performance.timeOrigin) * 1000), data });
          // Refused once the track is stopped; its worker is ended with it.
          writer.write(block).catch(() => undefined);
          sample += BLOCK;
        }
        at(sample * 1000 / RATE, next);
      };
      next();
    }
    onmessage = ({ data: { kind, writable } }) => (kind === 'video' ? pictures(writable) : sound(writable));
  `;
  return `(() => {
    const url = URL.createObjectURL(new Blob([${JSON.stringify(worker)}], { type: 'text/javascript' }));
    const track = (kind) => {
      const generator = new MediaStreamTrackGenerator({ kind });
      const worker = new Worker(url);
      worker.postMessage({ kind, writable: generator.writable }, [generator.writable]);
      const stop = generator.stop.bind(generator);
      generator.stop = () => { worker.terminate(); stop(); };
      return generator;
    };
    navigator.mediaDevices.getUserMedia = async (constraints) => new MediaStream([
      ...(constraints.audio ? [track('audio')] : []),
      ...(constraints.video ? [track('video')] : []),
    ]);
  })();`;
}
