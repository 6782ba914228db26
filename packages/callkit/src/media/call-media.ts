import type { CallMediaType, RoomSnapshot, ServerEvents } from '@callreel/protocol';

/** An element, or the id of one in the document, in which a picture is shown. */
export type View = HTMLElement | string;

/**
 * Sound and picture of one call on this device: the border between the engine's states and WebRTC.
 *
 * Life: `prepare` once while the call rings; `enter` once when it has begun; `close` at any time, twice too.
 */
export interface CallMedia {
  /** Opens microphone and camera and readies the offer. Reports what cannot be opened, and goes on without it. */
  prepare(type: CallMediaType): Promise<void>;
  /** Publishes and subscribes. `rejoined`: another connection of this device was in the room before. */
  enter(callId: string, room: RoomSnapshot, rejoined: boolean): void;
  /** The room changed; `resumed` after a lost signalling connection. Renegotiates only what must be. */
  update(room: RoomSnapshot, resumed: boolean): void;
  /** The server offers the streams of the others. */
  offered(offer: ServerEvents['room.offer']): void;
  /** Switches the microphone on (true) or off. */
  setMicrophone(on: boolean): Promise<void>;
  /** Switches the camera on (true) or off. */
  setCamera(on: boolean): Promise<void>;
  /** Shows a user's picture in a view, own included; `null` ends that. */
  setView(userId: string, view: View | null): void;
  /** Starts sounds that the browser held back; to be called from a click. */
  resumeSound(): Promise<void>;
  /** Whether microphone and camera are on. */
  readonly devices: { microphone: boolean; camera: boolean };
  /** Ends everything and lets the devices go. */
  close(): void;
}
