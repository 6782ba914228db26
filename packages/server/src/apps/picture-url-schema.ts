import { Type } from 'typebox';
import type { SchemaError } from '../base/schema-error.ts';

/** What is fetched is kept under this address in the journal. */
const URL_MAX_LENGTH = 2048;

/** Address of a picture that is fetched: http or https, with a host and without spaces. */
export const PictureUrlSchema = Type.String({
  maxLength: URL_MAX_LENGTH,
  pattern: '^https?://[^\\s/?#]+[^\\s]*$',
});

/** Says in words what the pattern of an address means. */
export function withUrlSentence(errors: readonly SchemaError[]): SchemaError[] {
  return errors.map((error) =>
    error.keyword === 'pattern' && /\/(url|placeholderUrl)$/.test(error.instancePath)
      ? { ...error, message: 'must be the address of a picture that begins with http:// or https://' }
      : error,
  );
}
