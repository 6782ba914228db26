import { Type } from 'typebox';
import { CallreelError } from '../base/callreel-error.ts';
import type { TaskParameters } from '../recording/task-parameters.ts';

/** What is fetched is kept under this address in the journal. */
const URL_MAX_LENGTH = 2048;
const FETCHABLE = /^https?:\/\/[^\s/?#]+\S*$/;

/** Address of a picture, or the path of one; {@link checkPictureUrls} says which is allowed where. */
export const PictureUrlSchema = Type.String({ minLength: 1, maxLength: URL_MAX_LENGTH });

/**
 * Whether the pictures can be fetched: files of the server may be named by nobody but who runs a command on it.
 * @param prefix What stands before the names in the sentence. @throws {CallreelError} `ParameterInvalid`.
 */
export function checkPictureUrls(
  { background, placeholder, layout, watermarks }: TaskParameters,
  prefix: string,
): void {
  const check = (url: string | undefined, name: string): void => {
    if (url === undefined || (FETCHABLE.test(url) && URL.canParse(url))) return;
    throw new CallreelError(
      'ParameterInvalid',
      `${prefix}${name} is ${JSON.stringify(url.slice(0, 100))}: must be the address of a picture that begins with http:// or https://.`,
    );
  };
  check(background?.url, 'background.url');
  check(placeholder?.url, 'placeholder.url');
  if (layout.mode === 'custom')
    for (const [index, { placeholderUrl }] of layout.rectangles.entries())
      check(placeholderUrl, `layout.rectangles.${index}.placeholderUrl`);
  for (const [index, watermark] of (watermarks ?? []).entries())
    if (watermark.kind === 'picture') check(watermark.url, `watermarks.${index}.url`);
}
