const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new random device id of 24 characters. */
export function newDeviceId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
