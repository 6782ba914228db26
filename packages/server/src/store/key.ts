// The longest name that usual file systems take, in bytes.
const NAME_MAX_BYTES = 255;
const KEY_MAX_BYTES = 1024;

/**
 * The parts of a key, checked. Keys are made by us, so a bad one is a bug of ours and no answer to a client:
 * parts are not empty, do not begin with a point, hold neither `/`, `\` nor control characters, and fit.
 *
 * @throws {TypeError} for any other key.
 */
export function checkKey(key: string): string[] {
  const parts = key.split('/');
  const good = parts.every(
    (part) =>
      part !== '' &&
      !part.startsWith('.') &&
      !/[\\\p{Cc}]/u.test(part) &&
      part.isWellFormed() &&
      Buffer.byteLength(part) <= NAME_MAX_BYTES,
  );
  if (!good || Buffer.byteLength(key) > KEY_MAX_BYTES)
    throw new TypeError(`This is no key of a store: ${JSON.stringify(key.slice(0, 200))}`);
  return parts;
}
