import { CallkitError, type CallkitErrorCode } from '../signalling/index.ts';

/** What the camera is asked for: 640 × 360 at no more than 30 pictures a second. */
export const CAMERA_CONSTRAINTS: MediaTrackConstraints = Object.freeze({
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 30, max: 30 },
});

const MICROPHONE_CONSTRAINTS: MediaTrackConstraints = Object.freeze({
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
});

type Device = 'Microphone' | 'Camera';

/**
 * Microphone and camera of one call. A microphone that is off keeps its track and sends silence, so that
 * recordings go on without a hole; a camera that is off is let go, so that its light goes out.
 */
export class LocalMedia {
  #audio: MediaStreamTrack | null = null;
  #video: MediaStreamTrack | null = null;
  #closed = false;
  readonly #onEnded: (device: Device) => void;

  /** `onEnded` hears of a device that was unplugged. */
  constructor(onEnded: (device: Device) => void) {
    this.#onEnded = onEnded;
  }

  /** Track of the microphone, or null when there is none. */
  get audio(): MediaStreamTrack | null {
    return this.#audio;
  }

  /** Track of the camera, or null while it is off. */
  get video(): MediaStreamTrack | null {
    return this.#video;
  }

  /** Whether the microphone is open and not muted. */
  get microphoneOn(): boolean {
    return this.#audio?.enabled === true;
  }

  /** Whether the camera is open. */
  get cameraOn(): boolean {
    return this.#video !== null;
  }

  /** Opens the microphone, and the camera if `camera`. Returns an error for each that could not be opened. */
  async open(camera: boolean): Promise<CallkitError[]> {
    try {
      // Both at once: the browser asks the user once.
      const stream = await devices().getUserMedia({
        audio: MICROPHONE_CONSTRAINTS,
        video: camera ? CAMERA_CONSTRAINTS : false,
      });
      for (const track of stream.getTracks()) this.#keep(track);
      return [];
    } catch (thrown) {
      if (!camera) return [deviceError('Microphone', thrown)];
    }
    const outcomes = await Promise.allSettled([this.openMicrophone(), this.openCamera()]);
    return outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => CallkitError.of(reason));
  }

  /** Opens the microphone if it is not, and lets it be heard. Throws what keeps it from that. */
  async openMicrophone(): Promise<void> {
    if (this.#audio !== null) {
      this.#audio.enabled = true;
      return;
    }
    try {
      const stream = await devices().getUserMedia({ audio: MICROPHONE_CONSTRAINTS });
      for (const track of stream.getTracks()) this.#keep(track);
    } catch (thrown) {
      throw deviceError('Microphone', thrown);
    }
  }

  /** Makes the microphone send silence. */
  muteMicrophone(): void {
    if (this.#audio !== null) this.#audio.enabled = false;
  }

  /** Opens the camera if it is not. Throws what keeps it from that. */
  async openCamera(): Promise<void> {
    if (this.#video !== null) return;
    try {
      const stream = await devices().getUserMedia({ video: CAMERA_CONSTRAINTS });
      for (const track of stream.getTracks()) this.#keep(track);
    } catch (thrown) {
      throw deviceError('Camera', thrown);
    }
  }

  /** Lets the camera go. */
  closeCamera(): void {
    this.#video?.stop();
    this.#video = null;
  }

  /** Lets both go for good. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#audio?.stop();
    this.#audio = null;
    this.closeCamera();
  }

  #keep(track: MediaStreamTrack): void {
    // The user may have hung up, or two openings may have run at once, while the browser asked for permission.
    const known = track.kind === 'audio' ? this.#audio : this.#video;
    if (this.#closed || known !== null) {
      track.stop();
      return;
    }
    const device: Device = track.kind === 'audio' ? 'Microphone' : 'Camera';
    if (track.kind === 'audio') this.#audio = track;
    else this.#video = track;
    track.addEventListener('ended', () => {
      if (device === 'Microphone' && this.#audio === track) this.#audio = null;
      else if (device === 'Camera' && this.#video === track) this.#video = null;
      else return;
      this.#onEnded(device);
    });
  }
}

function devices(): MediaDevices {
  // Missing on pages that are neither https nor localhost, whatever the type says.
  const found: MediaDevices | undefined = navigator.mediaDevices;
  if (found === undefined) throw new CallkitError('InsecurePage');
  return found;
}

function deviceError(device: Device, thrown: unknown): CallkitError {
  if (thrown instanceof CallkitError) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  const outcome =
    name === 'NotAllowedError' || name === 'SecurityError'
      ? 'Refused'
      : name === 'NotFoundError' || name === 'OverconstrainedError'
        ? 'Missing'
        : 'Busy';
  const code: CallkitErrorCode = `${device}${outcome}`;
  return new CallkitError(code, { cause: thrown });
}
