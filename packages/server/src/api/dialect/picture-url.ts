import { DialectError } from './dialect-error.ts';
import { OUT_OF_RANGE, text } from './given-in-vain.ts';

/** The characters that the known system allows, with a suffix that says what it is. */
const PICTURE_URL =
  /^https?:\/\/[a-zA-Z0-9\-._~:/?#[\]@!&()*+,%=]*\.(jpg|jpeg|png)([?#][a-zA-Z0-9\-._~:/?#[\]@!&()*+,%=]*)?$/i;

/** The address of a picture; undefined when none is given. @throws {DialectError} `InvalidParameter.OutOfRange` for what is no address of a picture. */
export function toPictureUrl(value: string | undefined, name: string): string | undefined {
  const url = text(value);
  if (url === undefined || PICTURE_URL.test(url)) return url;
  throw new DialectError(
    OUT_OF_RANGE,
    `${name} is ${JSON.stringify(url.slice(0, 100))}: must begin with http:// or https:// and name a .jpg, .jpeg or .png.`,
  );
}
