import { Type } from 'typebox';

/** Largest length of a user id, in characters: that of the known dialect's database columns. */
export const USER_ID_MAX_CHARS = 64;

/** A user id: 1 to 64 characters, no control characters. Any script is welcome. */
export const UserId = Type.String({
  minLength: 1,
  maxLength: USER_ID_MAX_CHARS,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
});

/** A call id as the server gave it. */
export const CallId = Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' });

/** A device id as the client chose it: random, kept for the life of a browser tab. */
export const DeviceId = Type.String({ minLength: 8, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' });

/** A string room id: 1 to 64 printable characters. */
export const StrRoomId = Type.String({ minLength: 1, maxLength: 64, pattern: '^[^\\u0000-\\u001f\\u007f]+$' });

/** A numeric room id: 1 to 4294967294, as in the dialect. */
export const NumRoomId = Type.Integer({ minimum: 1, maximum: 4294967294 });

/** Kind of a stream. */
export type StreamKind = 'audio' | 'video';

/** Source of a stream: `main` is microphone and camera, `aux` the screen share with its sound. */
export type StreamSource = 'main' | 'aux';
