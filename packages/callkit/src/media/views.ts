import { CallkitError } from '../signalling/index.ts';
import type { View } from './call-media.ts';

/** Tracks of one user. */
export type UserTracks = { audio: MediaStreamTrack | null; video: MediaStreamTrack | null };

type Shown = { element: HTMLVideoElement /** Made by us inside the application's element. */; own: boolean };

const NO_TRACKS: UserTracks = Object.freeze({ audio: null, video: null });

/**
 * Shows pictures in the application's elements, and plays the sound of all others whether or not they are
 * shown.
 */
export class Views {
  readonly #selfId: string;
  readonly #onBlocked: () => void;
  #tracks: ReadonlyMap<string, UserTracks> = new Map();
  readonly #shown = new Map<string, Shown>();
  readonly #sounds = new Map<string, HTMLAudioElement>();

  /** `onBlocked` hears when the browser plays no sound before the page is touched. */
  constructor(selfId: string, onBlocked: () => void) {
    this.#selfId = selfId;
    this.#onBlocked = onBlocked;
  }

  /** Plays and shows these tracks from now on, by user; own picture included. */
  setTracks(tracks: ReadonlyMap<string, UserTracks>): void {
    this.#tracks = tracks;
    for (const [userId, { element }] of this.#shown) play(element, tracks.get(userId)?.video ?? null);
    for (const [userId, sound] of this.#sounds) {
      if (!tracks.has(userId)) {
        sound.srcObject = null;
        this.#sounds.delete(userId);
      }
    }
    for (const [userId, { audio }] of tracks) {
      if (userId !== this.#selfId && audio !== null) this.#playSound(userId, audio);
    }
  }

  /** Shows a user in a view; `null` ends that. Throws `ViewUnknown` for an id that no element has. */
  setView(userId: string, view: View | null): void {
    this.#hide(userId);
    if (view === null) return;
    const host = typeof view === 'string' ? document.getElementById(view) : view;
    if (host === null)
      throw new CallkitError('ViewUnknown', { message: `There is no element with the id ${String(view)}.` });
    const own = !(host instanceof HTMLVideoElement);
    const element = own ? document.createElement('video') : host;
    if (own) {
      element.style.cssText = 'width:100%;height:100%;object-fit:cover';
      host.append(element);
    }
    // Sound comes from elements of its own, so pictures may start without a touch.
    element.muted = true;
    element.autoplay = true;
    element.playsInline = true;
    this.#shown.set(userId, { element, own });
    play(element, (this.#tracks.get(userId) ?? NO_TRACKS).video);
  }

  /** Starts sounds that the browser held back. */
  async resumeSound(): Promise<void> {
    await Promise.all([...this.#sounds.values()].map((sound) => sound.play()));
  }

  /** Ends all. */
  close(): void {
    this.setTracks(new Map());
    for (const userId of [...this.#shown.keys()]) this.#hide(userId);
  }

  #hide(userId: string): void {
    const shown = this.#shown.get(userId);
    if (shown === undefined) return;
    this.#shown.delete(userId);
    shown.element.srcObject = null;
    if (shown.own) shown.element.remove();
  }

  #playSound(userId: string, track: MediaStreamTrack): void {
    const sound = this.#sounds.get(userId) ?? new Audio();
    this.#sounds.set(userId, sound);
    if (trackOf(sound) === track) return;
    sound.srcObject = new MediaStream([track]);
    sound.play().catch((thrown: unknown) => {
      // AbortError: a newer track or the end came before this one began.
      if (thrown instanceof Error && thrown.name === 'NotAllowedError') this.#onBlocked();
    });
  }
}

function play(element: HTMLVideoElement, track: MediaStreamTrack | null): void {
  if (trackOf(element) === track) return;
  element.srcObject = track === null ? null : new MediaStream([track]);
}

function trackOf(element: HTMLMediaElement): MediaStreamTrack | null {
  return element.srcObject instanceof MediaStream ? (element.srcObject.getTracks()[0] ?? null) : null;
}
