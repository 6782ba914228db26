import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { CallreelError } from '../base/callreel-error.ts';
import { describeSchemaError } from '../base/schema-error.ts';
import { CALLBACK_KINDS, type CallbackSettings } from './callback-settings.ts';

const strict = { additionalProperties: false };
const URL_MAX_LENGTH = 2048;
const POSTABLE = /^https?:\/\/[^\s/?#]+\S*$/i;

/** Letters and digits, as in the known console. */
const KeySchema = Type.String({ minLength: 1, maxLength: 32, pattern: '^[A-Za-z0-9]+$' });
const AddressSchema = Type.Optional(
  Type.Object({ url: Type.String({ minLength: 1, maxLength: URL_MAX_LENGTH }), key: KeySchema }, strict),
);

/** The callback settings of an application, as `CallbackSettings` documents them. */
export const CallbackSettingsSchema = Type.Object(
  { room: AddressSchema, media: AddressSchema, recording: AddressSchema, call: AddressSchema, own: AddressSchema },
  strict,
);

const compiled = Compile(CallbackSettingsSchema);

/**
 * Checks callback settings as a whole. Which addresses can be reached is not looked at here: that is checked whenever
 * something is posted.
 *
 * @throws {CallreelError} `ParameterInvalid`, naming the field, what came and what is allowed.
 */
export function checkCallbackSettings(value: unknown): CallbackSettings {
  if (!compiled.Check(value))
    throw new CallreelError('ParameterInvalid', describeSchemaError(value, compiled.Errors(value)));
  for (const kind of CALLBACK_KINDS) {
    const url = value[kind]?.url;
    if (url === undefined || isPostable(url)) continue;
    throw new CallreelError(
      'ParameterInvalid',
      `${kind}.url is ${JSON.stringify(url.slice(0, 100))}: must be an address that begins with http:// or https:// and has no user, password or fragment.`,
    );
  }
  return value;
}

/** What stands in an address besides host, path and query would be dropped in silence, or end up in a log. */
function isPostable(text: string): boolean {
  const url = POSTABLE.test(text) ? URL.parse(text) : null;
  return url !== null && url.username === '' && url.password === '' && url.hash === '';
}
